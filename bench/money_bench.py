"""Money: events of a payment provider in any order, and our books against the provider's.

`measure_webhooks` invents subscriptions with whole lives (payments, refunds, failures, ends) and tells of them three times: each
event at once and in order; late by up to 60 days and a fifth of them twice; all at the end, shuffled. What is asked for is what
holds at the moment of asking, as with a real provider. The three must end in the same books, to the cent. Signatures are those
of Stripe, and are checked; Stripe itself is not asked over the network.

`measure_reconcile` compares a hundred thousand subscriptions with the offline provider's books, and looks at memory.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import resource
import subprocess
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.run import Result
    from broadsheet.billing.ledger import Snapshot
    from broadsheet.billing.stripe_gateway import StripeGateway

EVENTS = int(os.environ.get("BENCH_MONEY_EVENTS", "10000"))
SUBSCRIPTIONS = int(os.environ.get("BENCH_MONEY_SUBSCRIPTIONS", "100000"))
EVENTS_EACH = 10
DOUBLED = 0.2
LATEST = timedelta(days=60)
BATCH = 50  # events that come in between two rounds of the worker
START = datetime(2026, 1, 31, 12, tzinfo=UTC)
END = START + timedelta(days=461)  # when all has happened, and all events have arrived
DAY = timedelta(days=1)
SECRET = "whsec_bench"  # noqa: S105 (signs events that this file makes)
MEMORY_BAR_MB = 100.0


def measure_webhooks() -> list[Result]:
    """Whether every order ends in the same books, and how many events a second of CPU takes in and settles."""
    from bench.run import Result

    measured = run("webhooks")
    note = f"{measured['events']:,} events about {measured['subscriptions']:,} subscriptions"
    return [
        Result("webhooks: orders of delivery that end in other books", "", measured["different"], 0, at_most=True, note=note),
        Result("webhooks taken in and settled, in order", "a CPU second", measured["in order"], None),
        Result("webhooks, late and a fifth doubled", "a CPU second", measured["late and doubled"], None),
    ]


def measure_reconcile() -> list[Result]:
    """How much memory grows while all books are compared, and what that costs."""
    from bench.run import Result

    measured = run("reconcile")
    note = f"{measured['subscriptions']:,} subscriptions, {measured['lines']:,} lines; {measured['found']} differences, as planted"
    return [
        Result("reconcile: growth of memory", "MB", measured["growth_mb"], MEMORY_BAR_MB, at_most=True, note=note),
        Result("reconcile: subscriptions compared", "a CPU second", measured["a_second"], None),
    ]


def run(what: str) -> dict[str, Any]:
    """Measure in processes of their own, with a database made for it."""
    with tempfile.TemporaryDirectory(prefix="broadsheet-money-bench-") as folder:
        environment = {**os.environ, "BROADSHEET_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "broadsheet.conf.settings"}
        environment.pop("BROADSHEET_DATABASE_URL", None)
        if what == "reconcile":  # made in another process, whose memory does not count
            _inside("fill", environment)
        return _inside(what, environment)


def _inside(what: str, environment: dict[str, str]) -> dict[str, Any]:
    ran = subprocess.run([sys.executable, __file__, what], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    measured: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """Measure one thing in this process, into BROADSHEET_DATA_DIR."""
    import logging

    import django

    django.setup()
    from django.core.management import call_command

    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    inside: dict[str, Callable[[], dict[str, Any]]] = {
        "webhooks": lambda: compare_orders(EVENTS // EVENTS_EACH),
        "fill": lambda: fill_books(SUBSCRIPTIONS),
        "reconcile": reconcile_all,
    }
    print(json.dumps(inside[sys.argv[1]]()))


# Lives


@dataclass(frozen=True)
class Life:
    """One subscription: what a provider would say of it from each moment on."""

    moments: list[datetime]
    snapshots: list[Snapshot]

    def at(self, now: datetime) -> Snapshot:
        return self.snapshots[max(0, bisect_right(self.moments, now) - 1)]


def live(number: int, prices: list[str]) -> Life:
    """A life of `EVENTS_EACH` events, the same for the same number."""
    from broadsheet.billing.ledger import PaidSum, Snapshot, Status

    random = Random(number)
    at = START + random.randint(0, 200 * 86_400) * timedelta(seconds=1)
    first = PaidSum(f"pi_{number}_0", 980, "EUR", at)
    state = Snapshot(f"sub_{number}", Status.ACTIVE, at, at + 31 * DAY, prices[0], payments=(first,), customer_ref=f"cus_{number}")
    moments, snapshots = [at], [state]
    while len(moments) < EVENTS_EACH and state.status is not Status.ENDED:
        at += random.randint(1, 20) * DAY
        state = _next(state, at, random, prices)
        moments.append(at)
        snapshots.append(state)
    while len(moments) < EVENTS_EACH:  # what is over is told of once more
        at += DAY
        moments.append(at)
        snapshots.append(state)
    return Life(moments, snapshots)


def _next(state: Snapshot, at: datetime, random: Random, prices: list[str]) -> Snapshot:
    from broadsheet.billing.ledger import PaidSum, Status

    paid = PaidSum(f"pi_{state.ref[4:]}_{len(state.payments)}", 980, "EUR", at)
    renewed = replace(state, period_end=state.period_end + 31 * DAY, payments=(*state.payments, paid))
    if state.status is Status.PAST_DUE:
        if random.random() < 0.7:
            return replace(renewed, status=Status.ACTIVE, failed_at=None)
        return replace(state, status=Status.ENDED, ended_at=at, failed_at=None)
    if any(payment.is_disputed for payment in state.payments):
        return replace(state, payments=tuple(replace(payment, is_disputed=False) for payment in state.payments))
    last = state.payments[-1]
    steps = [
        (50, renewed),
        (12, replace(state, status=Status.PAST_DUE, failed_at=at)),
        (10, replace(state, payments=(*state.payments[:-1], replace(last, refunded_cents=min(980, last.refunded_cents + 200))))),
        (10, replace(state, cancel_at=None if state.cancel_at else state.period_end)),
        (8, replace(state, price_ref=random.choice(prices))),
        (5, replace(state, payments=(*state.payments[:-1], replace(last, is_disputed=True)))),
        (5, replace(state, status=Status.ENDED, ended_at=at)),
    ]
    return random.choices([step for _, step in steps], [weight for weight, _ in steps])[0]


# Events


@dataclass(frozen=True)
class Delivery:
    """One event on its way: signed when it arrives."""

    arrives_at: datetime
    headers: dict[str, str]
    body: bytes


def compare_orders(subscriptions: int, *, first: int = 0) -> dict[str, Any]:
    """Tell of the same lives in three orders: how many end in other books than in order, and events a CPU second.

    `first` is the number of the first life.
    """
    from broadsheet.billing import providers
    from broadsheet.billing.models import Plan

    plan = Plan.objects.create(name="Full access", slug="bench-month", price_cents=980, period="month")
    plan.price_cents = 1280
    plan.save()
    prices = [str(price.pk) for price in plan.prices.all()]
    lives = {f"sub_{number}": live(number, prices) for number in range(first, first + subscriptions)}
    random = Random(7)
    orders: dict[str, list[tuple[datetime, str, datetime]]] = {
        "in order": [(at, ref, at) for ref, life in lives.items() for at in life.moments],
        "late and doubled": list(_late(lives, random)),
        "at the end, shuffled": [(END, ref, at) for ref, life in lives.items() for at in life.moments],
    }
    random.shuffle(orders["at the end, shuffled"])
    books, rates = {}, {}
    for order, (name, told) in enumerate(orders.items()):
        if order < 2:
            told.sort()
        run_ref = f"r{order}"
        gateway = make_gateway(lives, run_ref)
        providers.load_providers = lambda gateway=gateway: {gateway.name: gateway}  # type: ignore[assignment]
        make_readers(lives, run_ref)
        deliveries = [_sign(run_ref, ref, happened, arrives) for arrives, ref, happened in told]
        start = process_time()
        deliver(deliveries)
        rates[name] = round(len(deliveries) / (process_time() - start))
        books[name] = hash_books(run_ref)
    different = sum(found != books["in order"] for found in books.values())
    return {"subscriptions": subscriptions, "events": subscriptions * EVENTS_EACH, "different": different, **rates}


def deliver(deliveries: list[Delivery]) -> None:
    """Take the events in, and let the worker settle them between every few."""
    from broadsheet.billing.event_flows import receive_event, settle_received_events

    arriving = iter(deliveries)
    while batch := list(islice(arriving, BATCH)):
        for delivery in batch:
            receive_event("stripe", delivery.headers, delivery.body, now=delivery.arrives_at)
        while settle_received_events(now=batch[-1].arrives_at):
            pass


def hash_books(run_ref: str) -> str:
    """One number for what the books of one run come to."""
    return hashlib.sha256("\n".join(read_books(run_ref)).encode()).hexdigest()


def read_books(run_ref: str) -> list[str]:
    """Standing, money and open access of each subscription of one run, whatever the way there."""
    from broadsheet.billing.models import Subscription

    told = []
    rows = Subscription.objects.filter(ref__startswith=f"{run_ref}-").select_related("grant").prefetch_related("lines")
    for row in sorted(rows, key=lambda row: row.ref):
        sums: dict[tuple[str, str], int] = {}
        for line in row.lines.all():
            if line.kind in ("payment", "refund"):
                sums[line.kind, line.detail] = sums.get((line.kind, line.detail), 0) + line.cents
        ends_at = row.grant.ends_at if row.grant is not None and row.grant.ends_at is not None else None
        still_open = ends_at if ends_at is not None and ends_at > END else None
        cancel_at = None if row.status == "ended" else row.cancel_at  # an order to end means nothing after the end
        standing = (row.status, row.period_end, cancel_at, row.failed_at, row.ended_at, row.price_id, row.kept_cents)
        told.append(repr((row.ref.partition("-")[2], standing, sorted(sums.items()), still_open)))
    return told


def make_gateway(lives: dict[str, Life], run_ref: str) -> StripeGateway:
    """Our gateway, which proves and reads events; what it would ask Stripe about is looked up here."""
    from broadsheet.billing.stripe_gateway import StripeGateway

    class Gateway(StripeGateway):
        def fetch(self, ref: str, *, now: datetime) -> Snapshot:
            number = ref.partition("-")[2]
            return replace(lives[number].at(now), ref=ref, reader_id=self.readers[ref])

        readers: dict[str, int] = {}

    return Gateway("sk_test_bench", [SECRET])


def make_readers(lives: dict[str, Life], run_ref: str) -> None:
    """An account for each subscription of one run."""
    from broadsheet.accounts.models import User
    from broadsheet.billing import providers

    users = [
        User(email=f"{run_ref}-{ref}@example.org", address_key=f"{run_ref}-{ref}@example.org", confirmed_at=START) for ref in lives
    ]
    User.objects.bulk_create(users, batch_size=500)
    made = User.objects.filter(email__startswith=f"{run_ref}-sub_").values_list("email", "pk")
    gateway: Any = providers.load_providers()["stripe"]
    gateway.readers = {email.partition("@")[0]: pk for email, pk in made}


def _late(lives: dict[str, Life], random: Random) -> Iterator[tuple[datetime, str, datetime]]:
    for ref, life in lives.items():
        for at in life.moments:
            yield at + random.random() * LATEST, ref, at
            if random.random() < DOUBLED:
                yield at + random.random() * LATEST, ref, at


def _sign(run_ref: str, ref: str, happened_at: datetime, arrives_at: datetime) -> Delivery:
    event = {
        "id": f"evt_{run_ref}_{ref}_{happened_at.timestamp():.0f}",
        "object": "event",
        "type": "customer.subscription.updated",
        "created": int(happened_at.timestamp()),
        "livemode": False,
        "data": {"object": {"id": f"{run_ref}-{ref}", "object": "subscription", "padding": "x" * 3_000}},
    }
    body = json.dumps(event).encode()
    signed_at = int(arrives_at.timestamp())
    signature = hmac.new(SECRET.encode(), b"%d." % signed_at + body, hashlib.sha256).hexdigest()
    return Delivery(arrives_at, {"Stripe-Signature": f"t={signed_at},v1={signature}"}, body)


# Reconcile


def fill_books(subscriptions: int) -> dict[str, Any]:
    """Write subscriptions into the offline provider's books and into ours, alike but for three differences."""
    from broadsheet.billing.models import LedgerLine, OfflinePayment, Plan

    plan = Plan.objects.create(name="Full access", slug="bench-month", price_cents=980, period="month")
    price = plan.prices.get()
    for first in range(0, subscriptions, 1_000):
        _fill(range(first, min(first + 1_000, subscriptions)), price.pk)
    OfflinePayment.objects.filter(subscription__ref="sub_7").update(refunded_cents=300)
    _lengthen_grant("sub_8")
    _forget_at_provider("sub_9")
    return {"lines": LedgerLine.objects.count()}


def reconcile_all() -> dict[str, Any]:
    """Compare everything; returns the growth of this process's memory and the CPU it took."""
    from broadsheet.billing import providers
    from broadsheet.billing.models import LedgerLine, Subscription
    from broadsheet.billing.offline_flows import OfflineProvider
    from broadsheet.billing.reconcile_flows import find_differences

    providers.load_providers = lambda: {"offline": OfflineProvider()}  # type: ignore[assignment]
    before, start = _peak_mb(), process_time()
    found = sorted({difference.ref for difference in find_differences(now=START + 20 * DAY)})
    cpu_s, growth = process_time() - start, _peak_mb() - before
    if found != ["sub_7", "sub_8", "sub_9"]:
        raise AssertionError(f"found other differences than those that were planted: {found[:10]}")
    count = Subscription.objects.count()
    return {
        "subscriptions": count,
        "lines": LedgerLine.objects.count(),
        "found": len(found),
        "growth_mb": round(growth, 1),
        "cpu_s": round(cpu_s, 1),
        "a_second": round(count / cpu_s),
    }


def _fill(numbers: range, price_id: int) -> None:
    from broadsheet.accounts.models import User
    from broadsheet.billing.ledger import RENEWAL_GRACE, PaidSum, Snapshot, Status, differences
    from broadsheet.billing.models import LedgerLine, OfflinePayment, OfflineSubscription, Subscription
    from broadsheet.membership.models import Grant

    end = START + 31 * DAY
    users = User.objects.bulk_create(
        User(email=f"reader{number}@example.org", address_key=f"reader{number}@example.org") for number in numbers
    )
    rows = OfflineSubscription.objects.bulk_create(
        OfflineSubscription(
            ref=f"sub_{number}",
            order_ref=f"order_{number}",
            reader_id=user.pk,
            address=user.email,
            price_id=price_id,
            cents=980,
            currency="EUR",
            period="month",
            status="active",
            started_at=START,
            anchor_at=START,
            period_end=end,
        )
        for number, user in zip(numbers, users, strict=True)
    )
    OfflinePayment.objects.bulk_create(
        OfflinePayment(subscription=row, ref=f"pay_{row.ref}_{paid}", cents=980, currency="EUR", paid_at=START + paid * DAY)
        for row in rows
        for paid in range(3)
    )
    grants = Grant.objects.bulk_create(
        Grant(reader=user, source="subscription", starts_at=START, ends_at=end + RENEWAL_GRACE, created_at=START) for user in users
    )
    ours = Subscription.objects.bulk_create(
        Subscription(
            reader=user,
            price_id=price_id,
            provider="offline",
            ref=row.ref,
            status="active",
            started_at=START,
            period_end=end,
            kept_cents=2_940,
            grant=grant,
            checked_at=START,
        )
        for user, row, grant in zip(users, rows, grants, strict=True)
    )

    def said(ref: str) -> Snapshot:
        paid = tuple(PaidSum(f"pay_{ref}_{number}", 980, "EUR", START + number * DAY) for number in range(3))
        return Snapshot(ref, Status.ACTIVE, START, end, str(price_id), payments=paid)

    LedgerLine.objects.bulk_create(
        LedgerLine.of(line, held, written_at=START) for held in ours for line in differences([], said(held.ref), now=START)
    )


def _lengthen_grant(ref: str) -> None:
    from broadsheet.billing.models import Subscription

    grant = Subscription.objects.get(ref=ref).grant
    assert grant is not None
    assert grant.ends_at is not None
    grant.ends_at += DAY
    grant.save()


def _forget_at_provider(ref: str) -> None:
    from broadsheet.billing.models import OfflineSubscription

    OfflineSubscription.objects.filter(ref=ref).delete()


def _peak_mb() -> float:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
