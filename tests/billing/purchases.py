"""Buying with the offline provider, as tests do it."""

from __future__ import annotations

from datetime import date
from typing import Any

from broadsheet.billing import offline_flows
from broadsheet.billing.gift_flows import GiftWish
from broadsheet.billing.models import Gift, Order, Organisation, Plan, Subscription
from broadsheet.billing.order_flows import Wish, begin_order, finish_order, follow_subscription, order_of
from broadsheet.core import clock


def buy(reader: Any, plan: Plan) -> Subscription:
    """Order, pay, come back."""
    price = plan.prices.first()
    assert price is not None
    begin_order(reader, Wish(price.pk, "offline"), now=clock.now())
    order = Order.objects.get(reader=reader)
    assert finish_order(order, now=clock.now()) is None
    offline_flows.pay_order(order, order_of(order), now=clock.now())
    row = finish_order(order, now=clock.now())
    assert row is not None
    return row


def give(giver: Any, plan: Plan, *, day: date | None = None, told: bool = True) -> Gift:
    """Order and pay a gift for Ann; `told` is whether the giver comes back, else an event tells of it."""
    wish = GiftWish("ann@example.org", "Ben", "For the long evenings.", day)
    begin_order(giver, Wish(plan.prices.get().pk, "offline", details=wish.details()), now=clock.now())
    order = Order.objects.get(reader=giver, subscription=None)
    ref = offline_flows.pay_order(order, order_of(order), now=clock.now())
    if told:
        finish_order(order, now=clock.now())
    else:
        follow_subscription("offline", ref, now=clock.now())
    return Gift.objects.get(subscription__ref=ref)


def buy_seats(owner: Any, plan: Plan, seats: int) -> Organisation:
    """Order and pay seats for Acme."""
    wish = Wish(plan.prices.get().pk, "offline", quantity=seats, details={"organisation": "Acme"})
    begin_order(owner, wish, now=clock.now())
    order = Order.objects.get(reader=owner)
    offline_flows.pay_order(order, order_of(order), now=clock.now())
    return Organisation.objects.get(subscription=finish_order(order, now=clock.now()))
