"""Raising a price for those who hold an older one: announced in good time, taken at a renewal, never before."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F

from broadsheet.accounts.models import User
from broadsheet.billing import providers
from broadsheet.billing.change_flows import find_waiting_order
from broadsheet.billing.ledger import RUNNING, LineKind, Status
from broadsheet.billing.models import LedgerLine, Plan, Price, PriceChange, Subscription
from broadsheet.billing.order_flows import follow_subscription, terms_of
from broadsheet.billing.provider import ProviderAway, ProviderError
from broadsheet.billing.subscription_flows import UnknownPrice, raise_alert
from broadsheet.core.money import price_text
from broadsheet.mail.wordings import LetterKind

logger = logging.getLogger(__name__)

NOTICE = timedelta(days=30)  # between the letter and the first payment at the new price
# The provider is told a day ahead, so that it takes the new price at the renewal itself.
AHEAD = timedelta(days=1)
BATCH = 100


class CannotAnnounce(Exception):
    """A change of price that cannot be announced; the message says why, or from which day on it can."""


@dataclass(frozen=True, slots=True)
class PriceHolders:
    """One price of a plan, and how many pay it."""

    price: Price
    holders: int
    is_asked_now: bool
    change: PriceChange | None

    @property
    def words(self) -> str:
        """Such as `€96 a year`."""
        return _words(self.price)

    @property
    def change_words(self) -> str:
        """The price that is announced."""
        return _words(self.change.to_price) if self.change else ""


def load_price_history(plan: Plan) -> tuple[PriceHolders, ...]:
    """A plan's prices, the newest first, and how many still pay each."""
    prices = list(plan.prices.all())
    rows = Subscription.objects.filter(price__in=prices, status__in=RUNNING).values("price_id").annotate(number=Count("pk"))
    holders = Counter({row["price_id"]: row["number"] for row in rows})
    announced = PriceChange.objects.filter(from_price__in=prices, withdrawn_at=None).select_related("to_price")
    changes = {change.from_price_id: change for change in announced}
    return tuple(
        PriceHolders(price, holders[price.pk], position == 0, changes.get(price.pk)) for position, price in enumerate(prices)
    )


def count_holders(plan: Plan) -> int:
    """How many subscriptions to a plan are not over."""
    return Subscription.objects.filter(price__plan=plan, status__in=RUNNING).count()


def announce_price_change(old: Price, effective_on: date, *, by: User | None, now: datetime) -> PriceChange:
    """Say that those who hold an old price pay the plan's newest one from a day on.

    Raises:
        CannotAnnounce: the day is less than thirty days away, or there is no other price to change to.
    """
    earliest = (now + NOTICE).astimezone(settings.BROADSHEET.zone).date() + timedelta(days=1)
    if effective_on < earliest:
        raise CannotAnnounce(f"Everybody is told at least {NOTICE.days} days before; choose {earliest:%-d %B %Y} or later.")
    newest = old.plan.prices.first()
    if newest is None or newest.pk == old.pk:
        raise CannotAnnounce("This is the price that is asked now. Change the plan’s price first.")
    if (newest.period, newest.currency) != (old.period, old.currency):
        raise CannotAnnounce("The plan is sold by another period or in another currency now; nobody can be moved to that.")
    with transaction.atomic():
        PriceChange.objects.filter(from_price=old, withdrawn_at=None).update(withdrawn_at=now)
        return PriceChange.objects.create(
            from_price=old, to_price=newest, effective_on=effective_on, announced_at=now, announced_by=by
        )


def withdraw_price_change(change: PriceChange, *, now: datetime) -> None:
    """Leave the old price as it is, for those who do not pay the new one yet."""
    PriceChange.objects.filter(pk=change.pk, withdrawn_at=None).update(withdrawn_at=now)


def letter_name(change: PriceChange) -> str:
    """What the ledger calls the letter that tells of a change: written once for each subscription."""
    return f"{LetterKind.PRICE_CHANGES}:{change.pk}"


def takes_effect_at(change: PriceChange) -> datetime:
    """The moment from which on renewals cost the new price: midnight in the publication's zone."""
    return datetime.combine(change.effective_on, time(), settings.BROADSHEET.zone)


def apply_price_changes(*, now: datetime) -> int:
    """Tell providers of the new price where the next renewal is the first after the day and the letter went out in time.

    Whoever was not told in time keeps the old price for one period more. A provider that does not answer is left alone
    until the next time. Returns how many were changed.
    """
    changed, away = 0, set()
    for change in PriceChange.objects.filter(withdrawn_at=None).select_related("from_price__plan", "to_price__plan"):
        for row in _due(change, now):
            if row.provider in away:
                continue
            try:
                changed += _apply(change, row, now)
            except ProviderAway as error:
                logger.warning("Prices of provider %s wait: %s", row.provider, error)
                away.add(row.provider)
    return changed


def _words(price: Price) -> str:
    return f"{price_text(price.cents, price.currency)} a {price.period}"


def _due(change: PriceChange, now: datetime) -> list[Subscription]:
    told = LedgerLine.objects.filter(kind=LineKind.LETTER, detail=letter_name(change), written_at__lte=now - NOTICE)
    rows = Subscription.objects.filter(
        price=change.from_price,
        status__in=(Status.TRIAL, Status.ACTIVE),
        cancel_at=None,
        period_end__gte=max(takes_effect_at(change), now),
        period_end__lte=now + AHEAD,
        pk__in=told.values("subscription_id"),
    ).exclude(next_cents=F("quantity") * change.to_price.cents)  # the provider knows already
    # What somebody has chosen for the renewal stays: it is what they agreed to.
    free = (row for row in rows.select_related("reader").iterator() if find_waiting_order(row) is None)
    return list(islice(free, BATCH))


def _apply(change: PriceChange, row: Subscription, now: datetime) -> bool:
    order = terms_of(change.to_price, row.reader, order_ref=f"price-{change.pk}-{row.pk}", quantity=row.quantity)
    try:
        providers.find(row.provider).change_price(row.ref, order, at_renewal=True, now=now)
        follow_subscription(row.provider, row.ref, now=now)
    except ProviderAway:
        raise
    except (ProviderError, UnknownPrice) as error:
        logger.warning("Subscription %s could not be given its new price: %s", row.pk, error)
        key = f"price:{change.pk}:{row.pk}"
        raise_alert(key, f"Subscription {row.pk} keeps its old price: {error}"[:300], subscription=row, now=now)
        return False
    return True
