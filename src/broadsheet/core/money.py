"""Amounts of money as people read and type them. Pure.

An amount is a whole number of the currency's smallest unit, named `cents` also where that unit has another name.
Source of the decimals: ISO 4217, list one, of 2025.
"""

from __future__ import annotations

import re

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}
_WITHOUT_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
_TYPED = re.compile(r"(\d{1,12})(?:[.,](\d{1,3}))?")


def decimals(currency: str) -> int:
    """How many decimals amounts in a currency have."""
    code = currency.upper()
    return 0 if code in _WITHOUT_DECIMALS else 3 if code in _THREE_DECIMALS else 2


def price_text(cents: int, currency: str) -> str:
    """`€9`, `€9.50`, `€1,200`, `CHF 9`, `¥980`: whole amounts without decimals."""
    text = amount_text(cents, currency)
    places = decimals(currency)
    amount = text[: -places - 1] if places and cents % 10**places == 0 else text
    sign = _SIGNS.get(currency.upper())
    minus, amount = ("-", amount[1:]) if cents < 0 else ("", amount)
    return f"{minus}{sign}{amount}" if sign else f"{minus}{currency.upper()}\u00a0{amount}"


def amount_text(cents: int, currency: str) -> str:
    """`9.50`, `1,200.00`, `980` in yen: all decimals and no currency, as columns of figures have it."""
    places = decimals(currency)
    whole, part = divmod(abs(cents), 10**places)
    minus = "-" if cents < 0 else ""
    return f"{minus}{whole:,}.{part:0{places}d}" if places else f"{minus}{whole:,}"


def parse_amount(typed: str, currency: str) -> int | None:
    """The amount that somebody typed, such as `96`, `96.50` or `96,50`; None if it is none of this currency."""
    match = _TYPED.fullmatch(typed.strip())
    places = decimals(currency)
    if match is None or len(match[2] or "") > places:
        return None
    return int(match[1]) * 10**places + int((match[2] or "").ljust(places, "0") or 0)
