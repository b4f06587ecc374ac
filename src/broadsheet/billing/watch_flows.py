"""What staff have to look at as soon as a line of a ledger tells of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from broadsheet.billing.ledger import RUNNING, Line, LineKind
from broadsheet.billing.models import FOR_OTHERS, Subscription
from broadsheet.billing.subscription_flows import raise_alert
from broadsheet.core.money import price_text


def watch_line(subscription: Subscription, line: Line, now: datetime, **kwargs: Any) -> None:
    """Tell of money that opens nothing, of a reader who pays twice, and of a refund that came back."""
    if line.kind is LineKind.REFUND and line.cents < 0:
        amount = price_text(-line.cents, line.currency)
        text = f"{amount} that were given back for subscription {subscription.pk} did not arrive; pay them in another way."
        raise_alert(f"refund:{subscription.pk}:{line.key}"[:120], text, subscription=subscription, now=now)
    if line.kind is LineKind.STARTED and subscription.status in RUNNING:
        _watch_beginning(subscription, now)


def _watch_beginning(subscription: Subscription, now: datetime) -> None:
    if subscription.reader_id is None:
        text = f"Somebody pays for subscription {subscription.pk} ({subscription.ref}), which belongs to no account here."
        raise_alert(no_account_key(subscription), text[:300], subscription=subscription, now=now)
        return
    if subscription.price.plan.kind in FOR_OTHERS:
        return
    others = Subscription.objects.filter(reader_id=subscription.reader_id, status__in=RUNNING).exclude(pk=subscription.pk)
    other = others.exclude(price__plan__kind__in=FOR_OTHERS).first()
    if other is not None:
        text = f"One reader pays twice: subscriptions {other.pk} and {subscription.pk}. End one, and give its money back."
        raise_alert(f"two:{other.pk}:{subscription.pk}", text, subscription=subscription, now=now)


def no_account_key(subscription: Subscription) -> str:
    """The key of the alert about a subscription without an account."""
    return f"no-account:{subscription.pk}"
