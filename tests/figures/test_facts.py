"""What the lines of a ledger mean for the figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.billing.ledger import Line, PaidSum, Snapshot, Status, differences
from broadsheet.figures.facts import Fact, PriceFacts, facts_of, yearly

START = datetime(2026, 2, 1, tzinfo=UTC)
MONTH, YEAR, GIFT = PriceFacts(1, "EUR", 12 * 980, True), PriceFacts(2, "EUR", 9600, True), PriceFacts(3, "EUR", 9600, False)
PRICES = {"1": MONTH, "2": YEAR, "3": GIFT}
ACTIVE = Snapshot("sub", Status.ACTIVE, START, START + timedelta(days=28), "1")
PAID = PaidSum("pay", 980, "EUR", START)


def write(*snapshots: Snapshot) -> list[Line]:
    """The ledger that comes of what a provider says day after day."""
    lines: list[Line] = []
    for day, snapshot in enumerate(snapshots):
        lines.extend(differences(lines, snapshot, now=START + timedelta(days=day)))
    return lines


def told(facts: list[Fact]) -> list[str]:
    return [" ".join(filter(None, (fact.what, fact.why, f"{fact.yearly_cents:+}" if fact.yearly_cents else ""))) for fact in facts]


TRIAL = replace(ACTIVE, status=Status.TRIAL)
LATE = replace(ACTIVE, status=Status.PAST_DUE, failed_at=START + timedelta(days=1))
UNPAID = replace(LATE, status=Status.UNPAID)
ENDED = replace(ACTIVE, status=Status.ENDED, ended_at=START + timedelta(days=1))
PAUSED = replace(ACTIVE, status=Status.PAUSED, paused_until=START + timedelta(days=60))
BEGUN = ["started", "revenue +11760"]


@pytest.mark.parametrize(
    ("snapshots", "expected"),
    [
        ([ACTIVE], BEGUN),
        ([ACTIVE, ACTIVE], BEGUN),
        ([TRIAL, replace(ACTIVE, period_end=START + timedelta(days=50))], ["started", "renewed", "revenue +11760"]),
        ([ACTIVE, replace(ACTIVE, period_end=START + timedelta(days=56))], [*BEGUN, "renewed"]),
        ([ACTIVE, ENDED], [*BEGUN, "ended cancelled", "revenue -11760"]),
        ([ACTIVE, LATE, UNPAID], [*BEGUN, "ended unpaid", "revenue -11760"]),
        ([ACTIVE, LATE, ACTIVE], BEGUN),
        ([ACTIVE, LATE, ENDED], [*BEGUN, "ended unpaid", "revenue -11760"]),
        ([ACTIVE, UNPAID, ACTIVE], [*BEGUN, "ended unpaid", "revenue -11760", "reactivated", "revenue +11760"]),
        ([ACTIVE, UNPAID, ENDED], [*BEGUN, "ended unpaid", "revenue -11760"]),
        ([ACTIVE, PAUSED, ACTIVE], [*BEGUN, "paused", "revenue -11760", "resumed", "revenue +11760"]),
        ([ACTIVE, PAUSED, ENDED], [*BEGUN, "paused", "revenue -11760"]),
        (
            [replace(ACTIVE, payments=(PAID,)), replace(ENDED, payments=(replace(PAID, refunded_cents=980),))],
            [*BEGUN, "ended refunded", "revenue -11760"],
        ),
        (
            [replace(ACTIVE, payments=(PAID,)), replace(ENDED, payments=(replace(PAID, refunded_cents=80),))],
            [*BEGUN, "ended cancelled", "revenue -11760"],
        ),
        (
            [replace(ACTIVE, payments=(PAID,)), replace(ACTIVE, payments=(replace(PAID, is_disputed=True),)), ENDED],
            [*BEGUN, "ended disputed", "revenue -11760"],
        ),
        (
            [replace(ACTIVE, payments=(replace(PAID, is_disputed=True),)), replace(ACTIVE, payments=(PAID,))],
            ["started", "ended disputed", "reactivated", "revenue +11760"],
        ),
        ([ACTIVE, replace(ACTIVE, price_ref="2")], [*BEGUN, "revenue -11760", "revenue +9600"]),
        (
            [replace(ACTIVE, quantity=4), replace(ACTIVE, quantity=5)],
            ["started", "revenue +47040", "revenue -47040", "revenue +58800"],
        ),
        ([replace(ACTIVE, price_ref="3"), replace(ENDED, price_ref="3")], ["started", "ended ran_out"]),
        ([ENDED], ["started", "ended cancelled"]),
        ([replace(ACTIVE, price_ref="unknown")], ["started"]),
    ],
)
def test_facts_of_a_life(snapshots: list[Snapshot], expected: list[str]) -> None:
    lines = write(*snapshots)
    facts = facts_of(lines, PRICES)
    assert told(facts) == expected
    for cut in range(len(lines)):
        assert facts_of(lines[:cut], PRICES) + facts_of(lines, PRICES, skip=cut) == facts


def test_start_counts_on_the_day_it_began_however_late_it_is_heard_of() -> None:
    lines = differences([], ACTIVE, now=START + timedelta(days=9))
    assert facts_of(list(lines), PRICES)[0].at == START


def test_year_is_twelve_months() -> None:
    assert yearly(980, "month") == 11760
    assert yearly(9600, "year") == 9600
