"""Amounts of money as readers see them. Pure."""

from __future__ import annotations

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


def price_text(cents: int, currency: str) -> str:
    """`€9`, `€9.50`, `€1,200`, `CHF 9`: whole amounts without decimals; `cents` are hundredths of the currency."""
    amount = f"{cents // 100:,}" if cents % 100 == 0 else f"{cents / 100:,.2f}"
    sign = _SIGNS.get(currency.upper())
    return f"{sign}{amount}" if sign else f"{currency.upper()}\u00a0{amount}"
