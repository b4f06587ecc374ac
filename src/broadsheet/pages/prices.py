"""Prices as readers see them."""

from __future__ import annotations

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}


def price_text(cents: int, currency: str) -> str:
    """`€9`, `€9.50`, `CHF 9`: whole amounts without decimals."""
    amount = f"{cents // 100}" if cents % 100 == 0 else f"{cents / 100:.2f}"
    symbol = SYMBOLS.get(currency.upper())
    return f"{symbol}{amount}" if symbol else f"{currency.upper()} {amount}"
