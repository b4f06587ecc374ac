"""What a mistyped address may have meant; nothing where nothing is near."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.slips import COMMON_DOMAINS, is_likely_slip, suggest_address


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ann@gmial.com", "ann@gmail.com"),
        ("ann@gamil.com", "ann@gmail.com"),
        ("ann@gmai.com", "ann@gmail.com"),
        ("ann@gmaill.com", "ann@gmail.com"),
        ("ann@gmail.con", "ann@gmail.com"),
        ("ann@gmail", "ann@gmail.com"),
        ("ann@gmail,com", "ann@gmail.com"),
        ("ann@hotmial.com", "ann@hotmail.com"),
        ("ann@outlok.com", "ann@outlook.com"),
        ("ann@t-onlin.de", "ann@t-online.de"),
        ("ann@example.ogr", "ann@example.org"),
        ("ann @gmail.com", "ann@gmail.com"),
        ("ann@@example.org", "ann@example.org"),
    ],
)
def test_slip_is_understood(typed: str, meant: str) -> None:
    assert suggest_address(typed) == meant


@pytest.mark.parametrize(
    "domain", [*COMMON_DOMAINS, "example.org", "ministry.gov.uk", "gma.com", "mx.com", "bücher.example", "wed.de"]
)
def test_address_that_is_right_is_left_alone(domain: str) -> None:
    assert suggest_address(f"ann@{domain}") == ""


@pytest.mark.parametrize("typed", ["", "@", "ann", "ann@", "@gmail.com", "@@", "   "])
def test_nothing_is_made_of_nothing(typed: str) -> None:
    assert suggest_address(typed) == ""


@given(st.text(max_size=80))
def test_suggestion_is_always_an_address_and_never_what_was_typed(typed: str) -> None:
    suggestion = suggest_address(typed)
    if suggestion:
        assert parse_address(suggestion) is not None
        assert suggestion != typed.strip()


def test_ending_that_does_not_exist_cannot_be_meant() -> None:
    slip, right = parse_address("ann@example.con"), parse_address("ann@example.co")
    assert slip is not None
    assert right is not None
    assert (is_likely_slip(slip), is_likely_slip(right)) == (True, False)
