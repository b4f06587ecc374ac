"""The meter's month: a key such as `2026-02` in the publication's time zone.

The key is computed by one function and stored; nothing ever adds months to a moment, because that
is where meters gain and lose days (29 to 31 January plus one month).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def month_key(at: datetime, zone: ZoneInfo) -> str:
    """The month that `at` (aware) falls in, for a publication in `zone`."""
    return at.astimezone(zone).strftime("%Y-%m")


def renewal_date(month: str) -> date:
    """The first day after `month`, on which the meter starts anew."""
    year, number = (int(part) for part in month.split("-"))
    return date(year + number // 12, number % 12 + 1, 1)


def month_end(month: str, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which `month` is over in `zone`."""
    return datetime.combine(renewal_date(month), time(), zone).astimezone(UTC)
