"""Buying with the offline provider, as tests do it."""

from __future__ import annotations

from typing import Any

from broadsheet.billing import offline_flows
from broadsheet.billing.models import Order, Plan, Subscription
from broadsheet.billing.order_flows import Wish, begin_order, finish_order, order_of
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
