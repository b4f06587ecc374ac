"""The ledger: what a provider says, in any order and however often, adds up to the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.billing.ledger import RENEWAL_GRACE, RETRY_WINDOW, Line, PaidSum, Snapshot, Status, differences, fold

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)

payments = st.lists(
    st.builds(
        PaidSum,
        ref=st.sampled_from(["p1", "p2", "p3"]),
        cents=st.just(980),
        currency=st.just("EUR"),
        paid_at=st.just(START),
        refunded_cents=st.integers(0, 980),
        is_disputed=st.booleans(),
    ),
    max_size=3,
    unique_by=lambda payment: payment.ref,
).map(tuple)
moments = st.integers(0, 400).map(lambda days: START + days * DAY)
snapshots = st.builds(
    Snapshot,
    ref=st.just("sub_1"),
    status=st.sampled_from(Status),
    started_at=st.just(START),
    period_end=moments,
    price_ref=st.sampled_from(["1", "2"]),
    cancel_at=st.none() | moments,
    payments=payments,
)


def write(lines: list[Line], snapshot: Snapshot, now: datetime) -> list[Line]:
    return [*lines, *differences(lines, snapshot, now=now)]


@given(st.lists(snapshots, max_size=6), snapshots)
def test_ledger_ends_at_what_was_said_last_and_saying_it_again_adds_nothing(before: list[Snapshot], last: Snapshot) -> None:
    lines: list[Line] = []
    for number, snapshot in enumerate([*before, last]):
        lines = write(lines, snapshot, START + number * DAY)
    standing = fold(lines)
    assert standing.status is last.status
    assert (standing.period_end, standing.price_ref) == (last.period_end, last.price_ref)
    assert last.status is Status.ENDED or standing.cancel_at == last.cancel_at
    assert differences(lines, last, now=START + 99 * DAY) == ()
    assert len({line.key for line in lines}) == len(lines)


@given(st.lists(snapshots, min_size=1, max_size=6))
def test_money_is_counted_once_and_never_more_given_back_than_came_in(said: list[Snapshot]) -> None:
    lines: list[Line] = []
    for number, snapshot in enumerate(said):
        lines = write(lines, snapshot, START + number * DAY)
    standing = fold(lines)
    newest = {payment.ref: payment for snapshot in said for payment in snapshot.payments}
    assert standing.paid_cents == 980 * len(newest)
    assert standing.refunded_cents == sum(payment.refunded_cents for payment in newest.values())
    assert standing.held_back == {payment.ref for payment in newest.values() if payment.is_disputed}
    assert (standing.disputed_at is not None) == bool(standing.held_back)


def snapshot(status: Status, **more: object) -> Snapshot:
    return Snapshot("sub_1", status, START, START + 31 * DAY, "1", **more)  # type: ignore[arg-type]


def test_first_failure_fixes_the_end_of_the_retry_window() -> None:
    lines = write([], snapshot(Status.ACTIVE), START)
    failed = START + 31 * DAY
    lines = write(lines, snapshot(Status.PAST_DUE, failed_at=failed), failed)
    lines = write(lines, snapshot(Status.PAST_DUE, failed_at=failed + 3 * DAY), failed + 3 * DAY)
    assert fold(lines).failed_at == failed
    assert fold(lines).access_ends_at() == failed + RETRY_WINDOW


def test_new_failure_counts_its_own_days_though_nobody_heard_of_the_payment_between() -> None:
    first, second = START + 31 * DAY, START + 62 * DAY
    paid = PaidSum("p1", 980, "EUR", first + DAY)
    lines = write([], snapshot(Status.PAST_DUE, failed_at=first), first)
    lines = write(lines, snapshot(Status.PAST_DUE, failed_at=second, payments=(paid,)), second)
    assert fold(lines).failed_at == second
    assert fold(lines).access_ends_at() == second + RETRY_WINDOW
    assert write(lines, snapshot(Status.PAST_DUE, failed_at=second, payments=(paid,)), second + DAY) == lines


def test_part_of_what_is_due_changes_no_days() -> None:
    failed = START + 31 * DAY
    part = PaidSum("p1", 100, "EUR", failed + DAY)
    lines = write([], snapshot(Status.PAST_DUE, failed_at=failed), failed)
    lines = write(lines, snapshot(Status.PAST_DUE, failed_at=failed, payments=(part,)), failed + 2 * DAY)
    assert fold(lines).failed_at == failed


def test_access_ends_with_the_period_when_the_end_is_ordered_and_lasts_a_little_longer_when_not() -> None:
    lines = write([], snapshot(Status.ACTIVE), START)
    assert fold(lines).access_ends_at() == START + 31 * DAY + RENEWAL_GRACE
    lines = write(lines, snapshot(Status.ACTIVE, cancel_at=START + 31 * DAY), START + DAY)
    assert fold(lines).access_ends_at() == START + 31 * DAY


def test_giving_up_ends_access_when_the_provider_gave_up() -> None:
    lines = write([], snapshot(Status.ACTIVE), START)
    gave_up = START + 45 * DAY
    lines = write(lines, snapshot(Status.UNPAID, failed_at=START + 31 * DAY), gave_up)
    ends_at = fold(lines).access_ends_at()
    assert ends_at is not None
    assert ends_at <= gave_up


def test_end_while_it_rests_adds_no_pause_again() -> None:
    rests_until = START + 62 * DAY
    lines = write([], snapshot(Status.PAUSED, paused_until=rests_until), START)
    over = snapshot(Status.ENDED, paused_until=rests_until, ended_at=START + DAY)
    lines = write(lines, over, START + DAY)
    assert differences(lines, over, now=START + 2 * DAY) == ()
    assert sum(line.kind == "pause" for line in lines) == 1


def test_grant_of_what_began_and_ended_in_one_moment_can_be_stored_and_a_dispute_stays_the_end() -> None:
    lines = write([], snapshot(Status.ENDED, ended_at=START), START)
    assert fold(lines).access_ends_at() == START + timedelta(microseconds=1)
    paid = PaidSum("p1", 980, "EUR", START, is_disputed=True)
    lines = write(write([], snapshot(Status.ACTIVE), START), snapshot(Status.ACTIVE, payments=(paid,)), START + DAY)
    lines = write(lines, snapshot(Status.ENDED, payments=(paid,), ended_at=START + 9 * DAY), START + 9 * DAY)
    assert fold(lines).access_ends_at() == START + DAY
