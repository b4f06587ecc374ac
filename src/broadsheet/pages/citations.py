"""An article as something to cite: a line of text, BibTeX, RIS, CSL-JSON. Only words that everybody may read go in.

Sources: the RIS format specification (Research Information Systems, 2001); the CSL-JSON schema 1.0.2; "BibTeXing"
(Patashnik 1988) for how BibTeX takes names apart and counts braces.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from broadsheet.core.text import day_text, join_names
from broadsheet.library.search.spelling import fold
from broadsheet.pages.records import Person

SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
# A comma, what TeX reads as its own, words without a letter.
_NO_NAME = re.compile(r"[,\\{}%$#_^~@]|(?:^|\s)&|(?:^|\s)[^\w\s]+(?:\s|$)")
# Scripts whose names stand family first, or without a space: they are not taken apart.
_FAMILY_FIRST = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_NOT_ONE_PERSON = frozenset({"and", "und", "et", "y", "&"})
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
# A brace may stand in BibTeX only in pairs, so even an escaped one is written as a word.
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
        **{char: f"\\{char}" for char in "#$%&_"},
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cited:
    """What a citation names; days are those of the publication's zone."""

    article_id: int
    headline: str
    dek: str
    authors: tuple[Person, ...]
    publication: str
    publisher: str
    language: str
    address: str
    issued: date
    updated: date | None = None
    corrected: date | None = None

    @property
    def key(self) -> str:
        """A short name in plain letters, another for each article: `okafor2026-17`."""
        name = split_name(self.authors[0]).family if self.authors else self.publication
        return f"{re.sub('[^a-z0-9]', '', fold(name)) or 'article'}{self.issued.year}-{self.article_id}"

    @property
    def changes(self) -> tuple[str, ...]:
        """What came after the first publication, in words: `updated 5 March 2026`."""
        changes = (("updated", self.updated), ("corrected", self.corrected))
        return tuple(f"{what} {day_text(day)}" for what, day in changes if day)

    @property
    def note(self) -> str:
        """The changes as a sentence; empty if there are none."""
        return "".join(f"{change[0].upper()}{change[1:]}. " for change in self.changes).strip()


@dataclass(frozen=True, slots=True)
class SplitName:
    """A name as lists of sources sort it; one that is not to be taken apart is its family name alone."""

    family: str
    given: str = ""
    suffix: str = ""


def tidy(cited: Cited) -> Cited:
    """The same with every text on one line, without changes on the day of issue and names of no letter or figure."""
    return replace(
        cited,
        headline=_clean(cited.headline),
        dek=_clean(cited.dek),
        publication=_clean(cited.publication),
        publisher=_clean(cited.publisher),
        authors=tuple(Person(name, person.path) for person in cited.authors if any(map(str.isalnum, name := _clean(person.name)))),
        updated=_later(cited.updated, cited.issued),
        corrected=_later(cited.corrected, cited.issued),
    )


def split_name(person: Person) -> SplitName:
    """A person's name before and from the last word, to which small words belong (`van der Berg`); that of a desk stays whole."""
    words = person.name.split()
    is_whole = person.is_desk or _NO_NAME.search(person.name) or _FAMILY_FIRST.search(person.name)
    if len(words) < 2 or is_whole or not _NOT_ONE_PERSON.isdisjoint(map(str.casefold, words)):
        return SplitName(person.name)
    suffix = words.pop() if len(words) > 2 and words[-1].rstrip(".").casefold() in SUFFIXES else ""
    start = next((place for place in range(1, len(words) - 1) if words[place][0].islower()), len(words) - 1)
    return SplitName(" ".join(words[start:]), " ".join(words[:start]), suffix)


def citation_text(cited: Cited) -> str:
    """A line to copy: authors, headline, publication, days, address."""
    headline = f"“{cited.headline.replace('“', '‘').replace('”', '’')}”"
    authors = join_names([person.name for person in cited.authors])
    parts = (authors, headline, cited.publication, day_text(cited.issued), *cited.changes, cited.address)
    return ", ".join(part for part in parts if part)


def citation_bibtex(cited: Cited) -> str:
    """An entry for BibTeX and biber, in UTF-8."""
    fields = {
        "author": " and ".join(_bibtex_name(split_name(person)) for person in cited.authors),
        "title": f"{{{_latex(cited.headline)}}}",
        "journal": _latex(cited.publication),
        "publisher": _latex(cited.publisher),
        "year": str(cited.issued.year),
        "month": _MONTHS[cited.issued.month - 1],
        "day": str(cited.issued.day),
        "url": cited.address,
        "language": cited.language,
        "abstract": _latex(cited.dek),
        "note": _latex(cited.note),
    }
    lines = [f"  {name} = {value if name == 'month' else f'{{{value}}}'}," for name, value in fields.items() if value]
    return "\n".join([f"@article{{{cited.key},", *lines, "}", ""])


def citation_ris(cited: Cited) -> str:
    """A record of tagged lines, each ended by CR LF."""
    return "".join(f"{tag}  - {value}\r\n" for tag, value in _ris_lines(cited) if value or tag == "ER")


def citation_csl_json(cited: Cited) -> str:
    """A list of one item, as Zotero, Pandoc and citeproc read it."""
    day = cited.issued
    item: dict[str, Any] = {
        "id": cited.key,
        "type": "article-magazine",
        "title": cited.headline,
        "author": [_csl_name(split_name(person)) for person in cited.authors],
        "container-title": cited.publication,
        "publisher": cited.publisher,
        "issued": {"date-parts": [[day.year, day.month, day.day]]},
        "URL": cited.address,
        "language": cited.language,
        "abstract": cited.dek,
        "note": cited.note,
    }
    return json.dumps([{name: value for name, value in item.items() if value}], ensure_ascii=False, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class CitationForm:
    """One form of a citation as a file."""

    content_type: str
    compose: Callable[[Cited], str]


FORMS: Mapping[str, CitationForm] = {
    "bib": CitationForm("application/x-bibtex; charset=utf-8", citation_bibtex),
    "ris": CitationForm("application/x-research-info-systems; charset=utf-8", citation_ris),
    "json": CitationForm("application/vnd.citationstyles.csl+json; charset=utf-8", citation_csl_json),
    "txt": CitationForm("text/plain; charset=utf-8", lambda cited: citation_text(cited) + "\n"),
}


def _clean(text: str) -> str:
    """One line, without characters that steer a terminal or a parser."""
    return " ".join("".join(char for char in text if char.isspace() or unicodedata.category(char) not in ("Cc", "Cs")).split())


def _later(day: date | None, issued: date) -> date | None:
    return day if day and day > issued else None


def _latex(text: str) -> str:
    return text.translate(_LATEX)


def _bibtex_name(name: SplitName) -> str:
    if not name.given:
        return f"{{{_latex(name.family)}}}"
    return ", ".join(_latex(part) for part in (name.family, name.suffix, name.given) if part)


def _csl_name(name: SplitName) -> dict[str, str]:
    if not name.given:
        return {"literal": name.family}
    return {part: text for part, text in (("family", name.family), ("given", name.given), ("suffix", name.suffix)) if text}


def _ris_lines(cited: Cited) -> Iterator[tuple[str, str]]:
    yield "TY", "MGZN"
    for person in cited.authors:
        name = split_name(person)
        # A comma would end the family name.
        yield "AU", ",".join(filter(None, (name.family.replace(",", ""), name.given, name.suffix)))
    yield "TI", cited.headline
    yield "T2", cited.publication
    yield "PB", cited.publisher
    yield "PY", str(cited.issued.year)
    yield "DA", cited.issued.isoformat().replace("-", "/")
    yield "UR", cited.address
    yield "LA", cited.language
    yield "AB", cited.dek
    yield "N1", cited.note
    yield "ID", cited.key
    yield "ER", ""
