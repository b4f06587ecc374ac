"""What somebody changes about their subscription: cancel, go on, pause, another plan, withdraw.

Each orders it from the provider and then follows what the provider says; nothing is changed here by hand.

Raised by all of them:
    Refused: nothing has changed; the message says why.
    ProviderAway: the provider does not answer; nothing is known to have happened.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction

from broadsheet.billing import providers
from broadsheet.billing.changes import Change, PeriodPrice, preview
from broadsheet.billing.invoice_provider_flows import NAME as INVOICE
from broadsheet.billing.law_store import load_laws
from broadsheet.billing.ledger import RUNNING, LineKind, Status
from broadsheet.billing.models import FOR_OTHERS, Order, Plan, Price, PriceChange, Subscription
from broadsheet.billing.order_flows import follow_subscription, terms_of
from broadsheet.billing.periods import next_period_end, period_end
from broadsheet.billing.provider import KeepsAddress, PreviewsChange, Provider, ProviderError, Refused
from broadsheet.billing.refund_flows import left_of_payment, stops_with_its_money
from broadsheet.billing.subscription_flows import note_move, raise_alert

PAUSE_MONTHS = (1, 2, 3)
# Orders that come of a change are told apart from purchases by these.
CHANGE, CHANGE_OF_SEATS = "change of plan", "change of seats"
CHANGES = (CHANGE, CHANGE_OF_SEATS)


@dataclass(frozen=True, slots=True)
class Target:
    """A plan that a subscription can change to, and what happens then."""

    price: Price
    change: Change


def may_cancel(row: Subscription) -> bool:
    """Whether there is something to cancel."""
    return row.status in RUNNING and row.cancel_at is None and row.price.plan.kind != Plan.Kind.GIFT


def may_undo(row: Subscription, *, now: datetime) -> bool:
    """Whether an ordered end can still be taken back."""
    return row.status in RUNNING and row.cancel_at is not None and row.cancel_at > now and row.price.plan.kind != Plan.Kind.GIFT


def may_pause(row: Subscription) -> bool:
    """Whether a pause makes sense: something is paid for, and will be again."""
    is_paid = row.status == Status.ACTIVE and row.cancel_at is None and row.price.plan.kind not in FOR_OTHERS
    return is_paid and row.provider != INVOICE


def may_change(row: Subscription) -> bool:
    """Whether there is a plan to change to; asks no provider."""
    return bool(_fitting_prices(row))


def ends_at_once(row: Subscription, *, now: datetime) -> bool:
    """Whether cancelling ends it now: no paid time is left to read on in."""
    return row.status == Status.PAST_DUE or row.period_end <= now


def cancel(row: Subscription, *, now: datetime) -> Subscription:
    """End a subscription with the period that is paid; at once where none is."""
    if not may_cancel(row):
        raise Refused("This subscription is cancelled already, or over.")
    _provider(row).cancel(row.ref, at_period_end=not ends_at_once(row, now=now), now=now)
    return _follow(row, now)


def end_now(row: Subscription, *, now: datetime) -> Subscription:
    """End a subscription and its access at once."""
    if row.status == Status.ENDED:
        return row
    _provider(row).cancel(row.ref, at_period_end=False, now=now)
    return _follow(row, now)


def undo_cancel(row: Subscription, *, now: datetime) -> Subscription:
    """Go on after all."""
    if not may_undo(row, now=now):
        raise Refused("This subscription is over, or goes on anyway.")
    _provider(row).undo_cancel(row.ref, now=now)
    return _follow(row, now)


def pause_until(row: Subscription, months: int) -> datetime:
    """When a pause would be over: it begins when the period that is paid ends."""
    return period_end(row.period_end, "month", number=months)


def pause(row: Subscription, months: int, *, now: datetime) -> Subscription:
    """Rest for some months after the period that is paid."""
    if not may_pause(row):
        raise Refused("Only a subscription that is paid and goes on can be paused.")
    if months not in PAUSE_MONTHS:
        raise Refused("A pause lasts one, two or three months.")
    _provider(row).pause(row.ref, until=pause_until(row, months), now=now)
    return _follow(row, now)


def resume(row: Subscription, *, now: datetime) -> Subscription:
    """Go on before the pause is over."""
    if row.status != Status.PAUSED:
        raise Refused("This subscription is not paused.")
    _provider(row).resume(row.ref, now=now)
    return _follow(row, now)


def find_targets(row: Subscription, *, now: datetime) -> tuple[Target, ...]:
    """The plans that a subscription can change to, in the publisher's order."""
    return tuple(Target(price, preview_change(row, price, now=now)) for price in _fitting_prices(row))


def find_cheaper(row: Subscription, *, now: datetime) -> Target | None:
    """The dearest plan that costs less than the one held, both each month and each time; asks no provider."""
    held = terms_held(row)
    found = [Target(price, _reckon(row, price, row.quantity, now)) for price in _fitting_prices(row)]
    cheaper = [
        target for target in found if target.change.terms.cents < held.cents and _monthly(target.change.terms) < _monthly(held)
    ]
    return max(cheaper, key=lambda target: _monthly(target.change.terms), default=None)


def preview_change(row: Subscription, price: Price, *, seats: int = 0, now: datetime) -> Change:
    """What a change of plan, or to another number of seats, would take, and when; asks the provider if it can say."""
    quantity = seats or row.quantity
    found, provider = _reckon(row, price, quantity, now), _provider(row)
    if found.is_at_renewal or not isinstance(provider, PreviewsChange):
        return found
    due = provider.preview_change(row.ref, terms_of(price, row.reader, order_ref="", quantity=quantity), now=now)
    return replace(found, due_cents=due, credit_cents=max(0, found.terms.cents - due))


def change_plan(row: Subscription, price: Price, *, agreed_text: str, shown_cents: int, now: datetime) -> Subscription:
    """Change to another plan; what was agreed to is kept as an order.

    Args:
        shown_cents: what the page said is taken now; if it would be more by now, nothing happens and `Refused` says so.
    """
    if price not in _fitting_prices(row):
        raise Refused("This subscription cannot change to that plan.")
    change = preview_change(row, price, now=now)
    if change.due_cents > shown_cents:
        raise Refused("The amount has changed since you looked. Look at it again; nothing has been taken.")
    return order_change(row, price, source=CHANGE, agreed_text=agreed_text, at_renewal=change.is_at_renewal, now=now)


def order_change(
    row: Subscription, price: Price, *, seats: int = 0, source: str, agreed_text: str, at_renewal: bool, now: datetime
) -> Subscription:
    """Order another price or number of seats from the provider; `source`, one of `CHANGES`, is kept with what was agreed to."""
    quantity = seats or row.quantity
    order = Order.objects.create(
        ref=secrets.token_urlsafe(18),
        reader=row.reader,
        price=price,
        provider=row.provider,
        quantity=quantity,
        agreed_text=agreed_text,
        source=source,
        created_at=now,
        subscription=row,
    )
    terms = terms_of(price, row.reader, order_ref=order.ref, quantity=quantity)
    try:
        _provider(row).change_price(row.ref, terms, at_renewal=at_renewal, now=now)
    except ProviderError:
        order.delete()
        raise
    return _follow(row, now)


def find_waiting_order(row: Subscription) -> Order | None:
    """The newest change of plan or seats that was ordered, while it waits for the renewal; None if nothing waits."""
    order = row.orders.filter(source__in=CHANGES).select_related("price__plan").first()
    if order is None or (order.price_id, order.quantity) == (row.price_id, row.quantity):
        return None
    began = row.lines.filter(kind__in=(LineKind.PRICE, LineKind.QUANTITY), written_at__gt=order.created_at).exists()
    return None if began else order


def find_ordered_change(row: Subscription) -> Price | None:
    """The price that begins with the next period, because the reader has chosen it; None if the one held goes on."""
    order = find_waiting_order(row)
    return None if order is None or order.price_id == row.price_id else order.price


def keep_plan(row: Subscription, *, now: datetime) -> Subscription:
    """Take back a change that was to begin with the next period."""
    if find_ordered_change(row) is None:
        raise Refused("No change is waiting.")
    return order_change(row, row.price, source=CHANGE, agreed_text="", at_renewal=True, now=now)


def terms_held(row: Subscription) -> PeriodPrice:
    """What the subscription costs a period just now, with the discount it began with as long as that lasts."""
    return _terms_of_payment(row, max(1, _count_payments(row)))


def next_payment(row: Subscription, *, now: datetime) -> PeriodPrice | None:
    """What is taken when the period ends, by the provider's own figure where it tells one; None if nothing is."""
    if row.cancel_at is not None or row.status not in RUNNING or row.price.plan.kind == Plan.Kind.GIFT:
        return None
    waiting = find_waiting_order(row)
    if waiting is not None:
        return PeriodPrice(waiting.price.cents * waiting.quantity, waiting.price.currency, waiting.price.period)
    day = row.period_end.astimezone(settings.BROADSHEET.zone).date()
    announced = PriceChange.objects.filter(from_price=row.price, withdrawn_at__isnull=True, effective_on__lte=day).first()
    if announced is not None:
        return PeriodPrice(announced.to_price.cents * row.quantity, announced.to_price.currency, announced.to_price.period)
    upcoming = _terms_of_payment(row, _count_payments(row) + 1)
    return upcoming if row.next_cents is None else replace(upcoming, cents=row.next_cents)


def may_withdraw(row: Subscription, *, declared_at: datetime) -> bool:
    """Whether the days to withdraw from the contract were not over when somebody declared it."""
    return row.started_at <= declared_at < withdraw_until(row)


def withdraw_until(row: Subscription) -> datetime:
    """When the days to withdraw are over: with the last day's end, in the publication's zone, as the law counts."""
    first = row.started_at.astimezone(settings.BROADSHEET.zone).date()
    return datetime.combine(first + timedelta(days=load_laws().withdrawal_days + 1), time(), settings.BROADSHEET.zone)


def withdraw(row: Subscription, *, now: datetime) -> Subscription:
    """Give back everything that was paid, and end the subscription at once."""
    provider = _provider(row)
    row = _follow(row, now)
    for line in row.lines.filter(kind=LineKind.PAYMENT):
        left, _ = left_of_payment(row, line.detail)
        if left > 0:
            provider.refund(row.ref, line.detail, cents=left, now=now)
    row = _follow(row, now)
    try:
        return end_now(row, now=now)
    except Refused:
        if not stops_with_its_money(row):
            raise
        return row


def load_running(reader_id: int) -> tuple[Subscription, ...]:
    """A reader's own subscriptions that go on, or could: gifts, which are paid and belong to somebody else, are none."""
    rows = Subscription.objects.filter(reader_id=reader_id, status__in=RUNNING).exclude(price__plan__kind=Plan.Kind.GIFT)
    return tuple(rows.select_related("price__plan", "grant", "reader"))


def end_for_erasure(reader_id: int, *, now: datetime) -> None:
    """Before an account is erased: have its providers take nothing more.

    Raises:
        Refused: others read by what this reader pays for; the message says what to do first.
        ProviderAway: some may have ended; asking again ends the rest.
    """
    rows = load_running(reader_id)
    if any(row.price.plan.kind == Plan.Kind.GROUP for row in rows):
        raise Refused("Others read on the seats that you pay for. Hand the organisation over, or cancel its seats, first.")
    unpaid = Subscription.objects.filter(reader_id=reader_id, status=Status.UNPAID).exclude(price__plan__kind=Plan.Kind.GIFT)
    for row in (*rows, *unpaid):
        try:
            end_now(row, now=now)
        except Refused:
            if _follow(row, now).status in RUNNING:
                raise


def follow_new_address(reader_id: int, *, now: datetime) -> None:
    """A reader's account has moved to another mailbox: note it in the ledgers, and tell the providers."""
    for pk in Subscription.objects.filter(reader_id=reader_id, status__in=RUNNING).values_list("pk", flat=True):
        with transaction.atomic():
            row = Subscription.objects.select_for_update(of=("self",)).get(pk=pk)
            note_move(row, f"account {reader_id} to another address", now=now)
    tell_new_address(reader_id, now=now)


def tell_new_address(reader_id: int, *, now: datetime) -> None:
    """Tell the providers where letters to a reader go from now on; staff hear of it if one can't be told."""
    for row in Subscription.objects.filter(reader_id=reader_id, status__in=RUNNING).select_related("reader"):
        provider = providers.load_providers().get(row.provider)
        if row.reader is None or not isinstance(provider, KeepsAddress):
            continue
        try:
            provider.change_address(row.ref, row.reader.email, now=now)
        except ProviderError as error:
            text = f"The provider of subscription {row.pk} has not heard of its reader's new address: {error}"
            raise_alert(f"address:{row.pk}:{now:%Y%m%d%H%M%S}", text[:300], subscription=row, now=now)


def _reckon(row: Subscription, price: Price, quantity: int, now: datetime) -> Change:
    """What a change would take, by our own books."""
    new = PeriodPrice(price.cents * quantity, price.currency, price.period)
    if row.status == Status.TRIAL or row.provider == INVOICE:
        return Change(new, True, 0, 0, row.period_end)
    first_end = next_period_end(now, price.period, after=now)
    paid_from = _last_paid_at(row) or row.started_at
    return preview(terms_held(row), new, paid_from=paid_from, paid_until=row.period_end, next_end=first_end, now=now)


def _fitting_prices(row: Subscription) -> tuple[Price, ...]:
    if row.status not in (Status.TRIAL, Status.ACTIVE) or row.cancel_at is not None or row.price.plan.kind in FOR_OTHERS:
        return ()
    held = row.price
    plans = Plan.objects.filter(is_offered=True, currency=held.currency).exclude(kind__in=FOR_OTHERS).exclude(pk=held.plan_id)
    prices = (plan.prices.select_related("plan").first() for plan in plans)
    # What a student declares is asked for where it is bought.
    return tuple(price for price in prices if price and price.plan.kind in (Plan.Kind.STANDARD, held.plan.kind))


def _terms_of_payment(row: Subscription, number: int) -> PeriodPrice:
    """What the payment with that number, counted from 1, takes at the price that is held."""
    cents = row.price.cents * row.quantity
    order = row.orders.exclude(source__in=CHANGES).filter(price=row.price, discount_percent__gt=0).last()
    if order is not None and (order.discount_periods is None or number <= order.discount_periods):
        cents = cents * (100 - order.discount_percent) // 100
    return PeriodPrice(cents, row.price.currency, row.price.period)


def _count_payments(row: Subscription) -> int:
    return int(row.lines.filter(kind=LineKind.PAYMENT).count())


def _monthly(terms: PeriodPrice) -> float:
    return terms.cents / (12 if terms.period == "year" else 1)


def _last_paid_at(row: Subscription) -> datetime | None:
    return row.lines.filter(kind=LineKind.PAYMENT).order_by("-at", "-id").values_list("at", flat=True).first()


def _provider(row: Subscription) -> Provider:
    return providers.find(row.provider)


def _follow(row: Subscription, now: datetime) -> Subscription:
    follow_subscription(row.provider, row.ref, now=now)
    return Subscription.objects.select_related("price__plan", "grant", "reader").get(pk=row.pk)
