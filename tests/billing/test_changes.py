"""What a change of plan takes, and when it begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.billing.changes import Change, PeriodPrice, preview, unused_cents

FROM, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)
MONTH, YEAR = PeriodPrice(1000, "EUR", "month"), PeriodPrice(9600, "EUR", "year")
NEXT = datetime(2027, 3, 16, tzinfo=UTC)


def look(old: PeriodPrice, new: PeriodPrice, now: datetime) -> Change:
    return preview(old, new, paid_from=FROM, paid_until=UNTIL, next_end=NEXT, now=now)


def test_a_dearer_plan_begins_now_and_what_is_left_counts() -> None:
    found = look(MONTH, YEAR, datetime(2026, 3, 16, tzinfo=UTC))
    assert (found.is_at_renewal, found.credit_cents, found.due_cents, found.next_at) == (False, 500, 9100, NEXT)


@pytest.mark.parametrize("new", [PeriodPrice(800, "EUR", "month"), PeriodPrice(1000, "EUR", "month")])
def test_what_costs_no_more_waits_for_the_renewal(new: PeriodPrice) -> None:
    assert look(MONTH, new, FROM) == Change(new, True, 0, 0, UNTIL)


def test_a_shorter_time_waits_for_the_renewal_whatever_it_costs() -> None:
    assert look(PeriodPrice(900, "EUR", "year"), MONTH, FROM).is_at_renewal


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (FROM - timedelta(days=1), 1000),
        (FROM, 1000),
        (FROM + timedelta(days=10), 666),
        (UNTIL - timedelta(microseconds=1), 0),
        (UNTIL, 0),
        (UNTIL + timedelta(days=5), 0),
    ],
)
def test_the_rest_of_a_period_is_worth_its_share(now: datetime, left: int) -> None:
    assert unused_cents(1000, paid_from=FROM, paid_until=UNTIL, now=now) == left
