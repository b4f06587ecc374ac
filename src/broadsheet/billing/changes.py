"""What a change of plan costs, and when it begins. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from broadsheet.billing.periods import MONTHS


@dataclass(frozen=True, slots=True)
class PeriodPrice:
    """What one period costs, for all seats, in the currency's smallest unit."""

    cents: int
    currency: str
    period: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change of plan as it is shown before it is made.

    `due_cents` is taken now: the new price less `credit_cents`, what is left of the period that is paid. `next_at` is
    when `terms` are next taken. With `is_at_renewal` nothing is taken now and the paid period runs to its end.
    """

    terms: PeriodPrice
    is_at_renewal: bool
    credit_cents: int
    due_cents: int
    next_at: datetime


def preview(
    old: PeriodPrice, new: PeriodPrice, *, paid_from: datetime, paid_until: datetime, next_end: datetime, now: datetime
) -> Change:
    """What happens if a subscription changes from `old` to `new`.

    More money at once, or a longer time bought at once, begins now; less waits for the renewal, so that nothing that is
    paid is lost. `next_end` is when the first period of the new plan ends if it begins now.
    """
    if MONTHS[new.period] < MONTHS[old.period] or new.cents <= old.cents:
        return Change(new, True, 0, 0, paid_until)
    credit = unused_cents(old.cents, paid_from=paid_from, paid_until=paid_until, now=now)
    return Change(new, False, credit, max(0, new.cents - credit), next_end)


def unused_cents(cents: int, *, paid_from: datetime, paid_until: datetime, now: datetime) -> int:
    """What the rest of a paid period is worth, by its time; rounded down to the cent."""
    if now >= paid_until or paid_until <= paid_from:
        return 0
    return int(cents * ((paid_until - max(now, paid_from)) / (paid_until - paid_from)))
