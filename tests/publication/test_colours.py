"""Contrast as WCAG 2.2 measures it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.publication.colours import LEAST_CONTRAST, contrast_ratio, find_weak_pairs, is_colour

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_ratio_is_that_of_the_standard(one: str, other: str, ratio: float) -> None:
    assert contrast_ratio(one, other) == pytest.approx(ratio, abs=0.005)


@given(COLOURS, COLOURS)
def test_ratio_does_not_depend_on_the_order(one: str, other: str) -> None:
    assert contrast_ratio(one, other) == contrast_ratio(other, one)
    assert 1.0 <= contrast_ratio(one, other) <= 21.0


@pytest.mark.parametrize(("accent", "dark"), [("#0d5c63", False), ("#67c3c0", True)], ids=["light", "dark"])
def test_house_colours_can_be_read(accent: str, dark: bool) -> None:
    assert find_weak_pairs(accent, dark=dark) == ()


@pytest.mark.parametrize(("accent", "dark"), [("#e0c030", False), ("#103040", True)], ids=["yellow on paper", "navy on black"])
def test_unreadable_accent_is_found_with_its_ratio(accent: str, dark: bool) -> None:
    weak = find_weak_pairs(accent, dark=dark)
    assert weak
    assert all(pair.ratio < LEAST_CONTRAST for pair in weak)


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "#1234567", "0d5c63"])
def test_what_is_no_colour(text: str) -> None:
    assert not is_colour(text)
