"""The meter's month, on every day of 2024 to 2032 in six zones: each moment has one, none is lost or given twice."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from broadsheet.core.months import month_end, month_key, renewal_date
from broadsheet.paywall.meter import OPEN_FOR, next_slot, unlock_end

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Chatham"]
FIRST, LAST = date(2024, 1, 1), date(2032, 12, 31)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("name", ZONES)
def test_every_moment_of_a_day_has_the_month_of_its_date(name: str) -> None:
    zone = ZoneInfo(name)
    for day in DAYS:
        begins = datetime.combine(day, time(), zone).astimezone(UTC)
        ends = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        moments = [begins, begins + SECOND, begins + (ends - begins) / 2, ends - SECOND]
        assert {month_key(at, zone) for at in moments} == {f"{day:%Y-%m}"}


@pytest.mark.parametrize("name", ZONES)
def test_months_follow_each_other_without_gap_or_overlap(name: str) -> None:
    zone = ZoneInfo(name)
    keys = list(dict.fromkeys(f"{day:%Y-%m}" for day in DAYS))
    for key, following in pairwise(keys):
        end = month_end(key, zone)
        assert month_key(end - SECOND, zone) == key
        assert month_key(end, zone) == following
        assert f"{renewal_date(key):%Y-%m}" == following
        assert renewal_date(key).day == 1


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("allowance", [1, 3])
def test_reader_who_tries_each_day_opens_the_allowance_each_month(name: str, allowance: int) -> None:
    zone = ZoneInfo(name)
    taken: dict[str, list[int]] = {}
    opened: Counter[str] = Counter()
    for day in DAYS:
        at = datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
        slot = next_slot(taken.setdefault(month_key(at, zone), []), allowance)
        if slot is not None:
            taken[month_key(at, zone)].append(slot)
            opened[f"{day:%Y-%m}"] += 1
    assert set(opened.values()) == {allowance}
    assert len(opened) == 9 * 12


@pytest.mark.parametrize("name", ZONES)
def test_opened_article_stays_open_for_30_days_and_at_least_to_the_end_of_the_month(name: str) -> None:
    zone = ZoneInfo(name)
    for day in DAYS:
        at = datetime.combine(day, time(0, 30), zone).astimezone(UTC)
        end = unlock_end(at, zone)
        assert end >= at + OPEN_FOR
        assert end >= month_end(month_key(at, zone), zone)
        longest = timedelta(days=monthrange(day.year, day.month)[1], hours=1)
        assert end - at <= max(OPEN_FOR, longest)


def test_the_month_is_the_publications_not_the_machines() -> None:
    at = datetime(2026, 2, 1, 3, tzinfo=UTC)
    assert month_key(at, ZoneInfo("America/New_York")) == "2026-01"
    assert month_key(at, ZoneInfo("UTC")) == "2026-02"
