"""Events of a provider that come wrong, late, twice, not at all, or in a flood: each ends right, and staff hear of money."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from broadsheet.billing import event_flows
from broadsheet.billing.event_flows import ask_about_due, receive_event, settle_received_events
from broadsheet.billing.ledger import Status
from broadsheet.billing.models import Alert, Order, Plan, ReceivedEvent, Subscription
from broadsheet.billing.order_flows import Wish, begin_order, finish_order, follow_subscription
from broadsheet.billing.provider import UntrustedEvent
from broadsheet.billing.reconcile_flows import find_differences
from broadsheet.core import clock as core_clock
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant
from tests.billing.stripe_double.routes import pay_checkout
from tests.billing.stripe_double.server import StripeDouble
from tests.billing.worlds import StripeWorld

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def double(stripe_side: StripeWorld) -> StripeDouble:
    return stripe_side.double


@pytest.fixture
def pay(double: StripeDouble, make_reader: Any, plan: Plan) -> Callable[..., Order]:
    """Order and pay at Stripe; nobody comes back from there."""

    def pay_plan(reader: Any = None, card: str = "works") -> Order:
        going = begin_order(reader or make_reader(), Wish(plan.prices.first().pk, "stripe"), now=core_clock.now())  # type: ignore[union-attr]
        pay_checkout(double.books, double.books.things[going.redirect_url.rpartition("/")[2]], card)
        return Order.objects.latest("pk")

    return pay_plan


def send(double: StripeDouble, *, settle: bool = True) -> int:
    """Deliver all events that the double holds; returns how many were new."""
    now = core_clock.now()
    new = sum(receive_event("stripe", *double.sign(event, at=now), now=now) for event in double.books.events)
    if settle:
        settle_received_events(now=now)
    return new


def test_event_with_a_wrong_signature_or_another_secret_is_not_kept(double: StripeDouble, pay: Any, clock: Any) -> None:
    pay()
    event = double.books.events[0]
    headers, body = double.sign(event)
    forged = [
        ({}, body),
        (headers, body.replace(b"evt", b"evx")),
        double.sign(event, secret="whsec_other"),
        ({"Stripe-Signature": "nonsense"}, body),
        ({"Stripe-Signature": "t=later,v1=00"}, body),
        double.sign({"id": "evt_1"}),
        double.sign({**event, "livemode": True}),
    ]
    for wrong in forged:
        with pytest.raises(UntrustedEvent):
            receive_event("stripe", *wrong, now=clock.now())
    assert not ReceivedEvent.objects.exists()
    assert receive_event("stripe", headers, body, now=clock.now())


def test_event_that_was_signed_too_long_ago_or_in_the_future_is_not_kept(double: StripeDouble, pay: Any, clock: Any) -> None:
    pay()
    event = double.books.events[0]
    for minutes in (-6, 6):
        with pytest.raises(UntrustedEvent, match="clock"):
            receive_event("stripe", *double.sign(event, at=clock.now() + timedelta(minutes=minutes)), now=clock.now())
    assert receive_event("stripe", *double.sign(event, at=clock.now() - timedelta(minutes=4)), now=clock.now())


def test_secret_can_be_changed_while_both_are_named(double: StripeDouble, pay: Any, clock: Any) -> None:
    from broadsheet.billing.stripe_gateway import StripeGateway

    pay()
    gateway = StripeGateway("sk_test_double", ["whsec_new", "whsec_double"], api_base=double.base)
    event = double.books.events[0]
    for secret in ("whsec_new", "whsec_double"):
        assert gateway.read_event(*double.sign(event, secret=secret), now=clock.now()).event_id == event["id"]


def test_whoever_pays_and_never_comes_back_is_let_in_by_the_event(double: StripeDouble, pay: Any, clock: Any) -> None:
    order = pay()
    assert send(double) > 2
    assert send(double) == 0
    row = Subscription.objects.get()
    assert (row.reader_id, row.kept_cents, list(row.orders.all())) == (order.reader_id, 980, [order])
    assert Grant.objects.get(reader=order.reader_id).ends_at > clock.now()
    assert OutboxLetter.objects.filter(kind="welcome").count() == 1


def test_return_and_event_meet_in_one_subscription(double: StripeDouble, pay: Any, clock: Any) -> None:
    order = pay()
    send(double, settle=False)
    row = finish_order(order, now=clock.now())
    assert row is not None
    lines = row.lines.count()
    settle_received_events(now=clock.now())
    assert (Subscription.objects.count(), row.lines.count()) == (1, lines)


def test_process_that_dies_before_it_settles_loses_nothing(double: StripeDouble, pay: Any, clock: Any, monkeypatch: Any) -> None:
    pay()
    send(double, settle=False)

    def die(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(event_flows, "follow_subscription", die)
        settle_received_events(now=clock.now())
    assert settle_received_events(now=clock.now()) > 0
    assert Subscription.objects.get().kept_cents == 980


@contextmanager
def database_away() -> Iterator[None]:
    def refuse(*args: Any) -> Any:
        raise OperationalError("the database is away")

    with connection.execute_wrapper(refuse):
        yield


def test_event_while_the_database_is_away_is_asked_for_again(double: StripeDouble, pay: Any, clock: Any, client: Client) -> None:
    pay()
    headers, body = double.sign(double.books.events[0], at=clock.now())
    visitor = Client(raise_request_exception=False)

    def post() -> int:
        signature = {"Stripe-Signature": headers["Stripe-Signature"]}
        return visitor.post("/payments/stripe/events/", body, content_type="application/json", headers=signature).status_code

    with database_away():
        assert post() >= 500
    assert not ReceivedEvent.objects.exists()
    assert [post(), post()] == [200, 200]
    assert ReceivedEvent.objects.count() == 1


def test_stripe_that_is_away_is_asked_again_and_nobody_is_alarmed(double: StripeDouble, pay: Any, clock: Any) -> None:
    pay()
    pay()
    send(double, settle=False)
    double.faults.extend([500] * 3)  # the first try and two more by the client
    asked = len(double.asked)
    settle_received_events(now=clock.now())
    assert len(double.asked) == asked  # whoever does not answer one question is not asked the next
    assert not Subscription.objects.exists()
    clock.advance(timedelta(minutes=2))
    settle_received_events(now=clock.now())
    assert Subscription.objects.count() == 2
    assert not Alert.objects.exists()


def test_answer_that_is_lost_costs_nobody_twice(double: StripeDouble, pay: Any, stripe_side: StripeWorld, clock: Any) -> None:
    order = pay()
    row = finish_order(order, now=clock.now())
    assert row is not None
    payment = row.lines.get(kind="payment").detail
    charges = [event for event in double.books.all("charge") if event["payment_intent"] == payment]
    original = double.answer

    def lose_refunds(method: str, path: str, *rest: Any) -> Any:
        if path == "/v1/refunds" and not double.faults:
            double.answer = original  # type: ignore[method-assign]
            original(method, path, *rest)
            return 500, {"error": {"type": "api_error", "message": "lost"}}
        return original(method, path, *rest)

    double.answer = lose_refunds  # type: ignore[method-assign]
    stripe_side.provider.refund(row.ref, payment, cents=300, now=clock.now())
    assert charges[0]["amount_refunded"] == 300


def test_event_about_somebody_elses_product_changes_nothing(double: StripeDouble, pay: Any, clock: Any) -> None:
    books = double.books
    price = books.keep(
        "price",
        "price",
        unit_amount=500,
        currency="eur",
        recurring={"interval": "month", "interval_count": 1},
        product="prod_mug",
        lookup_key=None,
        metadata={},
    )
    books.subscribe(books.customer("mug@example.org")["id"], price["id"])
    send(double)
    assert not Subscription.objects.exists()
    assert not Alert.objects.exists()
    assert not ReceivedEvent.objects.filter(settled_at=None).exists()


def test_purchase_that_was_never_paid_changes_nothing(double: StripeDouble, pay: Any, clock: Any) -> None:
    pay()
    subscription = double.books.all("subscription")[0]
    subscription["status"] = "incomplete"
    send(double)
    assert not Subscription.objects.exists()
    subscription["status"] = "active"
    double.books.tell("customer.subscription.updated", subscription)
    send(double)
    assert Subscription.objects.get().status == Status.ACTIVE


def test_price_that_nobody_here_has_set_is_told_to_staff_and_can_be_mended(
    double: StripeDouble, pay: Any, plan: Plan, clock: Any
) -> None:
    pay()
    price = double.books.all("subscription")[0]["items"]["data"][0]["price"]
    ours = plan.prices.get()
    ours.provider_refs = {}
    ours.save()
    price["currency"] = "xts"  # nor has this currency ever been seen
    send(double)
    assert price["id"] in Alert.objects.get().text
    ours.provider_refs = {"stripe": price["id"]}
    ours.save()
    clock.advance(timedelta(minutes=2))
    settle_received_events(now=clock.now())
    assert Subscription.objects.get().kept_cents == 980


def test_payment_of_somebody_unknown_is_kept_and_told_to_staff(double: StripeDouble, pay: Any, plan: Plan, clock: Any) -> None:
    finish_order(pay(), now=clock.now())
    price = plan.prices.get().provider_refs["stripe"]
    double.books.subscribe(double.books.customer("made.in.the.dashboard@example.org")["id"], price)
    send(double)
    row = Subscription.objects.get(reader=None)
    assert (row.kept_cents, row.grant) == (980, None)
    alert = Alert.objects.get()
    assert "no account" in alert.text
    assert "@" not in alert.text


def test_account_that_was_erased_while_its_owner_paid_leaves_no_trace_but_the_money(
    double: StripeDouble, pay: Any, clock: Any
) -> None:
    order = pay()
    assert order.reader is not None
    order.reader.delete()
    send(double)
    row = Subscription.objects.get()
    assert (row.reader, row.kept_cents) == (None, 980)
    assert "no account" in Alert.objects.get().text


def test_two_subscriptions_at_once_both_count_and_staff_hear_of_it(
    double: StripeDouble, pay: Any, make_reader: Any, clock: Any
) -> None:
    reader = make_reader()
    pay(reader)
    pay(reader)
    send(double)
    assert Grant.objects.filter(reader=reader).count() == 2
    assert "pays twice" in Alert.objects.get().text
    assert sum(row.kept_cents for row in Subscription.objects.all()) == 1960


def test_card_that_fails_after_checkout_is_a_failed_payment(double: StripeDouble, pay: Any, clock: Any) -> None:
    order = pay(card="delays")
    row = finish_order(order, now=clock.now())
    assert row is not None
    assert (row.status, row.kept_cents) == (Status.ACTIVE, 0)
    clock.advance(3 * DAY)
    double.books.advance(clock.now())
    double.books.cards[row.customer_ref] = "declines"
    double.books.attempt(double.books.all("invoice")[0])
    send(double)
    row.refresh_from_db()
    assert (row.status, row.failed_at, row.kept_cents) == (Status.PAST_DUE, clock.now(), 0)


def test_flood_about_one_customer_keeps_nobody_waiting(double: StripeDouble, pay: Any, clock: Any) -> None:
    pay()
    flood = double.books.all("subscription")[0]
    for _ in range(300):
        double.books.tell("customer.subscription.updated", flood)
    pay()
    send(double, settle=False)
    asked = len(double.asked)
    settle_received_events(now=clock.now())
    assert Subscription.objects.count() == 2
    assert not ReceivedEvent.objects.filter(settled_at=None).exists()
    assert len(double.asked) - asked < 20


def test_one_subscription_that_cannot_be_read_keeps_nobody_waiting(double: StripeDouble, pay: Any, clock: Any) -> None:
    pay()
    double.books.all("subscription")[0]["items"]["data"] = []
    pay()
    send(double)
    assert Subscription.objects.count() == 1
    assert "wait" in Alert.objects.get().text
    clock.advance(timedelta(minutes=2))
    settle_received_events(now=clock.now())
    assert Alert.objects.count() == 1


def test_lost_events_are_made_good_by_asking_and_one_that_fails_keeps_nobody_waiting(
    double: StripeDouble, pay: Any, clock: Any, monkeypatch: Any
) -> None:
    rows = [finish_order(pay(), now=clock.now()) for _ in range(3)]
    clock.advance(32 * DAY)
    double.books.advance(clock.now())
    monkeypatch.setattr(event_flows, "BATCH", 1)
    assert rows[0] is not None
    del double.books.things[rows[0].ref]
    for _ in range(3):
        ask_about_due(now=clock.now())
    assert sorted(Subscription.objects.values_list("kept_cents", flat=True)) == [980, 1960, 1960]


def test_refund_that_did_not_arrive_is_in_the_books_again_and_told_to_staff(double: StripeDouble, pay: Any, clock: Any) -> None:
    row = finish_order(pay(), now=clock.now())
    assert row is not None
    charge = double.books.all("charge")[0]
    refund = double.books.refund(charge, 300)
    send(double)
    charge["amount_refunded"] = 0
    double.books.tell("refund.failed", refund)
    send(double)
    row.refresh_from_db()
    assert row.kept_cents == 980
    assert "€3" in Alert.objects.get().text
    assert OutboxLetter.objects.filter(kind="refunded").count() == 1
    assert list(find_differences(now=clock.now())) == []


def follow_again(order: Order, row: Subscription, now: datetime) -> Subscription | None:
    return follow_subscription("stripe", row.ref, now=now)


def finish_again(order: Order, row: Subscription, now: datetime) -> Subscription | None:
    return finish_order(order, now=now)


@pytest.mark.parametrize("ask", [follow_again, finish_again])
def test_older_answer_is_not_written_over_a_newer_one(
    double: StripeDouble, pay: Any, clock: Any, stripe_side: StripeWorld, monkeypatch: Any, ask: Any
) -> None:
    order = pay()
    row = finish_order(order, now=clock.now())
    assert row is not None
    old = stripe_side.provider.fetch(row.ref, now=clock.now())
    real = stripe_side.provider.fetch
    answers = [old]

    def fetch(ref: str, *, now: datetime) -> Any:
        """The first who asks gets the old answer, and while it is on its way another writes down a newer one."""
        if not answers:
            return real(ref, now=now)
        stale = answers.pop()
        double.books.refund(double.books.all("charge")[0], 300)
        follow_subscription("stripe", ref, now=now)
        return stale

    monkeypatch.setattr(stripe_side.provider, "fetch", fetch)
    assert ask(order, row, clock.now()).kept_cents == 680
    assert [line.cents for line in row.lines.filter(kind="refund")] == [300]


def test_dispute_that_is_won_opens_again(double: StripeDouble, pay: Any, clock: Any) -> None:
    order = pay()
    finish_order(order, now=clock.now())
    clock.advance(DAY)
    dispute = double.books.dispute(double.books.all("charge")[0])
    send(double)
    assert not Grant.objects.filter(reader=order.reader, ends_at__gt=clock.now()).exists()
    double.books.close_dispute(dispute, "won")
    send(double)
    assert Grant.objects.filter(reader=order.reader, ends_at__gt=clock.now()).exists()
    assert list(find_differences(now=clock.now())) == []


def test_payment_that_is_disputed_once_more_ends_access_and_staff_hear_of_it_again(
    double: StripeDouble, pay: Any, clock: Any
) -> None:
    order = pay()
    finish_order(order, now=clock.now())
    for times in (1, 2):
        clock.advance(DAY)
        dispute = double.books.dispute(double.books.all("charge")[0])
        send(double)
        assert not Grant.objects.filter(reader=order.reader, ends_at__gt=clock.now()).exists()
        assert Alert.objects.filter(key__startswith="dispute:").count() == times
        double.books.close_dispute(dispute, "won")
        send(double)
        assert Grant.objects.filter(reader=order.reader, ends_at__gt=clock.now()).exists()


def test_events_hold_nothing_about_a_person(double: StripeDouble, pay: Any) -> None:
    pay()
    send(double)
    kept = json.dumps(list(ReceivedEvent.objects.values_list("event_id", "kind", "subscription_ref", "trouble")))
    assert "@" not in kept
