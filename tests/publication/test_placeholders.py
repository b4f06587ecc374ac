"""Gaps in editors' words."""

from __future__ import annotations

import pytest

from broadsheet.publication.placeholders import find_problems, refusal


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("You get {allowance} articles.", ()),
        ("No gaps at all.", ()),
        ("You get {alowance} articles.", ("{alowance}",)),
        ("{x} and {y} and {x}", ("{x}", "{y}")),
        ("A single { brace", ("a single brace {",)),
        ("{allowance.__class__}", ("{allowance.__class__}",)),
    ],
)
def test_what_cannot_be_filled_in_is_named(text: str, problems: tuple[str, ...]) -> None:
    assert find_problems(text, {"allowance"}) == problems


def test_refusal_says_what_is_known() -> None:
    assert refusal("{x}", {"renews", "allowance"}) == "Nothing can be filled in for {x}. Known here: {allowance}, {renews}."
    assert refusal("{renews}", {"renews"}) == ""
