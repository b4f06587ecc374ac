"""What is Stripe's own: its pages, prices, coupons, one-time payments, refusals, and how its objects are read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
import stripe

from broadsheet.billing.change_flows import tell_new_address
from broadsheet.billing.group_flows import hand_over
from broadsheet.billing.ledger import Status
from broadsheet.billing.models import Order as OrderRow
from broadsheet.billing.models import Organisation, Plan, StripeCheckout
from broadsheet.billing.order_flows import terms_of
from broadsheet.billing.provider import NotOurs, Order, ProviderAway, ProviderError, Refused
from broadsheet.billing.stripe_gateway import StripeGateway
from broadsheet.billing.stripe_goods import discount_months
from broadsheet.billing.stripe_reading import Papers, is_ours, read_event, read_subscription
from broadsheet.billing.subscription_flows import apply_snapshot
from broadsheet.core import clock as core_clock
from tests.billing.stripe_double.forms import parse_form
from tests.billing.stripe_double.server import SECRET_KEY, WEBHOOK_SECRET, StripeDouble
from tests.billing.stripe_double.shapes import unknown_fields
from tests.billing.worlds import StripeWorld

DAY = timedelta(days=1)
START = datetime(2026, 2, 17, 9, 30, tzinfo=UTC)
KINDS: dict[str, type[Any]] = {
    "subscription": stripe.Subscription,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "charge": stripe.Charge,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "customer": stripe.Customer,
    "price": stripe.Price,
    "product": stripe.Product,
    "coupon": stripe.Coupon,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "checkout.session": stripe.checkout.Session,
    "billing_portal.session": stripe.billing_portal.Session,
}


@pytest.fixture
def double(stripe_side: StripeWorld) -> StripeDouble:
    return stripe_side.double


@pytest.fixture
def gateway(stripe_side: StripeWorld) -> StripeGateway:
    assert isinstance(stripe_side.provider, StripeGateway)
    return stripe_side.provider


@pytest.fixture
def order(db: None, plan: Plan) -> Callable[..., Order]:
    def make(ref: str = "order-1", **changes: Any) -> Order:
        price = changes.pop("plan", plan).prices.first()
        known = {"order_ref": ref, "reader_id": 7, "address": "ann@example.org", "price_id": price.pk, "plan_name": "All-Access"}
        terms = {"cents": 980, "currency": "EUR", "period": "month", **known, **changes}
        return Order(**terms)

    return make


def go(gateway: StripeGateway, order: Order) -> str:
    """Begin a purchase; the address of Stripe's page."""
    back = "https://example.org/done/"
    return gateway.start_checkout(order, return_url=back, cancel_url=back, now=core_clock.now()).redirect_url


def press(url: str, card: str) -> str:
    """Press a button on one of Stripe's pages; what it answers, or where it leads."""

    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port)
    try:
        connection.request("POST", parts.path, urlencode({"card": card}), {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return answer.headers.get("Location") or answer.read().decode()
    finally:
        connection.close()


@pytest.mark.django_db
def test_buttons_of_the_payment_page_pay_or_are_declined(gateway: StripeGateway, order: Any) -> None:
    url = go(gateway, order())
    with urlopen(url) as page:  # noqa: S310 (the double's own)
        assert "Pay" in page.read().decode()
    assert "declined" in press(url, "declines")
    assert gateway.find_by_order("order-1") is None
    assert press(url, "works") == "https://example.org/done/"
    assert gateway.find_by_order("order-1")


@pytest.mark.django_db
def test_nothing_about_a_person_is_written_on_stripes_objects_but_the_address_for_the_receipt(
    gateway: StripeGateway, double: StripeDouble, order: Any
) -> None:
    go(gateway, order())
    asked = next(params for method, path, params in double.asked if (method, path) == ("POST", "/v1/checkout/sessions"))
    assert asked.pop("customer_email") == "ann@example.org"
    assert "@" not in str(asked)
    assert asked["subscription_data"]["metadata"]["broadsheet_reader"] == "7"


@pytest.mark.django_db
def test_price_is_made_once_and_found_again_by_its_key(
    gateway: StripeGateway, double: StripeDouble, order: Any, plan: Plan
) -> None:
    for number in range(3):
        go(gateway, order(f"order-{number}"))
    price = plan.prices.get()
    price.provider_refs = {}
    price.save()
    go(gateway, order("order-9"))
    assert len(double.books.all("price")) == 1
    plan.price_cents = 1280
    plan.save()
    go(gateway, order("order-10", cents=1280))
    prices = double.books.all("price")
    assert [(held["unit_amount"], held["tax_behavior"]) for held in prices] == [(1280, "inclusive"), (980, "inclusive")]
    assert len({held["product"] for held in prices}) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("currency", "cents"), [("JPY", 1200), ("KWD", 2750), ("EUR", 980)])
def test_amounts_are_the_currencys_smallest_unit_whichever_it_is(
    gateway: StripeGateway, double: StripeDouble, order: Any, currency: str, cents: int
) -> None:
    plan = Plan.objects.create(name="Abroad", slug="abroad", price_cents=cents, currency=currency, period="month")
    press(go(gateway, order(plan=plan, currency=currency, cents=cents)), "works")
    snapshot = gateway.fetch(gateway.find_by_order("order-1") or "", now=core_clock.now())
    assert [(paid.cents, paid.currency) for paid in snapshot.payments] == [(cents, currency)]


@pytest.mark.django_db
def test_whoever_has_paid_before_stays_one_customer(
    gateway: StripeGateway, double: StripeDouble, plan: Plan, make_reader: Any, order: Any
) -> None:
    reader = make_reader()
    for ref in ("order-1", "order-2"):
        press(go(gateway, order(ref, reader_id=reader.pk)), "works")
        apply_snapshot("stripe", gateway.fetch(gateway.find_by_order(ref) or "", now=core_clock.now()), now=core_clock.now())
    assert len(double.books.all("customer")) == 1
    gateway.change_address(gateway.find_by_order("order-1") or "", "new@example.org", now=core_clock.now())
    assert double.books.all("customer")[0]["email"] == "new@example.org"


@pytest.mark.django_db
def test_seats_are_paid_by_a_customer_of_their_own_whoever_looks_after_them(
    gateway: StripeGateway, double: StripeDouble, plan: Plan, make_reader: Any, order: Any
) -> None:
    def customers() -> list[str]:
        return [double.books.things[gateway.find_by_order(ref) or ""]["customer"] for ref in refs]

    seats = Plan.objects.create(name="Seats", slug="seats", price_cents=8000, period="year", kind=Plan.Kind.GROUP)
    old, new, now = make_reader("old@example.org"), make_reader("new@example.org"), core_clock.now()
    refs = ["own", "seats", "more-seats", "own-again"]
    for ref, of in zip(refs, (plan, seats, seats, plan), strict=True):
        press(go(gateway, order(ref, reader_id=old.pk, address=old.email, plan=of)), "works")
        apply_snapshot("stripe", gateway.fetch(gateway.find_by_order(ref) or "", now=now), now=now)
    own, first, second, again = customers()
    assert own == again
    assert len({own, first, second}) == 3
    organisation = Organisation.objects.get(subscription__customer_ref=first)
    hand_over(organisation, new, now=now)
    tell_new_address(new.pk, now=now)
    assert {number: double.books.things[number]["email"] for number in (own, first)} == {own: old.email, first: new.email}
    refs.append("own-of-the-new-owner")
    press(go(gateway, order(refs[-1], reader_id=new.pk, address=new.email)), "works")
    assert customers()[-1] not in (own, first, second)


@pytest.mark.django_db
def test_tax_is_reckoned_by_stripe_only_if_the_operator_says_so(double: StripeDouble, order: Any) -> None:
    for tax in (False, True):
        go(StripeGateway(SECRET_KEY, [WEBHOOK_SECRET], tax=tax, api_base=double.base), order(f"order-{tax}"))
    asked = [params for method, path, params in double.asked if path == "/v1/checkout/sessions" and method == "POST"]
    assert ["automatic_tax" in params for params in asked] == [False, True]


@pytest.mark.django_db
def test_present_is_paid_once_holds_a_period_and_can_be_given_back(
    gateway: StripeGateway, double: StripeDouble, order: Any, plan: Plan, clock: Any
) -> None:
    press(go(gateway, order(renews=False, period="year", cents=9600)), "works")
    ref = gateway.find_by_order("order-1") or ""
    snapshot = gateway.fetch(ref, now=clock.now())
    assert (snapshot.status, snapshot.price_ref, snapshot.order_ref) == (Status.ACTIVE, str(plan.prices.get().pk), "order-1")
    assert snapshot.cancel_at == snapshot.period_end == datetime(2027, 2, 17, 9, 30, tzinfo=UTC)
    gateway.refund(ref, snapshot.payments[0].ref, cents=9600, now=clock.now())
    assert gateway.fetch(ref, now=clock.now()).payments[0].refunded_cents == 9600
    assert gateway.fetch(ref, now=clock.now() + 366 * DAY).status is Status.ENDED
    assert gateway.manage_url(ref, return_url="https://example.org/") is None
    for change in (gateway.undo_cancel, gateway.resume):
        with pytest.raises(Refused, match="paid once"):
            change(ref, now=clock.now())


@pytest.mark.django_db
def test_card_that_is_declined_for_a_dearer_plan_changes_nothing(
    gateway: StripeGateway, double: StripeDouble, order: Any, clock: Any
) -> None:
    press(go(gateway, order()), "works")
    ref = gateway.find_by_order("order-1") or ""
    before = gateway.fetch(ref, now=clock.now())
    double.books.cards[before.customer_ref] = "declines"
    year = Plan.objects.create(name="Year", slug="year", price_cents=9600, period="year")
    with pytest.raises(Refused, match="declined"):
        gateway.change_price(ref, terms_of(year.prices.get(), None, order_ref="up"), now=clock.now())
    assert gateway.fetch(ref, now=clock.now()) == before


@pytest.mark.django_db
def test_nothing_that_costs_more_begins_unpaid_while_the_next_payment_waits(
    gateway: StripeGateway, double: StripeDouble, order: Any, clock: Any
) -> None:
    press(go(gateway, order(quantity=10, cents=9800)), "works")
    ref = gateway.find_by_order("order-1") or ""
    clock.advance(timedelta(days=1))
    double.books.advance(clock.now())
    fewer, more = (order(name, quantity=number) for name, number in (("fewer", 8), ("more", 12)))
    gateway.change_price(ref, fewer, at_renewal=True, now=clock.now())
    waiting = gateway.fetch(ref, now=clock.now())
    assert (waiting.status, waiting.quantity, waiting.next_cents) == (Status.ACTIVE, 10, 7840)
    with pytest.raises(Refused, match="Until it is taken"):
        gateway.change_price(ref, more, now=clock.now())
    assert gateway.fetch(ref, now=clock.now()) == waiting
    gateway.pause(ref, until=waiting.period_end + timedelta(days=30), now=clock.now())
    assert gateway.fetch(ref, now=clock.now()).quantity == 10
    gateway.resume(ref, now=clock.now())
    assert gateway.fetch(ref, now=clock.now()) == waiting
    gateway.change_price(ref, more, at_renewal=True, now=clock.now())
    clock.advance(timedelta(days=31))
    double.books.advance(clock.now())
    renewed = gateway.fetch(ref, now=clock.now())
    assert (renewed.quantity, [payment.cents for payment in renewed.payments]) == (12, [9800, 11760])


@pytest.mark.django_db
def test_more_than_a_page_is_listed_whole_and_other_products_are_not(
    gateway: StripeGateway, double: StripeDouble, plan: Plan
) -> None:
    price = gateway.goods.publish_price(plan.prices.get().pk)
    other = double.books.keep("price", "price", unit_amount=1, currency="eur", recurring={"interval": "month"}, lookup_key=None)
    for number in range(103):
        double.books.subscribe(double.books.customer(f"reader{number}@example.org")["id"], price)
    double.books.subscribe(double.books.customer("mug@example.org")["id"], other["id"])
    refs = [snapshot.ref for snapshot in gateway.list_subscriptions(now=core_clock.now())]
    assert (len(refs), len(set(refs))) == (103, 103)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "error"), [(500, ProviderAway), (429, ProviderAway), (401, ProviderError), (403, ProviderError), (400, Refused)]
)
def test_each_refusal_of_stripes_is_one_of_ours(
    gateway: StripeGateway, double: StripeDouble, fault: int, error: type[Exception]
) -> None:
    double.faults.extend([fault] * 3)
    with pytest.raises(error) as caught:
        gateway.fetch("sub_1", now=core_clock.now())
    assert type(caught.value) is error
    assert SECRET_KEY not in str(caught.value)


@pytest.mark.django_db
def test_answer_that_is_lost_on_the_way_begins_no_second_purchase(gateway: StripeGateway, double: StripeDouble, order: Any) -> None:
    go(gateway, order("order-0"))
    double.faults.append("lose the answer")
    go(gateway, order())
    assert StripeCheckout.objects.count() == 2
    assert len(double.books.all("checkout.session")) == 2


def test_double_refuses_what_stripe_does_not_know() -> None:
    double = StripeDouble(START)
    double._server.server_close()
    wrong = [
        ("POST", "/v1/prices", "currency=eur&unit_amount=1&colour=red", "colour"),
        ("POST", "/v1/subscriptions/sub_1", "billing_cycle_anchor=now", "billing_cycle_anchor"),
        ("POST", "/v1/subscriptions/sub_1", "items[0][prize]=1", "items[0][prize]"),
        ("POST", "/v1/prices", "unit_amount=1", "currency"),
        ("GET", "/v1/subscriptions", "limit=many", "limit"),
    ]
    for method, path, form, param in wrong:
        status, body = double.answer(method, path, parse_form(form), None)
        assert (status, body["error"]["param"]) == (400, param)
    assert double.answer("GET", "/v1/unheard_of", {}, None)[0] == 404


@pytest.mark.django_db
def test_doubles_objects_have_no_field_that_stripes_do_not_have(
    gateway: StripeGateway, double: StripeDouble, order: Any, clock: Any
) -> None:
    press(go(gateway, order(full_cents=1000, discount_percent=2)), "works")
    press(go(gateway, order("order-2", renews=False)), "works")
    ref = gateway.find_by_order("order-1") or ""
    gateway.manage_url(ref, return_url="https://example.org/")
    payment = gateway.fetch(ref, now=clock.now()).payments[0].ref
    gateway.refund(ref, payment, cents=100, now=clock.now())
    double.books.dispute(double.books.all("charge")[0])
    seen = {thing["object"] for thing in double.books.things.values()} - {"params"}
    assert seen == set(KINDS)
    for thing in double.books.things.values():
        if thing["object"] in KINDS:
            assert unknown_fields(thing, KINDS[thing["object"]]) == set(), thing["object"]


# How Stripe's objects are read


def subscription(**changes: Any) -> dict[str, Any]:
    item = {"id": "si_1", "price": {"id": "price_1", "unit_amount": 980}, "quantity": 2, "current_period_end": 2_000_000}
    return {
        "id": "sub_1",
        "status": "active",
        "start_date": 1_000_000,
        "items": {"data": [item]},
        "customer": "cus_1",
        "metadata": {},
        "cancel_at": None,
        "cancel_at_period_end": False,
        "pause_collection": None,
        "trial_end": None,
        "ended_at": None,
        "discounts": [],
        **changes,
    }


def invoice(status: str, end: int, **changes: Any) -> dict[str, Any]:
    line = {"period": {"start": end - 1_000_000, "end": end}, "parent": None}
    return {"status": status, "created": end - 1_000_000, "lines": {"data": [line]}, "payments": {"data": []}, **changes}


@pytest.mark.parametrize(
    ("invoices", "changes", "end"),
    [
        ([], {}, 2_000_000),
        ([invoice("paid", 2_000_000)], {}, 2_000_000),
        ([invoice("open", 2_000_000), invoice("paid", 1_500_000)], {}, 2_000_000),  # on its way, as by direct debit
        ([invoice("open", 2_000_000), invoice("paid", 1_500_000)], {"status": "past_due"}, 1_500_000),
        ([invoice("draft", 2_000_000), invoice("paid", 1_500_000)], {}, 1_500_000),
        ([invoice("void", 2_000_000), invoice("paid", 1_500_000)], {}, 1_500_000),  # written off in a pause of the dashboard's
        ([invoice("open", 2_000_000)], {"status": "unpaid"}, 1_000_000),
        ([invoice("draft", 2_000_000), invoice("paid", 1_500_000), invoice("paid", 9_000_000)], {}, 1_500_000),  # a year given up
    ],
)
def test_period_ends_with_what_is_paid(invoices: list[Any], changes: dict[str, Any], end: int) -> None:
    read = read_subscription(subscription(**changes), Papers(invoices=invoices))
    assert read.period_end.timestamp() == end


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "trialing"}, Status.TRIAL),
        ({"status": "trialing", "metadata": {"broadsheet_waits_for": "pause", "broadsheet_paid_until": "1500000"}}, Status.PAUSED),
        ({"status": "trialing", "metadata": {"broadsheet_waits_for": "change"}}, Status.ACTIVE),
        ({"metadata": {"broadsheet_waits_for": "pause", "broadsheet_paid_until": "1500000"}}, Status.ACTIVE),  # the pause is over
        ({"pause_collection": {"behavior": "void", "resumes_at": None}}, Status.PAUSED),
        ({"status": "past_due", "pause_collection": {"behavior": "void", "resumes_at": None}}, Status.PAST_DUE),
        ({"status": "canceled", "ended_at": 1_800_000}, Status.ENDED),
        ({"status": "unpaid"}, Status.UNPAID),
        ({"status": "paused"}, Status.PAUSED),
    ],
)
def test_status_is_ours(changes: dict[str, Any], status: Status) -> None:
    assert read_subscription(subscription(**changes), Papers()).status is status


@pytest.mark.parametrize(
    ("discounts", "cents"),
    [
        ([], 1960),
        (["di_not_asked_for"], 1960),
        ([{"end": None, "source": {"coupon": {"amount_off": 500}}}], 1460),
        ([{"end": 1_900_000, "source": {"coupon": {"amount_off": 500}}}], 1960),
        ([{"end": None, "source": {"coupon": {"amount_off": None, "percent_off": 25.0}}}], 1470),
    ],
)
def test_next_payment_is_lower_while_a_discount_runs(discounts: list[Any], cents: int) -> None:
    assert read_subscription(subscription(discounts=discounts), Papers()).next_cents == cents


def test_of_several_products_the_one_that_is_ours_counts() -> None:
    items = [
        {"id": "si_1", "price": {"id": "price_mug", "unit_amount": 1}, "quantity": 1, "current_period_end": 2_000_000},
        {"id": "si_2", "price": {"id": "price_1", "unit_amount": 980}, "quantity": 1, "current_period_end": 2_000_000},
    ]
    both = subscription(items={"data": items})
    assert is_ours(both, {"price_1"})
    assert not is_ours(both, {"price_2"})
    assert read_subscription(both, Papers(), known_prices={"price_1"}).price_ref == "price_1"


@pytest.mark.parametrize(
    ("kind", "thing", "ref"),
    [
        ("customer.subscription.updated", {"id": "sub_1"}, "sub_1"),
        ("checkout.session.completed", {"id": "cs_1", "subscription": "sub_1"}, "sub_1"),
        ("checkout.session.completed", {"id": "cs_1", "subscription": None, "payment_intent": "pi_1"}, "pi_1"),
        ("invoice.paid", {"id": "in_1", "parent": {"subscription_details": {"subscription": "sub_1"}}}, "sub_1"),
        ("invoice.paid", {"id": "in_1", "parent": None}, ""),
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1"}, "pi_1"),
        ("charge.dispute.created", {"id": "dp_1", "payment_intent": "pi_1"}, "pi_1"),
        ("charge.succeeded", {"id": "ch_1", "payment_intent": "pi_1"}, ""),
        ("payout.paid", {"id": "po_1"}, ""),
    ],
)
def test_event_says_what_to_ask_about(kind: str, thing: dict[str, Any], ref: str) -> None:
    event = read_event({"id": "evt_1", "type": kind, "created": 1, "data": {"object": thing}})
    assert (event.event_id, event.subscription_ref) == ("evt_1", ref)


@pytest.mark.parametrize(
    ("period", "periods", "trial", "months"),
    [
        ("month", None, 0, 0),
        ("month", 1, 0, 1),
        ("month", 3, 0, 3),
        ("year", 1, 0, 1),
        ("year", 2, 0, 13),
        ("month", 1, 14, 2),
        ("month", 1, 30, 3),
    ],
)
def test_discount_covers_its_payments(period: str, periods: int | None, trial: int, months: int) -> None:
    terms = Order("o", 1, "", 1, "Plan", 735, "EUR", period, trial_days=trial, discount_periods=periods)
    assert discount_months(terms) == months


@pytest.mark.django_db
def test_payment_for_something_else_is_not_ours(gateway: StripeGateway, double: StripeDouble) -> None:
    intent = double.books.keep("pi", "payment_intent", amount=5, currency="eur", customer=None, status="succeeded", metadata={})
    with pytest.raises(NotOurs):
        gateway.fetch(intent["id"], now=core_clock.now())
    assert not OrderRow.objects.exists()
