"""Events of providers: kept once, answered at once, settled soon after by asking the provider what is so now."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from broadsheet.billing import providers
from broadsheet.billing.models import ReceivedEvent, Subscription
from broadsheet.billing.order_flows import follow_subscription
from broadsheet.billing.provider import ProviderAway, ProviderError
from broadsheet.billing.subscription_flows import UnknownPrice, raise_alert

logger = logging.getLogger(__name__)

BATCH = 100
# What can't be settled now is tried again for two days, then staff have to look.
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60, 180, 720, 720, 720))
KEPT = timedelta(days=90)  # longer than any provider repeats an event
DUE_SLACK = timedelta(hours=1)


def receive_event(provider: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> bool:
    """Prove, and keep, one event; False if it was known already.

    Raises:
        UntrustedEvent: it is not from the provider, too old or unreadable.
    """
    event = providers.find(provider).read_event(headers, body, now=now)
    _, is_new = ReceivedEvent.objects.get_or_create(
        provider=provider,
        event_id=event.event_id,
        defaults={
            "kind": event.kind,
            "subscription_ref": event.subscription_ref,
            "happened_at": event.happened_at,
            "received_at": now,
            "due_at": now,
        },
    )
    return is_new


def settle_received_events(*, now: datetime) -> int:
    """Settle what has come in; one subscription is asked about once, however many events told of it. Returns how many."""
    rows = list(ReceivedEvent.objects.filter(settled_at__isnull=True, due_at__lte=now).order_by("due_at", "id")[:BATCH])
    by_subscription: dict[tuple[str, str], list[ReceivedEvent]] = {}
    for row in rows:
        by_subscription.setdefault((row.provider, row.subscription_ref), []).append(row)
    for (provider, ref), events in by_subscription.items():
        _settle(provider, ref, events, now)
    return len(rows)


def ask_about_due(*, now: datetime) -> int:
    """Ask about each subscription whose period is over though no event told so: one may have been lost. Returns how many."""
    due = Subscription.objects.filter(
        status__in=("trial", "active", "past_due", "paused"), period_end__lt=now, checked_at__lt=now - DUE_SLACK
    )[:BATCH]
    asked = 0
    for row in due:
        asked += 1
        try:
            follow_subscription(row.provider, row.ref, now=now)
        except ProviderError as error:
            logger.warning("Subscription %s could not be asked about: %s", row.pk, error)
    return asked


def forget_old_events(*, now: datetime) -> int:
    """Delete settled events that no provider will repeat any more; returns how many."""
    return ReceivedEvent.objects.filter(settled_at__lt=now - KEPT).delete()[0]


def _settle(provider: str, ref: str, events: list[ReceivedEvent], now: datetime) -> None:
    trouble = ""
    try:
        if ref:
            follow_subscription(provider, ref, now=now)
    except (ProviderError, UnknownPrice) as error:
        trouble = str(error)[:300]
        is_lasting = not isinstance(error, ProviderAway)
        _put_off(events, trouble, is_lasting=is_lasting, now=now)
        return
    ReceivedEvent.objects.filter(pk__in=[event.pk for event in events]).update(settled_at=now, trouble="")


def _put_off(events: list[ReceivedEvent], trouble: str, *, is_lasting: bool, now: datetime) -> None:
    with transaction.atomic():
        for event in events:
            if event.tries < len(BACKOFF):
                event.due_at = now + BACKOFF[event.tries]
            else:
                event.settled_at = now
            event.tries += 1
            event.trouble = trouble
            event.save(update_fields=["due_at", "settled_at", "tries", "trouble"])
            if is_lasting or event.settled_at is not None:
                raise_alert(f"event:{event.provider}:{event.event_id}", f"Event {event.event_id} waits: {trouble}", now=now)
