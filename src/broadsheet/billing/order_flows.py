"""Going to pay, and coming back from it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from broadsheet.accounts.models import User
from broadsheet.billing import providers
from broadsheet.billing.models import Order as OrderRow
from broadsheet.billing.models import Price, Subscription
from broadsheet.billing.provider import Checkout, Order
from broadsheet.billing.subscription_flows import apply_snapshot


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody chose on the subscribe page.

    `agreed_text` is what stood beside the button, kept with time and network as proof of consent.
    """

    price_id: int
    provider: str
    next_path: str = ""
    quantity: int = 1
    discount_percent: int = 0
    campaign: str = ""
    agreed_text: str = ""
    network_key: str = ""
    source: str = ""


def begin_order(user: User, wish: Wish, *, now: datetime) -> Checkout:
    """Keep the order and begin the purchase with its provider; returns where the buyer goes next.

    Raises:
        Refused, ProviderAway: as the provider says.
    """
    with transaction.atomic():
        row = OrderRow.objects.create(
            ref=secrets.token_urlsafe(18),
            reader=user,
            price_id=wish.price_id,
            provider=wish.provider,
            quantity=wish.quantity,
            discount_percent=wish.discount_percent,
            campaign=wish.campaign,
            next_path=wish.next_path,
            agreed_text=wish.agreed_text,
            network_key=wish.network_key,
            source=wish.source,
            created_at=now,
        )
    site = settings.BROADSHEET.site_url
    # Outside the transaction: a provider that is slow must not hold the database.
    return providers.find(wish.provider).start_checkout(
        order_of(row),
        return_url=f"{site}/subscribe/done/{row.ref}/",
        cancel_url=f"{site}/subscribe/",
        now=now,
    )


def finish_order(row: OrderRow, *, now: datetime) -> Subscription | None:
    """What an order has led to by now; None while the provider knows of no payment. Asking again does no harm."""
    provider = providers.find(row.provider)
    ref = provider.find_by_order(row.ref)
    if ref is None:
        return None
    return apply_snapshot(row.provider, provider.fetch(ref, now=now), order=row, now=now)


def follow_subscription(provider: str, ref: str, *, now: datetime) -> Subscription:
    """Ask the provider about one subscription, and bring ours up to what it says."""
    return apply_snapshot(provider, providers.find(provider).fetch(ref, now=now), now=now)


def order_of(row: OrderRow) -> Order:
    """The row as providers take it."""
    price: Price = row.price
    return Order(
        order_ref=row.ref,
        reader_id=row.reader_id or 0,
        address=row.reader.email if row.reader else "",
        price_id=price.pk,
        plan_name=price.plan.name,
        cents=price.cents * row.quantity * (100 - row.discount_percent) // 100,
        currency=price.currency,
        period=price.period,
        trial_days=price.plan.trial_days,
        quantity=row.quantity,
        discount_percent=row.discount_percent,
        renews=price.plan.kind != price.plan.Kind.GIFT,
    )
