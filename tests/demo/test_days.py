"""Days of the demo: what happens about money when its clock moves, and what was lost on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from broadsheet.billing import offline_flows, providers
from broadsheet.billing.models import OfflineEvent, Plan
from broadsheet.billing.reconcile_flows import find_differences
from broadsheet.core.clock import StoppedClock
from broadsheet.demo.days import live_days, lose_events, send_events, waiting_events
from broadsheet.mail.models import OutboxLetter
from tests.billing.purchases import buy

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription(make_reader: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    plan = Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month")
    return buy(make_reader("ann@example.net"), plan)


def kinds() -> list[str]:
    letters = OutboxLetter.objects.filter(to_address="ann@example.net").order_by("id")
    return [kind for kind in letters.values_list("kind", flat=True) if kind not in ("welcome", "receipt")]


def test_failed_payment_is_written_of_day_by_day_however_far_the_clock_moves(subscription: Any, clock: StoppedClock) -> None:
    offline_flows.fail_next_payment(subscription.ref)
    offline_flows.bring_forward(subscription.ref, now=clock.now())
    live_days(3, now=clock.now())
    assert kinds() == ["payment-failed", "payment-failed-again"]
    live_days(28, now=clock.now() + timedelta(days=3))
    assert kinds() == ["payment-failed", "payment-failed-again", "payment-failed-last", "unpaid"]
    subscription.refresh_from_db()
    assert subscription.status == "unpaid"
    assert not [*find_differences(now=clock.now())]


def test_months_are_renewed(subscription: Any, clock: StoppedClock) -> None:
    live_days(65, now=clock.now())
    subscription.refresh_from_db()
    assert subscription.kept_cents == 3 * 980
    assert not waiting_events()


def test_next_payment_is_taken_at_once(subscription: Any, clock: StoppedClock) -> None:
    offline_flows.bring_forward(subscription.ref, now=clock.now())
    send_events(waiting_events(subscription.ref), now=clock.now())
    subscription.refresh_from_db()
    assert (subscription.status, subscription.kept_cents) == ("active", 2 * 980)


def test_events_that_are_lost_are_made_good_by_asking(subscription: Any, clock: StoppedClock) -> None:
    offline_flows.fail_next_payment(subscription.ref)
    offline_flows.bring_forward(subscription.ref, now=clock.now())
    assert lose_events(subscription.ref) == 2
    assert not OfflineEvent.objects.exists()
    assert [difference.ref for difference in find_differences(now=clock.now())]
    live_days(31, now=clock.now())  # the next tries tell of it, and the period's end is asked about
    assert not [*find_differences(now=clock.now())]
