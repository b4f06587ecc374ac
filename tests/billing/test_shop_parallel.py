"""Many go to pay with the last uses of a campaign at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from broadsheet.billing.models import Campaign, Order, Plan
from broadsheet.billing.order_flows import Wish, begin_order
from broadsheet.billing.provider import Refused
from broadsheet.core import clock

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 8


def test_no_more_hold_a_campaign_than_it_has_uses(offline: Any, plan: Plan, make_reader: Any) -> None:
    campaign = Campaign.objects.create(name="Spring", slug="spring", discount_percent=50, max_uses=3)
    campaign.plans.set([plan])
    price = plan.prices.first()
    assert price is not None
    readers, now, together = [make_reader() for _ in range(MANY)], clock.now(), Barrier(MANY)

    def go(reader: Any) -> bool:
        together.wait()
        try:
            begin_order(reader, Wish(price.pk, "offline", campaign="spring"), now=now)
        except Refused:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(MANY) as pool:
        held = [*pool.map(go, readers)]
    assert sum(held) == 3
    assert Order.objects.filter(campaign="spring").count() == 3
