"""A day of the demo: what providers and the worker would do about money by then, at once and before one's eyes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from broadsheet.billing import offline_flows
from broadsheet.billing.alert_flows import report_failed_payments
from broadsheet.billing.event_flows import ask_about_due, receive_event, settle_received_events
from broadsheet.billing.gift_flows import deliver_due_gifts, remind_of_gifts, report_unredeemed_gifts
from broadsheet.billing.invoice_flows import follow_invoices, remind_of_invoices, write_renewal_invoices
from broadsheet.billing.letter_flows import (
    write_card_notices,
    write_failure_letters,
    write_pause_notices,
    write_price_letters,
    write_renewal_notices,
    write_student_letters,
    write_yearly_reminders,
)
from broadsheet.billing.models import OfflineEvent, ReceivedEvent
from broadsheet.billing.price_change_flows import apply_price_changes


def live_days(days: int, *, now: datetime) -> None:
    """Live through the days after `now`, one by one, as far as subscriptions go."""
    for number in range(1, days + 1):
        live_day(now=now + timedelta(days=number))


# What the worker does about money, in the order in which it matters within a day.
JOBS: tuple[Callable[[datetime], object], ...] = (
    lambda now: write_price_letters(now=now),
    lambda now: apply_price_changes(now=now),
    lambda now: write_renewal_invoices(now=now),
    lambda now: remind_of_invoices(now=now),
    lambda now: follow_invoices(now=now),
    lambda now: offline_flows.advance(now=now),
    lambda now: send_events(waiting_events(), now=now),
    lambda now: ask_about_due(now=now),
    lambda now: write_failure_letters(now=now),
    lambda now: write_renewal_notices(now=now),
    lambda now: write_pause_notices(now=now),
    lambda now: write_card_notices(now=now),
    lambda now: write_yearly_reminders(now=now),
    lambda now: write_student_letters(now=now),
    lambda now: report_failed_payments(now=now),
    lambda now: deliver_due_gifts(now=now),
    lambda now: remind_of_gifts(now=now),
    lambda now: report_unredeemed_gifts(now=now),
)


def live_day(*, now: datetime) -> None:
    """What is due at a moment: payments, the events that tell of them, invoices, gifts, letters."""
    for job in JOBS:
        job(now)


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
