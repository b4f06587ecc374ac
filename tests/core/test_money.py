"""Amounts as readers see them."""

from __future__ import annotations

import pytest

from broadsheet.core.money import price_text


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (900, "EUR", "€9"),
        (980, "EUR", "€9.80"),
        (120_000, "gbp", "£1,200"),
        (905, "USD", "$9.05"),
        (9600, "CHF", "CHF\u00a096"),
        (0, "EUR", "€0"),
    ],
)
def test_amount_is_written_one_way(cents: int, currency: str, text: str) -> None:
    assert price_text(cents, currency) == text
