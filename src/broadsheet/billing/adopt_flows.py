"""Taking over the subscriptions that a publication has at Stripe already: no new cards, and no letter to anybody.

Each is taken over by itself and once; broken off and begun again, what is here already is only brought up to date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.models import User
from broadsheet.billing import stripe_reading as reading
from broadsheet.billing.ledger import Snapshot, Status
from broadsheet.billing.letter_flows import forgo_failure_letter
from broadsheet.billing.models import FOR_OTHERS, Alert, Plan, Price, Subscription
from broadsheet.billing.provider import ProviderError
from broadsheet.billing.stripe_gateway import StripeGateway
from broadsheet.billing.stripe_goods import NAME
from broadsheet.billing.subscription_flows import apply_snapshot
from broadsheet.billing.watch_flows import no_account_key

BATCH = 100


class CannotAdopt(ProviderError):
    """A price cannot be taken over as it was asked; nothing was done."""


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """A price of Stripe's as far as we can hold it."""

    ref: str
    cents: int
    currency: str
    period: str
    made_at: datetime


@dataclass(slots=True)
class Adopted:
    """What happened, or would happen; `left` names subscriptions that a person has to look at, with the reason."""

    counts: Counter[str] = field(default_factory=Counter)
    other_prices: Counter[str] = field(default_factory=Counter)
    left: list[tuple[str, str]] = field(default_factory=list)

    def leave(self, ref: str, why: str) -> None:
        self.counts["left for you"] += 1
        self.left.append((ref, why))


def read_price(gateway: StripeGateway, ref: str) -> PriceTerms:
    """A price as we can hold it.

    Raises:
        CannotAdopt: it is not a sum each month or each year.
        Refused, ProviderAway: as Stripe says.
    """
    held = gateway.goods.load_price(ref)
    rhythm = held.get("recurring") or {}
    is_plain = rhythm.get("interval") in Plan.Period.values and rhythm.get("interval_count", 1) == 1
    if not is_plain or held.get("unit_amount") is None or rhythm.get("usage_type", "licensed") != "licensed":
        raise CannotAdopt(f"{ref} is not one sum for each month or each year; such a price cannot be taken over.")
    made_at = reading.moment(held["created"])
    return PriceTerms(ref, held["unit_amount"], held["currency"].upper(), rhythm["interval"], made_at)


def adopt_price(terms: PriceTerms, plan: Plan) -> Price:
    """Make a price of Stripe's one of a plan's: today's, if it is the same, or else one of its history.

    Raises:
        CannotAdopt: it is another plan's already, or the plan is for others than its payer.
    """
    known = next((price for price in Price.objects.select_related("plan") if price.provider_refs.get(NAME) == terms.ref), None)
    if known is not None and known.plan_id != plan.pk:
        raise CannotAdopt(f"{terms.ref} is a price of {known.plan.name} already.")
    if plan.kind in FOR_OTHERS:
        raise CannotAdopt(f"{plan.name} is not for whoever pays for it; choose another plan for {terms.ref}.")
    if known is not None:
        return known
    newest = plan.prices.first()
    wanted = (terms.cents, terms.currency, terms.period)
    is_todays = newest is not None and (newest.cents, newest.currency, newest.period) == wanted
    if newest is not None and is_todays and NAME not in newest.provider_refs:
        newest.provider_refs[NAME] = terms.ref
        newest.save(update_fields=["provider_refs"])
        return newest
    since = terms.made_at if newest is None else min(terms.made_at, newest.since - timedelta(seconds=1))
    return Price.objects.create(
        plan=plan, cents=terms.cents, currency=terms.currency, period=terms.period, since=since, provider_refs={NAME: terms.ref}
    )


def adopt_subscriptions(
    gateway: StripeGateway, plans: Mapping[str, Plan], *, dry_run: bool, now: datetime, on_read: Callable[[int], None]
) -> Adopted:
    """Go through every subscription of the account; `plans` says which plan each further price is of, by the price's number.

    Raises:
        CannotAdopt: a price cannot be taken over; nothing was done.
        ProviderError: Stripe does not answer; run it again.
    """
    terms = {ref: read_price(gateway, ref) for ref in plans}
    plan_of = {**_plans_of_known_prices(), **{ref: plan.pk for ref, plan in plans.items()}}
    if not dry_run:
        with transaction.atomic():
            for ref, plan in plans.items():
                adopt_price(terms[ref], plan)
    adopted = Adopted()
    everything = gateway.list_everything()
    while page := list(islice(everything, BATCH)):
        chosen = [subscription for subscription in page if _is_for_us(subscription, plan_of, adopted)]
        snapshots: Iterator[Snapshot] = gateway.read_all(chosen, frozenset(plan_of))
        for snapshot in snapshots:
            _adopt(snapshot, adopted, dry_run=dry_run, now=now)
        on_read(len(page))
    return adopted


def forget_prices() -> int:
    """Forget the numbers that prices have at Stripe, as after a time in its test mode; returns how many.

    Raises:
        CannotAdopt: somebody still pays one of them.
    """
    if Subscription.objects.filter(provider=NAME).exclude(status=Status.ENDED).exists():
        raise CannotAdopt("Some subscriptions are paid at these prices; end them first, or begin with an empty database.")
    forgotten = 0
    for price in Price.objects.all():
        if price.provider_refs.pop(NAME, None) is not None:
            price.save(update_fields=["provider_refs"])
            forgotten += 1
    return forgotten


def _plans_of_known_prices() -> dict[str, int]:
    prices = Price.objects.values_list("provider_refs", "plan_id")
    return {refs[NAME]: plan for refs, plan in prices if refs.get(NAME)}


def _is_for_us(subscription: dict[str, Any], plan_of: Mapping[str, int], adopted: Adopted) -> bool:
    """Whether one of the account's subscriptions is to be read; what is not is counted, or left for a person."""
    prices = [item["price"]["id"] for item in subscription["items"]["data"]]
    ours = {plan_of[ref] for ref in prices if ref in plan_of}
    if subscription["status"] in reading.UNBEGUN:
        adopted.counts["never paid for"] += 1
    elif not ours:
        adopted.counts["of other products"] += 1
        adopted.other_prices.update(prices)
    elif len(ours) > 1:
        adopted.leave(subscription["id"], "it is about several of our plans at once")
    elif subscription["status"] == "canceled" and not _rows(subscription["id"]).exists():
        adopted.counts["ended before"] += 1
    else:
        return True
    return False


def _adopt(snapshot: Snapshot, adopted: Adopted, *, dry_run: bool, now: datetime) -> None:
    row = _rows(snapshot.ref).first()
    if row is not None and not _waits_for_an_account(row):
        if not dry_run:
            apply_snapshot(NAME, snapshot, now=now)
        adopted.counts["here already"] += 1
        return
    address = parse_address(snapshot.email)
    if address is None:
        adopted.leave(snapshot.ref, "its customer has no address")
        return
    reader = User.objects.filter(address_key=address.key).first()
    adopted.counts["readers made" if reader is None else "readers who were here"] += 1
    adopted.counts[f"taken over: {snapshot.status.replace('_', ' ')}"] += 1
    if not dry_run:
        with transaction.atomic():
            # Nobody has proven the mailbox yet: the account cannot be used until its owner signs in with a letter's code.
            reader = reader or User.objects.create_user(address.typed, date_joined=now)
            _take_over(row, replace(snapshot, reader_id=reader.pk), reader, now)


def _take_over(row: Subscription | None, snapshot: Snapshot, reader: User, now: datetime) -> None:
    if row is not None:
        _rows(snapshot.ref).update(reader=reader)
        Alert.objects.filter(key=no_account_key(row)).update(settled_at=now)
    # Our own number of an order, if there is one, is of another time: the payer's address decides.
    held = apply_snapshot(NAME, replace(snapshot, order_ref=""), is_quiet=True, now=now)
    if held.status == Status.PAST_DUE:
        forgo_failure_letter(held.pk, now=now)


def _waits_for_an_account(row: Subscription) -> bool:
    """Whether it never had a reader; one whose reader was erased stays without."""
    return row.reader_id is None and Alert.objects.filter(key=no_account_key(row), settled_at=None).exists()


def _rows(ref: str) -> Any:
    return Subscription.objects.filter(provider=NAME, ref=ref)
