"""Billing periods by the calendar: a month from 31 January ends on the last day of February. Pure."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime

MONTHS = {"month": 1, "year": 12}


def period_end(anchor: datetime, period: str, *, number: int) -> datetime:
    """The end of the period with that number, counted from 1, of a subscription that began at `anchor`.

    Counted from the anchor each time, so that a short month does not move the days after it.
    """
    months = anchor.year * 12 + anchor.month - 1 + MONTHS[period] * number
    year, month = divmod(months, 12)
    return anchor.replace(year=year, month=month + 1, day=min(anchor.day, monthrange(year, month + 1)[1]))


def next_period_end(anchor: datetime, period: str, *, after: datetime) -> datetime:
    """The first end of a period that is later than `after`."""
    months = (after.year - anchor.year) * 12 + after.month - anchor.month
    number = max(1, months // MONTHS[period])
    while period_end(anchor, period, number=number) <= after:
        number += 1
    return period_end(anchor, period, number=number)
