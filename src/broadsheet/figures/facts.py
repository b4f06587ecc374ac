"""What the lines of a subscription's ledger mean for the publisher's figures. Pure.

The facts of a ledger are those of its beginning and those that its newer lines add, so counting line by line and
counting anew come to the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broadsheet.billing.ledger import Line, LineKind, Standing, Status, fold

MONTHS_A_YEAR = 12


class What(StrEnum):
    """What happened to a subscription. The first three bring one in, the next two take one out."""

    STARTED = "started"
    REACTIVATED = "reactivated"  # paid after all, or the bank gave the money back
    RESUMED = "resumed"  # after a pause
    ENDED = "ended"
    PAUSED = "paused"
    RENEWED = "renewed"
    REVENUE = "revenue"  # what it brings in a year has changed


IN = (What.STARTED, What.REACTIVATED, What.RESUMED)
OUT = (What.ENDED, What.PAUSED)


class Why(StrEnum):
    """Why a subscription ended."""

    CANCELLED = "cancelled"
    UNPAID = "unpaid"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    RAN_OUT = "ran_out"  # a gift or another that never renews


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """What one price means: its plan, and what a subscription at it brings in a year."""

    plan_id: int
    currency: str
    yearly_cents: int
    recurs: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to count, on the day of `at`."""

    at: datetime
    what: What
    plan_id: int
    currency: str
    why: str = ""
    count: int = 1
    yearly_cents: int = 0


UNKNOWN = PriceFacts(0, "", 0, False)


def yearly(cents: int, period: str) -> int:
    """What a price for each `month` or `year` is in a year."""
    return cents * MONTHS_A_YEAR if period == "month" else cents


def facts_of(lines: Sequence[Line], prices: Mapping[str, PriceFacts], *, skip: int = 0) -> list[Fact]:
    """The facts that the lines after the first `skip` add; `prices` by the numbers that lines give them."""
    standing = fold(lines[:skip])
    found: list[Fact] = []
    for line in lines[skip:]:
        before, standing = standing, fold([line], onto=standing)
        price = prices.get(standing.price_ref, UNKNOWN)
        found.extend(_moves(before, standing, line, price))
        found.extend(_revenue(before, standing, line, prices))
    return found


def is_living(standing: Standing) -> bool:
    """Whether a subscription counts: it is being paid for, on trial, or its payment is tried again."""
    return standing.status in (Status.TRIAL, Status.ACTIVE, Status.PAST_DUE) and standing.disputed_at is None


def _moves(before: Standing, after: Standing, line: Line, price: PriceFacts) -> list[Fact]:
    was, is_ = is_living(before), is_living(after)
    started = Fact(after.started_at or line.at, What.STARTED, price.plan_id, price.currency)
    if before.status is None and after.status is not None:
        # One that is over, or paused, when it is first heard of has begun all the same.
        return [started] if is_ else [started, _end(before, after, line, price)]
    if was and not is_:
        return [_end(before, after, line, price)]
    if is_ and not was:
        what = What.RESUMED if before.status is Status.PAUSED else What.REACTIVATED
        return [Fact(line.at, what, price.plan_id, price.currency)]
    if is_ and line.kind is LineKind.PERIOD and before.period_end is not None:
        return [Fact(line.at, What.RENEWED, price.plan_id, price.currency)]
    return []


def _end(before: Standing, after: Standing, line: Line, price: PriceFacts) -> Fact:
    if after.status is Status.PAUSED and after.disputed_at is None:
        return Fact(line.at, What.PAUSED, price.plan_id, price.currency)
    return Fact(line.at, What.ENDED, price.plan_id, price.currency, why=_why(before, after, price))


def _why(before: Standing, after: Standing, price: PriceFacts) -> Why:
    if after.disputed_at is not None:
        return Why.DISPUTED
    if Status.UNPAID in (before.status, after.status) or before.failed_at is not None:
        return Why.UNPAID
    if after.paid_cents and after.kept_cents <= 0:
        return Why.REFUNDED
    return Why.CANCELLED if price.recurs else Why.RAN_OUT


def _revenue(before: Standing, after: Standing, line: Line, prices: Mapping[str, PriceFacts]) -> list[Fact]:
    old, new = _worth(before, prices), _worth(after, prices)
    at = line.at if before.status is not None or after.started_at is None else max(after.started_at, line.at)
    found = []
    if old != new:
        for (plan_id, currency, cents), sign in ((old, -1), (new, 1)):
            if cents:
                found.append(Fact(at, What.REVENUE, plan_id, currency, count=0, yearly_cents=sign * cents))
    return found


def _worth(standing: Standing, prices: Mapping[str, PriceFacts]) -> tuple[int, str, int]:
    """Plan, currency, and what the subscription brings in a year: nothing while it is on trial or never renews."""
    price = prices.get(standing.price_ref, UNKNOWN)
    recurs = is_living(standing) and standing.status is not Status.TRIAL and price.recurs
    return price.plan_id, price.currency, price.yearly_cents * standing.quantity if recurs else 0
