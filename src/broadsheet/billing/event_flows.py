"""Events of providers: kept once, answered at once, settled soon after by asking the provider what is so now."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min, QuerySet

from broadsheet.billing import providers
from broadsheet.billing.models import ReceivedEvent, Subscription
from broadsheet.billing.order_flows import follow_subscription
from broadsheet.billing.provider import NotOurs, ProviderAway, ProviderError
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
    # What is about no subscription is kept, so that it is known, and there is nothing to do.
    settled_at = None if event.subscription_ref else now
    _, is_new = ReceivedEvent.objects.get_or_create(
        provider=provider,
        event_id=event.event_id,
        defaults={
            "kind": event.kind,
            "subscription_ref": event.subscription_ref,
            "happened_at": event.happened_at,
            "received_at": now,
            "due_at": now,
            "settled_at": settled_at,
        },
    )
    return is_new


def settle_received_events(*, now: datetime) -> int:
    """Settle what is due, a subscription at a time; returns how many events.

    A subscription is asked about once, however many events told of it, so that a flood about one keeps no other waiting.
    """
    due = ReceivedEvent.objects.filter(settled_at__isnull=True, due_at__lte=now)
    heaps = due.values("provider", "subscription_ref").annotate(
        since=Min("due_at"), first=Min("id"), last=Max("id"), tries=Max("tries"), events=Count("id")
    )
    settled, away = 0, set[str]()
    for heap in list(heaps.order_by("since", "first")[:BATCH]):
        if heap["provider"] in away:
            continue
        rows = due.filter(provider=heap["provider"], subscription_ref=heap["subscription_ref"], id__lte=heap["last"])
        try:
            trouble = _settle(heap["provider"], heap["subscription_ref"], rows, now)
        except ProviderAway as error:
            trouble = str(error)
            away.add(heap["provider"])
        if trouble:
            _put_off(rows, heap, trouble, is_lasting=heap["provider"] not in away, now=now)
        settled += heap["events"]
    # Whoever does not answer one question is not asked a hundred, each of which would wait.
    due.filter(provider__in=away).update(due_at=now + BACKOFF[0])
    return settled


def ask_about_due(*, now: datetime) -> int:
    """Ask about each subscription whose period is over though no event told so: one may have been lost. Returns how many."""
    due = Subscription.objects.filter(
        status__in=("trial", "active", "past_due", "paused"), period_end__lt=now, checked_at__lt=now - DUE_SLACK
    ).order_by("checked_at")[:BATCH]
    asked, away = 0, set[str]()
    for row in due:
        if row.provider in away:
            continue
        asked += 1
        try:
            follow_subscription(row.provider, row.ref, now=now)
        except ProviderAway:
            away.add(row.provider)
        except (ProviderError, UnknownPrice) as error:
            logger.warning("Subscription %s could not be asked about: %s", row.pk, error)
            Subscription.objects.filter(pk=row.pk).update(checked_at=now)  # its turn is over; others wait
    return asked


def forget_old_events(*, now: datetime) -> int:
    """Delete settled events that no provider will repeat any more; returns how many."""
    return ReceivedEvent.objects.filter(settled_at__lt=now - KEPT).delete()[0]


def _settle(provider: str, ref: str, rows: QuerySet[ReceivedEvent], now: datetime) -> str:
    """Ask about one subscription, and tick its events off; returns what is in the way, "" if nothing is.

    Raises:
        ProviderAway: the provider does not answer.
    """
    note = ""
    try:
        if ref:
            follow_subscription(provider, ref, now=now)
    except NotOurs as error:
        note = str(error)
    except ProviderAway:
        raise
    except (ProviderError, UnknownPrice) as error:
        return str(error)
    except Exception as error:  # one subscription that cannot be read must not keep the others waiting
        logger.exception("Events about %s of %s cannot be settled", ref, provider)
        return f"{type(error).__name__}; the log tells more"
    rows.update(settled_at=now, trouble=note[:300])
    return ""


def _put_off(rows: QuerySet[ReceivedEvent], heap: Mapping[str, Any], trouble: str, *, is_lasting: bool, now: datetime) -> None:
    tries = heap["tries"]
    is_over = tries >= len(BACKOFF)
    with transaction.atomic():
        first = rows.order_by("id").values_list("event_id", flat=True)[0]
        if is_over:
            rows.update(settled_at=now, tries=tries + 1, trouble=trouble[:300])
        else:
            rows.update(due_at=now + BACKOFF[tries], tries=tries + 1, trouble=trouble[:300])
        if is_lasting or is_over:
            text = f"Events about {heap['subscription_ref']} of {heap['provider']} wait: {trouble}"
            raise_alert(f"event:{heap['provider']}:{first}", text[:300], now=now)
