"""Cancelling, pausing, changing plan, withdrawing: what is ordered from the provider, and what follows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from broadsheet.billing import change_flows, offline_flows
from broadsheet.billing.ledger import Status
from broadsheet.billing.models import LawSettings, Order, Plan, Subscription
from broadsheet.billing.order_flows import follow_subscription
from broadsheet.billing.provider import ProviderAway, Refused
from broadsheet.core import clock
from broadsheet.mail.models import OutboxLetter
from tests.billing.purchases import buy

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(offline: Any, plan: Plan, make_reader: Any) -> Subscription:
    return buy(make_reader(), plan)


@pytest.fixture
def year() -> Plan:
    return Plan.objects.create(name="By the year", slug="year", price_cents=9600, period="year")


@pytest.fixture
def small() -> Plan:
    return Plan.objects.create(name="Small", slug="small", price_cents=500, period="month")


def open_until(row: Subscription) -> datetime:
    """When the subscription's own grant ends."""
    grant = Subscription.objects.select_related("grant").get(pk=row.pk).grant
    assert grant is not None and grant.ends_at is not None
    return grant.ends_at


def pass_time(row: Subscription, clock: Any, days: int) -> Subscription:
    """Let the offline provider do what is due, and ask it."""
    clock.advance(timedelta(days=days))
    offline_flows.advance(now=clock.now())
    return follow_subscription(row.provider, row.ref, now=clock.now())


def change_to(row: Subscription, plan: Plan, cents: int = 10_000) -> Subscription:
    price = plan.prices.first()
    assert price is not None
    return change_flows.change_plan(row, price, agreed_text="I agree.", shown_cents=cents, now=clock.now())


def test_cancelled_reads_on_to_the_end_of_what_is_paid(held: Subscription, clock: Any) -> None:
    end = held.period_end
    row = change_flows.cancel(held, now=clock.now())
    assert (row.cancel_at, open_until(row)) == (end, end)
    assert change_flows.next_payment(row, now=clock.now()) is None
    row = pass_time(row, clock, 40)
    assert (row.status, row.kept_cents) == ("ended", 980)


def test_cancelling_is_undone_until_then_and_not_after(held: Subscription, clock: Any) -> None:
    row = change_flows.undo_cancel(change_flows.cancel(held, now=clock.now()), now=clock.now())
    assert row.cancel_at is None
    row = pass_time(change_flows.cancel(row, now=clock.now()), clock, 40)
    with pytest.raises(Refused):
        change_flows.undo_cancel(row, now=clock.now())


def test_cancelling_twice_is_refused(held: Subscription, clock: Any) -> None:
    row = change_flows.cancel(held, now=clock.now())
    with pytest.raises(Refused):
        change_flows.cancel(row, now=clock.now())


def test_cancelling_an_unpaid_renewal_ends_at_once(held: Subscription, clock: Any) -> None:
    offline_flows.fail_next_payment(held.ref)
    row = pass_time(held, clock, 30)
    assert row.status == Status.PAST_DUE
    row = change_flows.cancel(row, now=clock.now())
    assert (row.status, row.kept_cents) == ("ended", 980)
    assert open_until(row) <= clock.now()


@pytest.mark.parametrize("months", [1, 2, 3])
def test_a_pause_begins_where_the_paid_time_ends(held: Subscription, clock: Any, months: int) -> None:
    row = change_flows.pause(held, months, now=clock.now())
    assert open_until(row) == held.period_end
    assert row.paused_until is not None and row.paused_until == change_flows.pause_until(held, months)
    days = (row.paused_until - clock.now()).days
    row = pass_time(row, clock, days - 1)
    assert (row.status, row.kept_cents) == ("paused", 980)
    row = pass_time(row, clock, 2)
    assert (row.status, row.kept_cents) == ("active", 1960)


@pytest.mark.parametrize("months", [0, 4, -1])
def test_no_other_pause(held: Subscription, clock: Any, months: int) -> None:
    with pytest.raises(Refused):
        change_flows.pause(held, months, now=clock.now())


def test_what_is_cancelled_or_unpaid_is_not_paused(held: Subscription, clock: Any) -> None:
    row = change_flows.cancel(held, now=clock.now())
    with pytest.raises(Refused):
        change_flows.pause(row, 1, now=clock.now())
    change_flows.undo_cancel(row, now=clock.now())
    offline_flows.fail_next_payment(held.ref)
    with pytest.raises(Refused):
        change_flows.pause(pass_time(held, clock, 30), 1, now=clock.now())


def test_a_dearer_plan_takes_what_the_page_said(held: Subscription, year: Plan, clock: Any) -> None:
    clock.advance(timedelta(days=10))
    price = year.prices.first()
    assert price is not None
    shown = change_flows.preview_change(held, price, now=clock.now())
    row = change_to(held, year, shown.due_cents)
    assert row.kept_cents == 980 + shown.due_cents
    assert shown.due_cents == 9600 - int(980 * 18 / 28)
    assert (row.price.plan, row.period_end) == (year, shown.next_at)
    assert change_flows.find_ordered_change(row) is None
    assert Order.objects.get(source=change_flows.CHANGE).agreed_text == "I agree."


def test_nothing_is_taken_if_it_would_be_more_than_was_shown(held: Subscription, year: Plan, clock: Any) -> None:
    with pytest.raises(Refused):
        change_to(held, year, cents=8000)
    row = Subscription.objects.get(pk=held.pk)
    assert (row.kept_cents, row.price.plan) == (980, held.price.plan)


def test_a_cheaper_plan_begins_with_the_renewal_and_can_be_taken_back(held: Subscription, small: Plan, clock: Any) -> None:
    row = change_to(held, small, 0)
    assert (row.kept_cents, row.price.plan) == (980, held.price.plan)
    ordered = change_flows.find_ordered_change(row)
    assert ordered is not None and ordered.plan == small
    upcoming = change_flows.next_payment(row, now=clock.now())
    assert upcoming is not None and upcoming.cents == 500
    row = change_flows.keep_plan(row, now=clock.now())
    assert change_flows.find_ordered_change(row) is None
    row = pass_time(change_to(row, small, 0), clock, 30)
    assert (row.price.plan, row.kept_cents) == (small, 1480)
    assert change_flows.find_ordered_change(row) is None


def test_plans_for_others_and_in_other_money_are_no_targets(held: Subscription, small: Plan, clock: Any) -> None:
    Plan.objects.create(name="Gift", slug="gift", price_cents=100, period="year", kind="gift")
    Plan.objects.create(name="Seats", slug="seats", price_cents=100, period="year", kind="group")
    Plan.objects.create(name="Study", slug="study", price_cents=100, period="month", kind="student")
    Plan.objects.create(name="Dollars", slug="dollars", price_cents=100, period="month", currency="USD")
    Plan.objects.create(name="Old", slug="old", price_cents=100, period="month", is_offered=False)
    found = change_flows.find_targets(held, now=clock.now())
    assert [target.price.plan for target in found] == [small]
    cheaper = change_flows.find_cheaper(held, now=clock.now())
    assert cheaper is not None and cheaper.price.plan == small


def test_change_that_did_not_reach_the_provider_leaves_no_order(
    held: Subscription, small: Plan, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ProviderAway("no answer")

    monkeypatch.setattr(offline_flows.OfflineProvider, "change_price", fail)
    with pytest.raises(ProviderAway):
        change_to(held, small, 0)
    assert change_flows.find_ordered_change(held) is None


def test_withdrawing_gives_all_back_and_ends(held: Subscription, clock: Any) -> None:
    row = change_flows.withdraw(held, now=clock.now())
    assert (row.status, row.kept_cents) == ("ended", 0)
    assert open_until(row) <= clock.now() + timedelta(microseconds=1)
    assert OutboxLetter.objects.filter(kind="refunded").count() == 1


@pytest.mark.parametrize(("days", "is_in_time"), [(0, True), (14, True), (15, False)])
def test_there_are_fourteen_days_to_withdraw(held: Subscription, clock: Any, days: int, is_in_time: bool) -> None:
    clock.advance(timedelta(days=days))
    assert change_flows.may_withdraw(held, declared_at=clock.now()) is is_in_time
    LawSettings.objects.create(withdrawal_days=30)
    assert change_flows.may_withdraw(held, declared_at=clock.now())
