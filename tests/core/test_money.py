"""Amounts as readers see them."""

from __future__ import annotations

import pytest

from broadsheet.core.money import amount_text, parse_amount, price_text


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (900, "EUR", "€9"),
        (980, "EUR", "€9.80"),
        (120_000, "gbp", "£1,200"),
        (905, "USD", "$9.05"),
        (9600, "CHF", "CHF\u00a096"),
        (0, "EUR", "€0"),
        (-480, "EUR", "-€4.80"),
        (980, "JPY", "¥980"),
        (1_234_567, "JPY", "¥1,234,567"),
        (12_500, "KWD", "KWD\u00a012.500"),
        (12_000, "KWD", "KWD\u00a012"),
    ],
)
def test_amount_is_written_one_way(cents: int, currency: str, text: str) -> None:
    assert price_text(cents, currency) == text


@pytest.mark.parametrize(
    ("typed", "currency", "cents"),
    [
        ("96", "EUR", 9600),
        (" 96.5 ", "EUR", 9650),
        ("96,05", "EUR", 9605),
        ("980", "JPY", 980),
        ("9.80", "JPY", None),
        ("1.250", "KWD", 1250),
        ("1.250", "EUR", None),
        ("-5", "EUR", None),
        ("five", "EUR", None),
        ("", "EUR", None),
    ],
)
def test_amount_that_is_typed_is_read_in_its_currency_or_not_at_all(typed: str, currency: str, cents: int | None) -> None:
    assert parse_amount(typed, currency) == cents


def test_columns_of_figures_show_all_decimals() -> None:
    assert [amount_text(cents, "EUR") for cents in (900, 120_000, -5)] == ["9.00", "1,200.00", "-0.05"]
    assert amount_text(900, "JPY") == "900"
