"""Giving money back: all of a payment or part of it, and ending the subscription with it if that is meant."""

from __future__ import annotations

import logging
from datetime import datetime

from broadsheet.accounts.models import User
from broadsheet.billing import providers
from broadsheet.billing.ledger import Line, LineKind, Status
from broadsheet.billing.models import Plan, Subscription
from broadsheet.billing.order_flows import follow_subscription
from broadsheet.billing.provider import ProviderError, Refused
from broadsheet.billing.subscription_flows import raise_alert
from broadsheet.core.money import price_text

logger = logging.getLogger(__name__)


def left_of_payment(subscription: Subscription, payment_ref: str) -> tuple[int, str]:
    """What is left of one payment after all refunds, in the currency's smallest unit, and the currency.

    Raises:
        Refused: the subscription holds no such payment.
    """
    lines: list[Line] = [row.line() for row in subscription.lines.filter(detail=payment_ref)]
    paid = [line for line in lines if line.kind is LineKind.PAYMENT]
    if not paid:
        raise Refused(f"Subscription {subscription.pk} holds no payment {payment_ref}.")
    back = sum(line.cents for line in lines if line.kind is LineKind.REFUND)
    return sum(line.cents for line in paid) - back, paid[0].currency


def refund(
    subscription_id: int,
    payment_ref: str,
    cents: int,
    *,
    ends_now: bool,
    by: User | None,
    now: datetime,
    left_cents: int | None = None,
) -> Subscription:
    """Give back `cents` of one payment; with `ends_now` the subscription ends too, and with it its access.

    `left_cents` is what was left when the person looked: pressing twice then gives back once.

    Raises:
        Refused: nothing was given back; the message says why.
        ProviderAway: nothing is known to have happened.
    """
    row = Subscription.objects.get(pk=subscription_id)
    provider = providers.find(row.provider)
    # What the provider holds counts, not what we had heard by now.
    row = follow_subscription(row.provider, row.ref, now=now)
    left, currency = left_of_payment(row, payment_ref)
    if cents <= 0:
        raise Refused("Give an amount above nothing.")
    if cents > left:
        raise Refused(f"Only {price_text(left, currency)} of this payment are left to give back.")
    if left_cents is not None and left_cents != left:
        raise Refused(f"Of this payment {price_text(left, currency)} are left by now. Look again before you give back more.")
    provider.refund(row.ref, payment_ref, cents=cents, now=now)
    logger.info("Refund of %d %s of subscription %s, ordered by user %s", cents, currency, row.pk, by.pk if by else "none")
    row = follow_subscription(row.provider, row.ref, now=now)
    if ends_now and row.status != Status.ENDED:
        row = _end(row, now)
    return row


def stops_with_its_money(row: Subscription) -> bool:
    """Whether it opens nothing any more though its provider knows of no end to order: a gift whose money is all back."""
    return row.price.plan.kind == Plan.Kind.GIFT and row.kept_cents <= 0


def _end(row: Subscription, now: datetime) -> Subscription:
    """The money is back; if the end can't be ordered now, staff have to do it."""
    try:
        providers.find(row.provider).cancel(row.ref, at_period_end=False, now=now)
        return follow_subscription(row.provider, row.ref, now=now)
    except ProviderError as error:
        if isinstance(error, Refused) and stops_with_its_money(row):
            return row
        text = f"Money was given back for subscription {row.pk}, but it has not ended: {error}"
        raise_alert(f"refund-end:{row.pk}:{now:%Y%m%d%H%M%S}", text[:300], subscription=row, now=now)
        return row
