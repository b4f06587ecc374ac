"""A subscription's life with the offline provider, from order to end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from broadsheet.billing import offline_flows
from broadsheet.billing.event_flows import ask_about_due, receive_event, settle_received_events
from broadsheet.billing.models import OfflineEvent, Plan
from broadsheet.core import clock
from broadsheet.membership.models import Grant
from tests.billing.purchases import buy

pytestmark = pytest.mark.django_db


def deliver() -> None:
    """Send what the offline provider has to say, the newest first and everything twice, then settle it."""
    for event in [*OfflineEvent.objects.order_by("-id"), *OfflineEvent.objects.all()]:
        receive_event("offline", {}, f'{{"id": "{event.event_id}"}}'.encode(), now=clock.now())
    settle_received_events(now=clock.now())


def test_buying_opens_everything_and_the_event_that_tells_of_it_adds_nothing(offline: Any, plan: Plan, make_reader: Any) -> None:
    reader = make_reader()
    row = buy(reader, plan)
    lines = row.lines.count()
    deliver()
    assert row.lines.count() == lines
    assert (row.status, row.kept_cents) == ("active", 980)
    assert Grant.objects.get(reader=reader).ends_at > clock.now()


def test_price_that_was_raised_is_not_asked_of_those_who_hold_the_old_one(
    offline: Any, plan: Plan, make_reader: Any, clock: Any
) -> None:
    row = buy(make_reader(), plan)
    plan.price_cents = 1280
    plan.save()
    clock.advance(timedelta(days=32))
    offline_flows.advance(now=clock.now())
    deliver()
    row.refresh_from_db()
    assert row.kept_cents == 2 * 980
    assert plan.prices.first().cents == 1280


def test_lost_event_is_made_good_by_asking(offline: Any, plan: Plan, make_reader: Any, clock: Any) -> None:
    row = buy(make_reader(), plan)
    clock.advance(timedelta(days=32))
    offline_flows.advance(now=clock.now())
    assert ask_about_due(now=clock.now()) == 1
    row.refresh_from_db()
    assert row.kept_cents == 2 * 980
    assert row.period_end > clock.now()


def test_failed_payment_keeps_access_through_the_retries_and_then_ends_it(
    offline: Any, plan: Plan, make_reader: Any, clock: Any
) -> None:
    reader = make_reader()
    row = buy(reader, plan)
    offline_flows.fail_next_payment(row.ref)
    seen = []
    for _ in range(50):
        clock.advance(timedelta(days=1))
        offline_flows.advance(now=clock.now())
        deliver()
        row.refresh_from_db()
        grant = Grant.objects.get(pk=row.grant_id)
        seen.append((row.status, grant.ends_at > clock.now()))
    assert ("past_due", True) in seen
    assert seen[-1] == ("unpaid", False)
    assert ("past_due", False) not in seen
