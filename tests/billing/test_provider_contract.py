"""What every payment provider keeps to, whichever it is; the same life on each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from broadsheet.accounts.models import User
from broadsheet.billing import change_flows, refund_flows
from broadsheet.billing.event_flows import receive_event, settle_received_events
from broadsheet.billing.ledger import Status
from broadsheet.billing.models import Alert, Campaign, Gift, Order, Plan, Subscription
from broadsheet.billing.order_flows import Wish, begin_order, finish_order, follow_subscription, order_of, terms_of
from broadsheet.billing.periods import next_period_end
from broadsheet.billing.provider import Refused, UntrustedEvent
from broadsheet.billing.reconcile_flows import find_differences
from broadsheet.core import clock as core_clock

pytestmark = pytest.mark.django_db
by_card = pytest.mark.parametrize("world", ["offline", "stripe"], indirect=True)  # what needs a card, or a page of the provider's
DAY = timedelta(days=1)


@pytest.fixture
def buy(world: Any, make_reader: Any, plan: Plan) -> Any:
    """Order, go to the provider's page, pay, come back."""

    def buy_plan(reader: User | None = None, plan: Plan = plan, **terms: Any) -> Subscription:
        now = core_clock.now()
        if not world.takes_cards:
            bought: Subscription = world.buy(reader or make_reader(), plan)
            return bought
        wish = Wish(plan.prices.first().pk, world.provider.name, **terms)  # type: ignore[union-attr]
        going = begin_order(reader or make_reader(), wish, now=now)
        order = Order.objects.order_by("-id").first()
        assert order is not None
        assert finish_order(order, now=now) is None
        world.pay(order, going.redirect_url, now)
        row = finish_order(order, now=now)
        assert row is not None
        return row

    return buy_plan


@pytest.fixture
def pass_days(world: Any, clock: Any) -> Any:
    def pass_some(days: float) -> None:
        clock.advance(timedelta(days=days))
        world.advance(clock.now())

    return pass_some


def ask(row: Subscription) -> Subscription:
    """Our row, brought up to what the provider says, whose books then agree with ours."""
    followed = follow_subscription(row.provider, row.ref, now=core_clock.now())
    assert list(find_differences(now=core_clock.now())) == []
    return followed


def access(row: Subscription) -> datetime:
    row.refresh_from_db()
    assert row.grant is not None
    assert row.grant.ends_at is not None
    return row.grant.ends_at


def money(row: Subscription) -> list[int]:
    return [line.cents for line in row.lines.filter(kind="payment")]


def test_buying_opens_a_period_for_its_price(buy: Any, clock: Any) -> None:
    row = buy()
    assert (row.status, row.kept_cents, money(row)) == (Status.ACTIVE, 980, [980])
    assert row.period_end == next_period_end(clock.now(), "month", after=clock.now())
    assert access(row) > row.period_end
    assert ask(row).lines.count() == row.lines.count()


@by_card
def test_order_asked_twice_buys_once(world: Any, buy: Any, clock: Any) -> None:
    row = buy()
    order = Order.objects.get()
    back = "https://example.org/done/"
    for _ in range(2):
        going = world.provider.start_checkout(order_of(order), return_url=back, cancel_url=back, now=clock.now())
        world.pay(order, going.redirect_url, clock.now())
    again = finish_order(order, now=clock.now())
    assert again == row
    assert (world.subscriptions(), Subscription.objects.count(), again.kept_cents) == (1, 1, 980)


@by_card
def test_free_days_come_before_the_first_payment(buy: Any, pass_days: Any, clock: Any) -> None:
    plan = Plan.objects.create(name="Trial", slug="trial", price_cents=980, period="month", trial_days=14)
    row = buy(plan=plan)
    assert (row.status, money(row)) == (Status.TRIAL, [])
    assert row.period_end == clock.now() + 14 * DAY
    pass_days(15)
    row = ask(row)
    assert (row.status, money(row)) == (Status.ACTIVE, [980])


@by_card
def test_each_month_is_paid_once_and_ends_on_the_day_it_began(buy: Any, pass_days: Any, clock: Any) -> None:
    clock.advance(datetime(2027, 1, 31, 12, tzinfo=UTC) - clock.now())
    row = buy()
    ends = []
    for _ in range(3):
        pass_days(29)
        ends.append(ask(row).period_end.date().isoformat())
    assert ends == ["2027-03-31", "2027-03-31", "2027-04-30"]
    assert money(row) == [980] * 3


@by_card
def test_failed_payment_is_tried_again_and_then_ends_access(world: Any, buy: Any, pass_days: Any, clock: Any) -> None:
    row = buy()
    end = row.period_end
    world.break_card(row.ref)
    pass_days(29)
    row = ask(row)
    assert row.status == Status.PAST_DUE
    assert row.failed_at is not None and end <= row.failed_at <= end + DAY
    first_failure = row.failed_at
    assert access(row) > clock.now()
    pass_days(4)
    row = ask(row)
    assert (row.status, row.failed_at) == (Status.PAST_DUE, first_failure)
    pass_days(20)
    row = ask(row)
    assert row.status == Status.UNPAID
    assert access(row) <= clock.now()
    assert money(row) == [980]


@by_card
def test_card_that_is_mended_pays_what_is_due(world: Any, buy: Any, pass_days: Any, clock: Any) -> None:
    row = buy()
    world.break_card(row.ref)
    pass_days(29)
    assert ask(row).status == Status.PAST_DUE
    world.mend_card(row.ref, clock.now())
    row = ask(row)
    assert (row.status, money(row), row.failed_at) == (Status.ACTIVE, [980, 980], None)
    assert row.period_end > clock.now() + 20 * DAY


def test_end_that_is_ordered_comes_with_the_period_and_can_be_taken_back(world: Any, buy: Any, pass_days: Any, clock: Any) -> None:
    row = buy()
    world.provider.cancel(row.ref, at_period_end=True, now=clock.now())
    row = ask(row)
    assert (row.cancel_at, row.status, access(row)) == (row.period_end, Status.ACTIVE, row.period_end)
    world.provider.undo_cancel(row.ref, now=clock.now())
    row = ask(row)
    assert row.cancel_at is None
    assert access(row) > row.period_end
    world.provider.cancel(row.ref, at_period_end=True, now=clock.now())
    end = ask(row).period_end
    pass_days(40)
    row = ask(row)
    assert (row.status, row.ended_at, access(row), money(row)) == (Status.ENDED, end, end, [980])
    with pytest.raises(Refused):
        world.provider.undo_cancel(row.ref, now=clock.now())


def test_end_at_once_ends_access_at_once(world: Any, buy: Any, clock: Any) -> None:
    row = buy()
    clock.advance(DAY)
    world.advance(clock.now())
    world.provider.cancel(row.ref, at_period_end=False, now=clock.now())
    row = ask(row)
    assert (row.status, access(row)) == (Status.ENDED, clock.now())


@by_card
def test_pause_takes_no_money_until_its_day(world: Any, buy: Any, pass_days: Any, clock: Any) -> None:
    row = buy()
    end = row.period_end
    until = clock.now() + 90 * DAY
    world.provider.pause(row.ref, until=until, now=clock.now())
    row = ask(row)
    assert (row.status, row.paused_until, access(row)) == (Status.PAUSED, until, end)
    pass_days(60)
    row = ask(row)
    assert (row.status, money(row), access(row)) == (Status.PAUSED, [980], end)
    pass_days(31)
    row = ask(row)
    assert (row.status, money(row), row.paused_until) == (Status.ACTIVE, [980, 980], None)
    assert row.period_end == next_period_end(until, "month", after=until)


@by_card
@pytest.mark.parametrize(("days", "payments"), [(5, 1), (50, 2)])
def test_pause_that_is_broken_off_takes_money_only_if_the_period_is_over(
    world: Any, buy: Any, pass_days: Any, clock: Any, days: int, payments: int
) -> None:
    row = buy()
    end = row.period_end
    world.provider.pause(row.ref, until=clock.now() + 90 * DAY, now=clock.now())
    pass_days(days)
    ask(row)
    world.provider.resume(row.ref, now=clock.now())
    row = ask(row)
    assert (row.status, money(row)) == (Status.ACTIVE, [980] * payments)
    assert row.period_end == (end if payments == 1 else next_period_end(clock.now(), "month", after=clock.now()))
    pass_days(31)
    assert money(ask(row)) == [980] * (payments + 1)


@by_card
def test_pause_within_the_paid_period_moves_no_payment(world: Any, buy: Any, pass_days: Any, clock: Any) -> None:
    plan = Plan.objects.create(name="Year", slug="year", price_cents=9600, period="year")
    row = buy(plan=plan)
    end = row.period_end
    world.provider.pause(row.ref, until=clock.now() + 60 * DAY, now=clock.now())
    assert (ask(row).status, access(row)) == (Status.PAUSED, end)
    pass_days(61)
    row = ask(row)
    assert (row.status, row.period_end, money(row)) == (Status.ACTIVE, end, [9600])


@by_card
def test_dearer_plan_in_mid_term_costs_the_difference_to_the_cent(world: Any, buy: Any, pass_days: Any, clock: Any) -> None:
    year = Plan.objects.create(name="Year", slug="year", price_cents=9600, period="year")
    row = buy()
    start, end = clock.now(), row.period_end
    pass_days(10)
    unused = 980 * ((end - clock.now()) / (end - start))
    world.provider.change_price(row.ref, terms_of(year.prices.get(), row.reader, order_ref="up"), now=clock.now())
    row = ask(row)
    assert row.price.plan == year
    assert sum(money(row)) == pytest.approx(980 + 9600 - unused, abs=1)
    assert row.period_end == next_period_end(clock.now(), "year", after=clock.now())


@by_card
def test_cheaper_plan_in_mid_term_leaves_what_is_over_to_the_reader(world: Any, buy: Any, pass_days: Any, clock: Any) -> None:
    year = Plan.objects.create(name="Year", slug="year", price_cents=9600, period="year")
    month = Plan.objects.get(slug="month")
    row = buy(plan=year)
    start, end = clock.now(), row.period_end
    pass_days(100)
    unused = 9600 * ((end - clock.now()) / (end - start))
    world.provider.change_price(row.ref, terms_of(month.prices.get(), row.reader, order_ref="down"), now=clock.now())
    row = ask(row)
    assert row.price.plan == month
    assert row.kept_cents - world.credit(row.ref) == pytest.approx(9600 - unused + 980, abs=1)


@by_card
def test_other_plan_from_the_renewal_on_changes_nothing_of_the_paid_period(
    world: Any, buy: Any, pass_days: Any, clock: Any
) -> None:
    year = Plan.objects.create(name="Year", slug="year", price_cents=9600, period="year")
    row = buy()
    end = row.period_end
    world.provider.change_price(
        row.ref, terms_of(year.prices.get(), row.reader, order_ref="later"), at_renewal=True, now=clock.now()
    )
    row = ask(row)
    assert (row.status, row.period_end, money(row)) == (Status.ACTIVE, end, [980])
    assert (row.price.plan.slug, row.next_cents) == ("month", 9600)
    pass_days(29)
    row = ask(row)
    assert (row.price.plan, money(row)) == (year, [980, 9600])
    assert row.period_end == next_period_end(end, "year", after=end)


@by_card
def test_change_that_waits_is_taken_back_and_the_renewal_costs_what_it_did(
    world: Any, buy: Any, pass_days: Any, clock: Any
) -> None:
    small = Plan.objects.create(name="Small", slug="small", price_cents=480, period="month")
    row = buy()
    pass_days(1)
    price = small.prices.get()
    row = change_flows.change_plan(row, price, agreed_text="", shown_cents=0, now=clock.now())
    assert change_flows.find_ordered_change(row) == price
    row = ask(change_flows.keep_plan(row, now=clock.now()))
    assert (change_flows.find_ordered_change(row), row.next_cents) == (None, 980)
    pass_days(29)
    row = ask(row)
    assert (row.price.plan.slug, money(row)) == ("month", [980, 980])


def test_money_goes_back_in_parts_and_never_more_than_came_in(world: Any, buy: Any, clock: Any) -> None:
    row = buy()
    payment = row.lines.get(kind="payment").detail
    world.provider.refund(row.ref, payment, cents=300, now=clock.now())
    assert ask(row).kept_cents == 680
    with pytest.raises(Refused, match="Only"):
        world.provider.refund(row.ref, payment, cents=681, now=clock.now())
    world.provider.refund(row.ref, payment, cents=680, now=clock.now())
    assert ask(row).kept_cents == 0
    with pytest.raises(Refused):
        world.provider.refund(row.ref, payment, cents=1, now=clock.now())
    assert [line.cents for line in row.lines.filter(kind="refund")] == [300, 680]


def withdraw(row: Subscription) -> Subscription:
    return change_flows.withdraw(row, now=core_clock.now())


def refund_and_end(row: Subscription) -> Subscription:
    payment = row.lines.get(kind="payment")
    return refund_flows.refund(row.pk, payment.detail, payment.cents, ends_now=True, by=None, now=core_clock.now())


@by_card
@pytest.mark.parametrize("give_back", [withdraw, refund_and_end])
def test_gift_whose_money_is_all_back_is_over_and_nobody_is_alarmed(give_back: Any, buy: Any, clock: Any) -> None:
    present = Plan.objects.create(name="Gift", slug="gift-year", price_cents=9600, period="year", kind=Plan.Kind.GIFT)
    row = give_back(buy(plan=present, details={"address": "ann@example.org"}))
    assert row.kept_cents == 0
    assert Gift.objects.get(subscription=row).stopped_at == clock.now()
    assert not Alert.objects.filter(subscription=row).exists()


@by_card
def test_payment_that_the_bank_takes_back_ends_access(world: Any, buy: Any, pass_days: Any, clock: Any) -> None:
    row = buy()
    pass_days(3)
    world.dispute(row.ref, clock.now())
    assert access(ask(row)) <= clock.now()


def test_asking_twice_hears_the_same(world: Any, buy: Any, clock: Any) -> None:
    row = buy()
    assert world.provider.fetch(row.ref, now=clock.now()) == world.provider.fetch(row.ref, now=clock.now())


def test_list_holds_every_subscription_once(world: Any, buy: Any, clock: Any) -> None:
    rows = [buy() for _ in range(3)]
    world.provider.cancel(rows[1].ref, at_period_end=False, now=clock.now())
    listed = list(world.provider.list_subscriptions(now=clock.now()))
    assert sorted(snapshot.ref for snapshot in listed) == sorted(row.ref for row in rows)
    assert [snapshot for snapshot in listed if snapshot.ref == rows[1].ref] == [world.provider.fetch(rows[1].ref, now=clock.now())]


@by_card
def test_events_doubled_and_in_any_order_end_at_the_same(world: Any, buy: Any, pass_days: Any, clock: Any) -> None:
    row = buy()
    world.break_card(row.ref)
    pass_days(29)
    world.mend_card(row.ref, clock.now())
    events = world.events(clock.now())
    Random(4).shuffle(events)
    new = sum(receive_event(world.provider.name, *event, now=clock.now()) for event in [*events, *events[::-1]])
    assert new == len(events) > 2
    settle_received_events(now=clock.now())
    row.refresh_from_db()
    assert (row.status, money(row)) == (Status.ACTIVE, [980, 980])
    assert list(find_differences(now=clock.now())) == []


def test_what_is_not_an_event_is_refused(world: Any, buy: Any, clock: Any) -> None:
    buy()
    for headers, body in [({}, b""), ({}, b"{}"), ({}, b'{"id": "evt_invented"}'), ({"Stripe-Signature": "t=1,v1=0"}, b"{}")]:
        with pytest.raises(UntrustedEvent):
            world.provider.read_event(headers, body, now=clock.now())


def test_number_that_nobody_knows_is_refused(world: Any, clock: Any) -> None:
    with pytest.raises(Refused):
        world.provider.fetch("sub_unknown", now=clock.now())
    assert world.provider.find_by_order("unknown") is None


@by_card
def test_card_can_be_changed_somewhere(world: Any, buy: Any) -> None:
    assert (world.provider.manage_url(buy().ref, return_url="https://a.example/account/") or "").startswith("http")


@by_card
def test_discount_ends_after_its_payments(world: Any, buy: Any, pass_days: Any, clock: Any) -> None:
    campaign = Campaign.objects.create(name="Spring", slug="spring", discount_percent=25, discount_periods=2)
    campaign.plans.set(Plan.objects.all())
    row = buy(campaign="spring")
    seen = [row.next_cents]
    for _ in range(3):
        pass_days(31)
        seen.append(ask(row).next_cents)
    assert seen == [735, 980, 980, 980]
    assert money(row) == [735, 735, 980, 980]
