"""Citations as others' programs read them: whole, in one piece, whatever a headline or a name holds."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import bibtexparser
import pytest
import rispy
from bibtexparser.middlewares import SeparateCoAuthors, SplitNameParts
from bibtexparser.model import Entry
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.pages.citations import FORMS, Cited, SplitName, split_name, tidy
from broadsheet.pages.records import Person

PLAIN = Cited(
    article_id=17,
    headline="Who may pass the Straits?",
    dek="An old convention, and new ships.",
    authors=(Person("Amara Okafor", "/authors/amara-okafor/"), Person("Europe desk", "/authors/europe-desk/")),
    publication="The Meridian",
    publisher="Meridian & Co.",
    language="en-GB",
    address="https://meridian.example/articles/17/",
    issued=date(2026, 3, 3),
)
NASTY = [
    "50% of “Müller & Söhne” cost $3_000 #1",
    "{unbalanced",
    "un}balanced\\",
    "\\input{/etc/passwd} ~^|<b>",
    "@article{x, title = {y}}",
    "Line\r\nER  - \r\nTY  - JOUR",
    "نص عربي, 中文, Київ",
    'Quotes "straight" and “round”',
    "bell\x07 and\x0b tab\u2028line",
    ",",
    "\x1b",
    "% 0",
]
texts = st.one_of(
    st.sampled_from(NASTY), st.text(max_size=60), st.text(st.sampled_from("{}\\$&%#_^~@\"',-\n\r\x85 aé"), max_size=40)
)
names = st.one_of(
    st.sampled_from([*NASTY, "Jan van der Berg", "Martin King Jr.", "王小明", "Ann and Ben", "War, Peace desk"]), texts
)
LATEX_WORDS = {
    "textbackslash": "\\", "textbraceleft": "{", "textbraceright": "}", "textasciitilde": "~", "textasciicircum": "^",
    "textless": "<", "textgreater": ">", "textbar": "|",
}  # fmt: skip


def make_cited(headline: str, people: list[str], dek: str = "") -> Cited:
    return tidy(replace(PLAIN, headline=headline, dek=dek, authors=tuple(Person(name, "") for name in people)))


def read_bibtex(text: str) -> Entry:
    library = bibtexparser.parse_string(text, append_middleware=[SeparateCoAuthors(), SplitNameParts()])
    assert library.failed_blocks == [] and len(library.blocks) == len(library.entries) == 1
    return library.entries[0]


def read_latex(text: str) -> str:
    return re.sub(r"\\([a-z]+)\{\}|\\(.)", lambda match: LATEX_WORDS[match[1]] if match[1] else match[2], text)


def read_ris(text: str) -> dict[str, object]:
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - .*", line) for line in text[:-2].split("\r\n")), text
    (record,) = rispy.loads(text)
    return dict(record)


def read_csl(text: str) -> str:
    """The item as a style prints it; what the standard does not know warns, and warnings are errors."""
    (item,) = json.loads(text)
    source = CiteProcJSON([item])
    book = CitationStylesBibliography(CitationStylesStyle("harvard-cite-them-right", validate=False), source, formatter.plain)
    book.register(Citation([CitationItem(item["id"].lower())]))
    return str(book.bibliography()[0])


@given(texts, st.lists(names, max_size=4), texts)
def test_whatever_a_headline_and_a_name_hold_each_file_is_one_record_and_says_the_same(
    headline: str, people: list[str], dek: str
) -> None:
    cited = make_cited(headline, people, dek)
    entry = read_bibtex(FORMS["bib"].compose(cited))
    fields = {name: field.value for name, field in entry.fields_dict.items()}
    assert read_latex(fields["title"][1:-1]) == cited.headline and entry.key == cited.key
    assert read_latex(fields.get("abstract", "")) == cited.dek
    assert len(fields.get("author", [])) == len(cited.authors)
    record = read_ris(FORMS["ris"].compose(cited))
    assert record.get("title", "") == cited.headline and record.get("abstract", "") == cited.dek
    assert len(record.get("authors", [])) == len(cited.authors)  # type: ignore[arg-type]
    (item,) = json.loads(FORMS["json"].compose(cited))
    assert item.get("title", "") == cited.headline and len(item.get("author", [])) == len(cited.authors)
    assert FORMS["txt"].compose(cited).count("\n") == 1


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("Amara Okafor", SplitName("Okafor", "Amara")),
        ("Jan van der Berg", SplitName("van der Berg", "Jan")),
        ("Martin Luther King Jr.", SplitName("King", "Martin Luther", "Jr.")),
        ("Иван Петров", SplitName("Петров", "Иван")),
        ("Pelé", SplitName("Pelé")),
        ("王 小明", SplitName("王 小明")),
        ("김 민수", SplitName("김 민수")),
        ("Europe desk", SplitName("Europe desk")),
        ("Ann Lee and Ben Orr", SplitName("Ann Lee and Ben Orr")),
        ("Jane Doe, PhD", SplitName("Jane Doe, PhD")),
        ("Jan van", SplitName("van", "Jan")),
    ],
)
def test_a_persons_name_is_taken_apart_and_that_of_several_is_not(name: str, split: SplitName) -> None:
    assert split_name(Person(name, "")) == split


def test_bibtex_knows_persons_from_desks() -> None:
    cited = make_cited("A", ["Jan van der Berg", "Martin King Jr.", "Europe and Asia desk", "R&D Lee"])
    text = FORMS["bib"].compose(cited)
    author = "van der Berg, Jan and King, Jr., Martin and {Europe and Asia desk} and Lee, R\\&D"
    assert f"  author = {{{author}}},\n" in text
    assert read_bibtex(text).fields_dict["author"].value[0].von == ["van", "der"]


def test_ris_names_family_given_and_suffix_and_never_splits_a_desk() -> None:
    cited = make_cited("A", ["Jan van der Berg", "Martin King Jr.", "War, Peace desk"])
    assert read_ris(FORMS["ris"].compose(cited))["authors"] == ["van der Berg,Jan", "King,Martin,Jr.", "War Peace desk"]


def test_each_form_names_publication_day_address_and_what_changed() -> None:
    cited = tidy(replace(PLAIN, updated=date(2026, 3, 5), corrected=date(2026, 3, 7)))
    note = "Updated 5 March 2026. Corrected 7 March 2026."
    fields = {name: field.value for name, field in read_bibtex(FORMS["bib"].compose(cited)).fields_dict.items()}
    told = [fields[name] for name in ("journal", "publisher", "year", "month", "day", "url", "note")]
    assert told == ["The Meridian", r"Meridian \& Co.", "2026", "mar", "3", cited.address, note]
    record = read_ris(FORMS["ris"].compose(cited))
    assert (record["type_of_reference"], record["secondary_title"], record["publisher"]) == (
        "MGZN",
        "The Meridian",
        "Meridian & Co.",
    )
    assert (record["year"], record["date"], record["urls"], record["notes"]) == ("2026", "2026/03/03", [cited.address], [note])
    (item,) = json.loads(FORMS["json"].compose(cited))
    assert (item["container-title"], item["issued"], item["note"]) == ("The Meridian", {"date-parts": [[2026, 3, 3]]}, note)
    assert item["author"] == [{"family": "Okafor", "given": "Amara"}, {"literal": "Europe desk"}]
    printed = read_csl(FORMS["json"].compose(cited))
    assert printed == (
        "Okafor, A. and Europe desk (2026) “Who may pass the Straits?”, The Meridian, 3 March. Available at: "
        "https://meridian.example/articles/17/."
    )
    assert FORMS["txt"].compose(cited) == (
        "Amara Okafor and Europe desk, “Who may pass the Straits?”, The Meridian, 3 March 2026, updated 5 March 2026, "
        "corrected 7 March 2026, https://meridian.example/articles/17/\n"
    )


def test_a_change_on_the_day_of_issue_is_none() -> None:
    assert tidy(replace(PLAIN, updated=PLAIN.issued, corrected=PLAIN.issued)) == PLAIN


@pytest.mark.parametrize(
    ("people", "key"), [(["Łukasz Żółć-Ørn"], "zolcorn2026-17"), (["王小明"], "article2026-17"), ([], "themeridian2026-17")]
)
def test_a_key_is_plain_letters(people: list[str], key: str) -> None:
    assert make_cited("A", people).key == key


def test_quotation_marks_within_the_headline_turn_single() -> None:
    assert FORMS["txt"].compose(make_cited("The “rule” of law", [])).startswith("“The ‘rule’ of law”, The Meridian, 3 March 2026")
