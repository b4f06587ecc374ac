"""Going to pay, and coming back from it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction

from broadsheet.accounts.models import User
from broadsheet.billing import providers
from broadsheet.billing.campaign_flows import hold_campaign
from broadsheet.billing.models import LedgerLine, Plan, Price, Subscription
from broadsheet.billing.models import Order as OrderRow
from broadsheet.billing.provider import Checkout, Order, ProviderAway
from broadsheet.billing.store import has_subscribed
from broadsheet.billing.subscription_flows import Overtaken, apply_snapshot, article_of
from broadsheet.core.flows import EventKind, record_event

TIMES_OVERTAKEN = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody chose on the subscribe page.

    `campaign` is the slug of one whose terms apply; `agreed_text` is what stood beside the button, kept with time and
    network as proof of consent; `details` is what the plan's kind asks for, such as a student's institution.
    """

    price_id: int
    provider: str
    next_path: str = ""
    quantity: int = 1
    campaign: str = ""
    agreed_text: str = ""
    network_key: str = ""
    source: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def begin_order(user: User, wish: Wish, *, now: datetime) -> Checkout:
    """Keep the order and begin the purchase with its provider; returns where the buyer goes next.

    Raises:
        Refused: the provider says no, or the campaign is over; the message says why.
        ProviderAway: as the provider says.
    """
    with transaction.atomic():
        price = Price.objects.select_related("plan").get(pk=wish.price_id)
        campaign = hold_campaign(wish.campaign, user, price.plan, now=now) if wish.campaign else None
        row = OrderRow.objects.create(
            ref=secrets.token_urlsafe(18),
            reader=user,
            price=price,
            provider=wish.provider,
            quantity=wish.quantity,
            discount_percent=campaign.discount_percent if campaign else 0,
            discount_periods=campaign.discount_periods if campaign else None,
            trial_days=trial_days(price.plan, user.pk),
            details=dict(wish.details),
            campaign=wish.campaign,
            next_path=wish.next_path,
            agreed_text=wish.agreed_text,
            network_key=wish.network_key,
            source=wish.source,
            created_at=now,
        )
        article_id = article_of(wish.next_path)
        source = campaign.slug if campaign else ""
        record_event(EventKind.ORDERED, now=now, reader_id=user.pk, article_id=article_id, source=source)
    site = settings.BROADSHEET.site_url
    back = urlencode({"chosen": price.plan.slug, **({"next": wish.next_path} if wish.next_path else {})})
    # Outside the transaction: a provider that is slow must not hold the database.
    return providers.find(wish.provider).start_checkout(
        order_of(row),
        return_url=f"{site}/subscribe/done/{row.ref}/",
        cancel_url=f"{site}/subscribe/?{back}",
        now=now,
    )


def trial_days(plan: Plan, reader_id: int | None) -> int:
    """The free days that a reader gets with a plan: none for whoever has subscribed before, and none with a gift."""
    if not plan.trial_days or plan.kind == Plan.Kind.GIFT or has_subscribed(reader_id):
        return 0
    return plan.trial_days


def finish_order(row: OrderRow, *, now: datetime) -> Subscription | None:
    """What an order has led to by now; None while the provider knows of no payment. Asking again does no harm."""
    ref = providers.find(row.provider).find_by_order(row.ref)
    return None if ref is None else follow_subscription(row.provider, ref, order=row, now=now)


def follow_subscription(provider: str, ref: str, *, order: OrderRow | None = None, now: datetime) -> Subscription:
    """Ask the provider about one subscription, and bring ours up to what it says; `order` is the one it came of, if known.

    Two who ask at once might write down the older answer last; so whoever was overtaken asks again.
    """
    for _ in range(TIMES_OVERTAKEN):
        seen = LedgerLine.objects.filter(subscription__provider=provider, subscription__ref=ref).count()
        snapshot = providers.find(provider).fetch(ref, now=now)
        with suppress(Overtaken):
            return apply_snapshot(provider, snapshot, order=order, seen_lines=seen if snapshot.ref == ref else None, now=now)
    raise ProviderAway("Too much is happening with this subscription at once; try again in a minute.")


def order_of(row: OrderRow) -> Order:
    """The row as providers take it."""
    terms = terms_of(row.price, row.reader, order_ref=row.ref, quantity=row.quantity)
    return replace(
        terms,
        cents=terms.cents * (100 - row.discount_percent) // 100,
        full_cents=terms.cents if row.discount_percent else 0,
        trial_days=row.trial_days,
        discount_percent=row.discount_percent,
        discount_periods=row.discount_periods,
    )


def terms_of(price: Price, reader: User | None, *, order_ref: str, quantity: int = 1) -> Order:
    """A price as providers take it when a subscription changes to it: without free days and discounts."""
    return Order(
        order_ref=order_ref,
        reader_id=reader.pk if reader else 0,
        address=reader.email if reader else "",
        price_id=price.pk,
        plan_name=price.plan.name,
        cents=price.cents * quantity,
        currency=price.currency,
        period=price.period,
        quantity=quantity,
        renews=price.plan.kind != price.plan.Kind.GIFT,
    )
