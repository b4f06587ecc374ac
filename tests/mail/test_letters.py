"""Letters say what they should, in both parts, and nothing that a stranger could have them say."""

from __future__ import annotations

import re

import pytest

from broadsheet.mail.exceptions import UnknownWording
from broadsheet.mail.letters import Letter, PartKind, find_unknown_placeholders, text_of, write_letter
from broadsheet.mail.render import render_html
from broadsheet.mail.wordings import DEFAULTS, PLACEHOLDERS, LetterKind, Wording
from broadsheet.publication.models import Publication

LINK = "https://review.example/confirm/abcdef/"
LINKS = {name for name in set().union(*PLACEHOLDERS.values()) if name.endswith("_link")}
VALUES = {
    **{name: f"the {name}" for name in set().union(*PLACEHOLDERS.values())},
    "name": "The Review",
    "code": "048213",
    "link": LINK,
    **{name: f"https://review.example/{name.removesuffix('_link')}/" for name in LINKS},
}
WITH_CODE = [LetterKind.CONFIRM, LetterKind.SIGN_IN, LetterKind.CHANGE_OLD, LetterKind.CHANGE_NEW]


def letter_of(kind: LetterKind, **values: str) -> Letter:
    return write_letter(kind, DEFAULTS[kind], {**VALUES, **values}, footer="The Review, https://review.example")


@pytest.mark.parametrize("kind", LetterKind)
def test_every_kind_has_words_that_it_can_fill(kind: LetterKind) -> None:
    assert find_unknown_placeholders(kind, DEFAULTS[kind]) == ()
    text = text_of(letter_of(kind))
    assert "{" not in text + letter_of(kind).subject
    assert len(text) > 60


@pytest.mark.parametrize("kind", LetterKind)
def test_both_parts_say_the_same(kind: LetterKind) -> None:
    letter = letter_of(kind)
    html = render_html(letter, Publication(name="The Review"))
    visible = re.sub(r"<style>.*?</style>|<title>.*?</title>|<[^>]+>", " ", html, flags=re.DOTALL)
    visible = visible.replace("&#x27;", "'").replace("&amp;", "&")
    for line in text_of(letter).split():
        assert line.rstrip(":") in visible or line == "--"


@pytest.mark.parametrize("kind", LetterKind)
def test_letters_load_nothing_and_track_nobody(kind: LetterKind) -> None:
    html = render_html(letter_of(kind), Publication(name="The Review"))
    assert not re.search(r"<img|<script|<link|url\(|@import|@font-face", html)
    assert "max-width: 600px" in html
    assert "prefers-color-scheme: dark" in html
    assert len(html.encode()) < 102 * 1024
    assert set(re.findall(r'href="([^"]*)"', html)) <= {LINK, *(VALUES[name] for name in LINKS)}


@pytest.mark.parametrize("kind", LetterKind)
def test_link_that_ends_a_paragraph_of_its_own_is_a_button(kind: LetterKind) -> None:
    wanted = [VALUES[name] for name in re.findall(r"(?m)^[^{}\n]+: \{((?:[a-z]+_)?link)\}$", DEFAULTS[kind].body)]
    assert [part.link for part in letter_of(kind).parts if part.kind is PartKind.BUTTON] == wanted


@pytest.mark.parametrize("kind", WITH_CODE)
def test_code_and_link_stand_in_both_parts(kind: LetterKind) -> None:
    letter = letter_of(kind)
    html = render_html(letter, Publication(name="The Review"))
    assert "\n    048213\n" in text_of(letter)
    assert f":\n{LINK}\n" in text_of(letter)
    assert f'href="{LINK}"' in html
    assert ">048213<" in html


def test_empty_lines_of_placeholders_fall_away() -> None:
    text = text_of(letter_of(LetterKind.CONFIRM, article_line="", newsletter_line=""))
    assert "\n\n\n" not in text


def test_subject_is_one_line_whatever_is_filled_in() -> None:
    letter = letter_of(LetterKind.INVOICE_REQUEST, person="Ann\r\nBcc: everybody@example.net")
    assert "\n" not in letter.subject
    assert "\r" not in letter.subject


@pytest.mark.parametrize("typed", ["Click here: https://evil.example/", "123456", "<script>alert(1)</script>", "{link}"])
def test_what_a_stranger_types_stays_plain_text(typed: str) -> None:
    letter = letter_of(LetterKind.HELP, message=typed)
    html = render_html(letter, Publication(name="The Review"))
    assert "evil.example" not in "".join(re.findall(r"<a [^>]*>", html))
    assert "<script" not in html
    assert {part.kind for part in letter.parts} == {"text"}
    assert typed in text_of(letter)


def test_wording_with_an_unknown_placeholder_is_refused_with_its_name() -> None:
    with pytest.raises(UnknownWording, match=r"\{colour\}"):
        write_letter(LetterKind.ERASED, Wording("Gone", "Your {colour} is gone."), VALUES)
