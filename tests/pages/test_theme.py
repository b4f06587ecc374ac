"""The publication's accent: a style sheet of its own only where it differs, with an address that follows its content."""

from __future__ import annotations

from pathlib import Path

import broadsheet
from broadsheet.pages.theme import HOUSE_ACCENTS, theme_css, theme_path


def test_the_houses_own_accent_needs_no_second_style_sheet() -> None:
    assert theme_path(*HOUSE_ACCENTS) == ""
    assert (
        f"--accent: light-dark({HOUSE_ACCENTS[0]}, {HOUSE_ACCENTS[1]})"
        in (Path(broadsheet.__file__).parent / "static/css/site.css").read_text()
    )


def test_another_accent_has_an_address_that_changes_with_it() -> None:
    assert theme_path("#123456", "#abcdef") != theme_path("#123457", "#abcdef") != ""
    assert "#123456" in theme_css("#123456", "#abcdef")
