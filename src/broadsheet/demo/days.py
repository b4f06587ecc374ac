"""A day of the demo: what providers and the worker would do about money by then, at once and before one's eyes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from broadsheet.billing import offline_flows
from broadsheet.billing.event_flows import ask_about_due, receive_event, settle_received_events
from broadsheet.billing.letter_flows import write_failure_letters, write_pause_notices, write_renewal_notices
from broadsheet.billing.models import OfflineEvent, ReceivedEvent
from broadsheet.billing.price_change_flows import apply_price_changes


def live_days(days: int, *, now: datetime) -> None:
    """Live through the days after `now`, one by one, as far as subscriptions go."""
    for number in range(1, days + 1):
        live_day(now=now + timedelta(days=number))


def live_day(*, now: datetime) -> None:
    """What is due at a moment: payments, the events that tell of them, letters."""
    apply_price_changes(now=now)
    offline_flows.advance(now=now)
    send_events(waiting_events(), now=now)
    ask_about_due(now=now)
    write_failure_letters(now=now)
    write_renewal_notices(now=now)
    write_pause_notices(now=now)


def waiting_events(ref: str = "") -> list[OfflineEvent]:
    """The offline provider's events that nobody has been told of, of one subscription or of all."""
    told = ReceivedEvent.objects.filter(provider=offline_flows.NAME).values("event_id")
    rows = OfflineEvent.objects.exclude(event_id__in=told)
    return list(rows.filter(subscription_ref=ref) if ref else rows)


def send_events(events: Iterable[OfflineEvent], *, now: datetime) -> None:
    """Send events as a provider would, and settle what came in."""
    for event in events:
        receive_event(offline_flows.NAME, {}, json.dumps({"id": event.event_id}).encode(), now=now)
    while settle_received_events(now=now):
        pass


def lose_events(ref: str) -> int:
    """Send the waiting events of one subscription never; returns how many."""
    return OfflineEvent.objects.filter(pk__in=[event.pk for event in waiting_events(ref)]).delete()[0]
