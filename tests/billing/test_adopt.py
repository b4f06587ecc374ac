"""Taking over the subscriptions that a publication has at Stripe: all of them, once, as they are, and without a letter."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from broadsheet.accounts.models import User
from broadsheet.billing.event_flows import receive_event, settle_received_events
from broadsheet.billing.letter_flows import write_failure_letters
from broadsheet.billing.models import Alert, Plan, Price, Subscription
from broadsheet.billing.provider import ProviderAway
from broadsheet.billing.reconcile_flows import find_differences
from broadsheet.core.models import Event
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant
from tests.billing.stripe_double.routes import create_price
from tests.billing.stripe_double.server import StripeDouble
from tests.billing.worlds import StripeWorld

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def adopt(*options: str) -> tuple[dict[str, Any], int]:
    """Run the command; its report and its exit status."""
    told, status = StringIO(), 0
    try:
        call_command("adopt", "stripe", "--json", *options, stdout=told)
    except SystemExit as end:
        status = int(end.code or 0)
    return json.loads(told.getvalue()), status


class Old:
    """A publication that has sold through Stripe for half a year."""

    def __init__(self, double: StripeDouble, now: datetime) -> None:
        self.double, self.now = double, now
        books = double.books
        books.now -= 180 * 86_400
        self.old_month = self.price(800, "month")
        self.month = self.price(980, "month", product=self.product(self.old_month))
        self.year = self.price(9600, "year")
        self.mug = self.price(500, "month")
        self.quarter = self.price(2500, "month", count="3")
        self.refs = {
            "active": self.subscribe("ann@example.org", self.old_month),
            "ending": self.subscribe("ben@example.org", self.month),
            "ended": self.subscribe("cem@example.org", self.month),
            "year": self.subscribe("Eva@Example.org", self.year),
            "mug": self.subscribe("fred@example.org", self.mug),
            "failing": self.subscribe("dora@example.org", self.month, days_ago=35, card="declines later"),
            "paused": self.subscribe("hana@example.org", self.month, days_ago=20),
            "trial": self.subscribe("gil@example.org", self.month, days_ago=3, trial_days=14),
            "second": self.subscribe("ann@example.org", self.year, days_ago=2),
            "nobody": self.subscribe(None, self.month, days_ago=1),
        }
        books.cancel(books.things[self.refs["ended"]])
        books.advance(now)
        books.update(self.of("ending"), {"cancel_at_period_end": "true"})
        until = int((now + 60 * DAY).timestamp())
        books.update(self.of("paused"), {"pause_collection": {"behavior": "void", "resumes_at": str(until)}})
        books.events.clear()

    def price(self, cents: int, interval: str, *, count: str = "1", product: str = "") -> str:
        params: dict[str, Any] = {
            "currency": "eur",
            "unit_amount": str(cents),
            "recurring": {"interval": interval, "interval_count": count},
        }
        params |= {"product": product} if product else {"product_data": {"name": "Full access"}}
        return str(create_price(self.double.books, params, "")["id"])

    def product(self, price: str) -> str:
        return str(self.double.books.things[price]["product"])

    def subscribe(self, email: str | None, price: str, *, days_ago: int = 175, card: str = "works", **terms: Any) -> str:
        books = self.double.books
        books.advance(self.now - days_ago * DAY)
        customer = books.customer(email)["id"]
        ref = str(books.subscribe(customer, price, **terms)["id"])
        books.cards[customer] = card
        return ref

    def of(self, name: str) -> dict[str, Any]:
        return self.double.books.things[self.refs[name]]


@pytest.fixture
def year_plan() -> Plan:
    return Plan.objects.create(name="Year", slug="year", price_cents=9600, period="year")


@pytest.fixture
def old(stripe_side: StripeWorld, clock: Any, plan: Plan, year_plan: Plan) -> Old:
    return Old(stripe_side.double, clock.now())


@pytest.fixture
def named(old: Old) -> tuple[str, ...]:
    """The options that name the plan of each price."""
    pairs = {old.old_month: "month", old.month: "month", old.year: "year"}
    return tuple(word for price, slug in pairs.items() for word in ("--plan", f"{price}={slug}"))


def test_all_are_taken_over_as_they_are_and_nobody_gets_a_letter(old: Old, named: tuple[str, ...], clock: Any) -> None:
    report, status = adopt(*named)
    assert report["counts"] == {
        "ended before": 1,
        "left for you": 1,
        "of other products": 1,
        "readers made": 6,
        "readers who were here": 1,
        "taken over: active": 4,
        "taken over: past due": 1,
        "taken over: paused": 1,
        "taken over: trial": 1,
    }
    assert report["other_prices"] == {old.mug: 1}
    assert report["left"] == {old.refs["nobody"]: "its customer has no address"}
    assert status == 1
    rows = {row.ref: row for row in Subscription.objects.select_related("reader", "grant")}
    held = {name: rows.get(ref) for name, ref in old.refs.items()}
    assert {name for name, row in held.items() if row is None} == {"ended", "mug", "nobody"}
    assert {name: row.status for name, row in held.items() if row} == {
        "active": "active",
        "ending": "active",
        "failing": "past_due",
        "year": "active",
        "trial": "trial",
        "paused": "paused",
        "second": "active",
    }
    ending, year = held["ending"], held["year"]
    assert ending is not None and ending.grant is not None and ending.grant.ends_at == ending.cancel_at == ending.period_end
    assert year is not None and year.reader is not None
    assert (year.reader.email, year.reader.confirmed_at, year.reader.has_usable_password()) == ("Eva@Example.org", None, False)
    assert all(row.grant is not None and row.grant.ends_at > clock.now() for row in rows.values())
    write_failure_letters(now=clock.now())
    assert not OutboxLetter.objects.exists()
    assert not Event.objects.exists()


def test_money_of_the_past_is_in_the_books_to_the_cent(old: Old, named: tuple[str, ...], clock: Any) -> None:
    adopt(*named)
    assert Subscription.objects.get(ref=old.refs["active"]).kept_cents == 6 * 800
    theirs = {old.refs["nobody"]}
    assert {difference.ref for difference in find_differences(now=clock.now())} == theirs


def test_old_price_is_history_and_todays_price_is_the_one_at_stripe(old: Old, named: tuple[str, ...], plan: Plan) -> None:
    adopt(*named)
    prices = list(plan.prices.all())
    assert [(price.cents, price.provider_refs["stripe"]) for price in prices] == [(980, old.month), (800, old.old_month)]
    assert Subscription.objects.get(ref=old.refs["active"]).price == prices[1]


def test_running_it_again_changes_nothing(old: Old, named: tuple[str, ...]) -> None:
    adopt(*named)
    before = [list(model.objects.order_by("pk").values_list("pk")) for model in (Subscription, User, Grant, Price)]
    lines = sum(row.lines.count() for row in Subscription.objects.all())
    report, _ = adopt()
    assert report["counts"]["here already"] == 7
    assert [list(model.objects.order_by("pk").values_list("pk")) for model in (Subscription, User, Grant, Price)] == before
    assert sum(row.lines.count() for row in Subscription.objects.all()) == lines


def test_dry_run_says_the_same_and_writes_nothing(old: Old, named: tuple[str, ...]) -> None:
    report, _ = adopt(*named, "--dry-run")
    assert not Subscription.objects.exists()
    assert not User.objects.exists()
    assert not any(price.provider_refs for price in Price.objects.all())
    real, _ = adopt(*named)
    counts = {**report["counts"]}
    # Who has two subscriptions has no account yet in a dry run.
    assert counts.pop("readers made") + counts.pop("readers who were here", 0) == 7
    assert counts == {what: number for what, number in real["counts"].items() if not what.startswith("readers")}


def test_broken_off_in_the_middle_it_goes_on_where_it_was(
    old: Old, named: tuple[str, ...], monkeypatch: Any, stripe_side: StripeWorld
) -> None:
    real = stripe_side.provider.read_all  # type: ignore[attr-defined]

    def break_off(subscriptions: Any, known: Any) -> Any:
        for number, snapshot in enumerate(real(subscriptions, known)):
            if number == 3:
                raise ProviderAway("Stripe does not answer.")
            yield snapshot

    with monkeypatch.context() as broken, pytest.raises(CommandError, match="does not answer"):
        broken.setattr(stripe_side.provider, "read_all", break_off)
        adopt(*named)
    assert Subscription.objects.count() == 2  # the newest first, and one of three has no address
    report, _ = adopt()
    assert report["counts"]["here already"] == 2
    assert Subscription.objects.count() == 7


def test_account_that_is_here_already_gets_its_subscription(old: Old, named: tuple[str, ...], make_reader: Any) -> None:
    eva = make_reader("eva@example.org")
    adopt(*named)
    assert Subscription.objects.get(ref=old.refs["year"]).reader == eva


def test_two_subscriptions_of_one_address_come_both_and_are_told_to_staff(old: Old, named: tuple[str, ...]) -> None:
    adopt(*named)
    ann = User.objects.get(address_key="ann@example.org")
    assert Grant.objects.filter(reader=ann).count() == 2
    assert "pays twice" in Alert.objects.get().text


def test_what_happens_afterwards_is_followed_like_any_other(old: Old, named: tuple[str, ...], clock: Any) -> None:
    adopt(*named)
    clock.advance(31 * DAY)
    old.double.books.advance(clock.now())
    for event in old.double.books.events:
        receive_event("stripe", *old.double.sign(event, at=clock.now()), now=clock.now())
    settle_received_events(now=clock.now())
    assert Subscription.objects.get(ref=old.refs["active"]).kept_cents == 7 * 800
    assert Subscription.objects.get(ref=old.refs["ending"]).status == "ended"
    assert not Subscription.objects.filter(ref=old.refs["mug"]).exists()


def test_subscription_made_in_the_dashboard_gets_its_account_later(old: Old, named: tuple[str, ...], clock: Any) -> None:
    adopt(*named)
    ref = old.subscribe("zoe@example.org", old.month, days_ago=0)
    old.double.books.events = old.double.books.events[-1:]
    receive_event("stripe", *old.double.sign(old.double.books.events[0], at=clock.now()), now=clock.now())
    settle_received_events(now=clock.now())
    row = Subscription.objects.get(ref=ref)
    assert row.grant is None
    adopt()
    row.refresh_from_db()
    assert row.reader is not None and row.grant is not None
    assert not Alert.objects.filter(key__startswith="no-account", settled_at=None).exists()


def test_erased_readers_subscription_is_given_to_nobody_again(old: Old, named: tuple[str, ...]) -> None:
    adopt(*named)
    User.objects.get(address_key="gil@example.org").delete()
    adopt()
    assert Subscription.objects.get(ref=old.refs["trial"]).reader is None
    assert not User.objects.filter(address_key="gil@example.org").exists()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("quarter=month", "each month or each year"),
        ("month=gift", "choose another plan"),
        ("month=nothing", "Plans: month"),
        ("nonsense", "such as"),
    ],
)
def test_price_that_cannot_be_held_is_refused_before_anything_is_done(old: Old, option: str, message: str) -> None:
    Plan.objects.create(name="Gift", slug="gift", price_cents=980, period="month", kind=Plan.Kind.GIFT)
    price, _, slug = option.partition("=")
    with pytest.raises(CommandError, match=message):
        adopt("--plan", f"{getattr(old, price, price)}={slug}" if slug else option)
    assert not Subscription.objects.exists()


def test_prices_of_test_mode_are_forgotten_only_while_nobody_pays_them(old: Old, named: tuple[str, ...]) -> None:
    adopt(*named)
    with pytest.raises(CommandError, match="paid at these prices"):
        call_command("adopt", "stripe", "--forget-prices")
    Subscription.objects.update(status="ended")
    call_command("adopt", "stripe", "--forget-prices", stdout=StringIO())
    assert not any(price.provider_refs for price in Price.objects.all())
