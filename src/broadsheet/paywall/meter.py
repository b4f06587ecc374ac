"""The meter's arithmetic: which slot is next, and how long an opened article stays open."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from broadsheet.core.months import month_end, month_key

OPEN_FOR = timedelta(days=30)  # the offer: an opened article stays open for 30 days


def next_slot(taken: Collection[int], allowance: int) -> int | None:
    """The lowest free slot of a month, 1 to `allowance`; None when all are taken."""
    return next((slot for slot in range(1, allowance + 1) if slot not in taken), None)


def unlock_end(opened_at: datetime, zone: ZoneInfo) -> datetime:
    """When an article opened at `opened_at` closes: after 30 days, and not before the month is over."""
    return max(opened_at + OPEN_FOR, month_end(month_key(opened_at, zone), zone))
