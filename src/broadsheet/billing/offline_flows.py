"""The offline provider: subscriptions that nobody pays for, moved by buttons and by the demo's clock. Demo and tests only."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from broadsheet.billing.ledger import OVER, PaidSum, Snapshot, Status
from broadsheet.billing.models import OfflineEvent, OfflinePayment, OfflineSubscription
from broadsheet.billing.models import Order as OrderRow
from broadsheet.billing.periods import next_period_end
from broadsheet.billing.provider import Checkout, Order, ProviderEvent, Refused, UntrustedEvent
from broadsheet.core.money import price_text

NAME = "offline"
# As card providers do it: four tries over two weeks, then no more.
RETRIES = (timedelta(days=3), timedelta(days=5), timedelta(days=7))


class OfflineProvider:
    """Takes no money; keeps its own books and speaks through `Provider` like any other."""

    name = NAME

    def start_checkout(self, order: Order, *, return_url: str, cancel_url: str, now: datetime) -> Checkout:
        """A page of our own with the buttons Pay and Fail."""
        return Checkout(f"{settings.BROADSHEET.site_url}/demo/pay/{order.order_ref}/")

    def find_by_order(self, order_ref: str) -> str | None:
        return OfflineSubscription.objects.filter(order_ref=order_ref).values_list("ref", flat=True).first()

    def fetch(self, ref: str, *, now: datetime) -> Snapshot:
        return _snapshot(_find(ref))

    def list_subscriptions(self, *, now: datetime) -> Iterator[Snapshot]:
        for row in OfflineSubscription.objects.prefetch_related("payments").iterator(chunk_size=500):
            yield _snapshot(row)

    def manage_url(self, ref: str, *, return_url: str) -> str | None:
        return f"{settings.BROADSHEET.site_url}/demo/card/{ref}/"

    def cancel(self, ref: str, *, at_period_end: bool, now: datetime) -> None:
        with transaction.atomic():
            row = _lock(ref)
            if at_period_end:
                row.cancel_at = row.period_end
            else:
                _end(row, now)
            _save(row, "subscription.cancelled", now)

    def undo_cancel(self, ref: str, *, now: datetime) -> None:
        with transaction.atomic():
            row = _lock(ref)
            if row.status == Status.ENDED:
                raise Refused("This subscription is over; begin a new one.")
            row.cancel_at = None
            _save(row, "subscription.renewed_again", now)

    def pause(self, ref: str, *, until: datetime, now: datetime) -> None:
        with transaction.atomic():
            row = _lock(ref)
            row.status, row.paused_until = Status.PAUSED, until
            _save(row, "subscription.paused", now)

    def resume(self, ref: str, *, now: datetime) -> None:
        with transaction.atomic():
            row = _lock(ref)
            _go_on(row, now)
            _save(row, "subscription.resumed", now)

    def change_price(self, ref: str, order: Order, *, at_renewal: bool = False, now: datetime) -> None:
        """What is left of the old period is taken off the new one's price; what is left over then is given back."""
        with transaction.atomic():
            row = _lock(ref)
            if row.status == Status.ENDED:
                raise Refused("This subscription is over; begin a new one.")
            if at_renewal:
                row.at_renewal = _terms(order)
            else:
                left = _unused_cents(row, now)
                _take_terms(row, _terms(order))
                row.anchor_at, row.period_end = now, next_period_end(now, order.period, after=now)
                due = order.cents - left
                if due > 0:
                    _pay(row, due, now)
                elif due < 0:
                    _give_back(row, -due)
            _save(row, "subscription.changed", now)

    def preview_change(self, ref: str, order: Order, *, now: datetime) -> int:
        """The new price, less what is left of the old period."""
        return max(0, order.cents - _unused_cents(_find(ref), now))

    def change_address(self, ref: str, address: str, *, now: datetime) -> None:
        with transaction.atomic():
            row = _lock(ref)
            row.address = address
            _save(row, "customer.updated", now)

    def refund(self, ref: str, payment_ref: str, *, cents: int, now: datetime) -> None:
        with transaction.atomic():
            row = _lock(ref)
            payment = OfflinePayment.objects.select_for_update().get(ref=payment_ref, subscription=row)
            left = payment.cents - payment.refunded_cents
            if cents > left:
                raise Refused(f"Only {price_text(left, payment.currency)} of this payment are left to give back.")
            payment.refunded_cents += cents
            payment.save(update_fields=["refunded_cents"])
            _save(row, "payment.refunded", now)

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderEvent:
        """An event that its own books hold: whoever can write there needs no signature."""
        try:
            event = OfflineEvent.objects.get(event_id=json.loads(body)["id"])
        except (ValueError, KeyError, TypeError, OfflineEvent.DoesNotExist):
            raise UntrustedEvent("This event is not of the offline provider.") from None
        return ProviderEvent(event.event_id, event.kind, event.at, event.subscription_ref)


def pay_order(order: OrderRow, terms: Order, *, now: datetime) -> str:
    """Press Pay: the subscription begins, and its first payment is made unless the plan begins with free days."""
    with transaction.atomic():
        row, is_new = OfflineSubscription.objects.get_or_create(
            order_ref=order.ref,
            defaults={
                "ref": f"sub_{secrets.token_hex(8)}",
                "reader_id": terms.reader_id,
                "address": terms.address,
                "price_id": terms.price_id,
                "cents": terms.cents,
                "full_cents": terms.full_cents or terms.cents,
                "discount_left": terms.discount_periods,
                "currency": terms.currency,
                "period": terms.period,
                "quantity": terms.quantity,
                "renews": terms.renews,
                "status": Status.TRIAL if terms.trial_days else Status.ACTIVE,
                "started_at": now,
                "anchor_at": now + timedelta(days=terms.trial_days),
                "period_end": _first_end(terms, now),
            },
        )
        if is_new:
            row.cancel_at = None if row.renews else row.period_end
            if not terms.trial_days:
                _pay_period(row, now)
            _save(row, "subscription.started", now)
    return row.ref


def fail_next_payment(ref: str) -> None:
    """Press Fail the next payment."""
    OfflineSubscription.objects.filter(ref=ref).update(next_fails=True)


def bring_forward(ref: str, *, now: datetime) -> None:
    """Let the next payment fall due now instead of at the period's end."""
    with transaction.atomic():
        row = _lock(ref)
        if row.status in (Status.TRIAL, Status.ACTIVE) and row.period_end > now:
            row.anchor_at = row.period_end = now
            while _step(row, now):
                pass
            _save(row, "subscription.updated", now)


def mend_card(ref: str, *, now: datetime) -> None:
    """Give a card that works: what is due is paid at once."""
    with transaction.atomic():
        row = _lock(ref)
        row.next_fails = False
        if row.status == Status.UNPAID:
            # The time in between was not read, so it is not paid for.
            row.anchor_at = row.period_end = now
        if row.status in (Status.PAST_DUE, Status.UNPAID):
            _renew(row, now)
        _save(row, "payment.succeeded", now)


def dispute_last_payment(ref: str, *, now: datetime) -> None:
    """Say that the reader's bank has taken the last payment back."""
    with transaction.atomic():
        row = _lock(ref)
        payment = row.payments.last()
        if payment is not None:
            payment.is_disputed = True
            payment.save(update_fields=["is_disputed"])
            _save(row, "payment.disputed", now)


def advance(*, now: datetime) -> int:
    """Do what has become due by the clock: renew, try again, give up, end, go on after a pause. Returns how many moved."""
    moved = 0
    for ref in OfflineSubscription.objects.exclude(status=Status.ENDED).values_list("ref", flat=True):
        with transaction.atomic():
            row = _lock(ref)
            steps = 0
            while _step(row, now):
                steps += 1
            if steps:
                _save(row, "subscription.updated", now)
                moved += 1
    return moved


def _step(row: OfflineSubscription, now: datetime) -> bool:
    """One thing that is due; False if nothing is."""
    if row.status in OVER:
        return False
    if row.cancel_at is not None and row.cancel_at <= now:
        _end(row, row.cancel_at)
        return True
    if row.status == Status.PAUSED:
        if row.paused_until is None or row.paused_until > now:
            return False
        _go_on(row, row.paused_until)
        return True
    if row.status == Status.PAST_DUE:
        return _try_again(row, now)
    if row.period_end > now:
        return False
    _charge(row, row.period_end)
    return True


def _try_again(row: OfflineSubscription, now: datetime) -> bool:
    assert row.failed_at is not None  # noqa: S101 (only a failed payment makes it past due)
    due = row.failed_at + sum(RETRIES[: row.tries + 1], timedelta())
    if due > now:
        return False
    row.tries += 1
    if not row.next_fails:
        _renew(row, due)
    elif row.tries >= len(RETRIES):
        row.status = Status.UNPAID
    return True


def _renew(row: OfflineSubscription, at: datetime) -> None:
    row.status, row.failed_at, row.tries = Status.ACTIVE, None, 0
    if row.at_renewal is not None:
        row.anchor_at = row.period_end
        _take_terms(row, row.at_renewal)
    row.period_end = next_period_end(row.anchor_at, row.period, after=row.period_end)
    _pay_period(row, at)


def _go_on(row: OfflineSubscription, at: datetime) -> None:
    row.status, row.paused_until = Status.ACTIVE, None
    if row.period_end <= at:
        row.anchor_at = row.period_end = at
        _charge(row, at)


def _charge(row: OfflineSubscription, at: datetime) -> None:
    """Try to take the next period's price."""
    if row.next_fails:
        row.status, row.failed_at, row.tries = Status.PAST_DUE, at, 0
    else:
        _renew(row, at)


def _end(row: OfflineSubscription, at: datetime) -> None:
    row.status, row.ended_at = Status.ENDED, at


def _terms(order: Order) -> dict[str, Any]:
    return {
        "price_id": order.price_id,
        "cents": order.cents,
        "full_cents": order.full_cents or order.cents,
        "discount_left": order.discount_periods,
        "period": order.period,
        "quantity": order.quantity,
    }


def _take_terms(row: OfflineSubscription, terms: dict[str, Any]) -> None:
    for name, value in terms.items():
        setattr(row, name, value)
    row.at_renewal = None


def _pay_period(row: OfflineSubscription, at: datetime) -> None:
    """Take a period's price; the full one once the discount has run out."""
    if row.discount_left == 0:
        row.cents, row.discount_left = row.full_cents, None
    _pay(row, row.cents, at)
    if row.discount_left is not None:
        row.discount_left -= 1


def _pay(row: OfflineSubscription, cents: int, at: datetime) -> None:
    if row.pk is None:
        row.save()
    OfflinePayment.objects.create(
        subscription=row, ref=f"pay_{secrets.token_hex(8)}", cents=cents, currency=row.currency, paid_at=at
    )


def _give_back(row: OfflineSubscription, cents: int) -> None:
    for payment in row.payments.order_by("-id"):
        back = min(cents, payment.cents - payment.refunded_cents)
        payment.refunded_cents += back
        payment.save(update_fields=["refunded_cents"])
        cents -= back
        if not cents:
            return


def _unused_cents(row: OfflineSubscription, now: datetime) -> int:
    """What the rest of the period is worth, to the cent, by its days."""
    if row.status != Status.ACTIVE or row.period_end <= now:
        return 0
    last = row.payments.last()
    start = last.paid_at if last is not None else row.started_at
    whole = max(row.period_end - start, timedelta(days=1))
    return int(row.cents * ((row.period_end - now) / whole))


def _first_end(terms: Order, now: datetime) -> datetime:
    if terms.trial_days:
        return now + timedelta(days=terms.trial_days)
    return next_period_end(now, terms.period, after=now)


def _find(ref: str) -> OfflineSubscription:
    row = OfflineSubscription.objects.filter(ref=ref).first()
    if row is None:
        raise Refused(f"The offline provider knows no subscription {ref}.")
    return row


def _lock(ref: str) -> OfflineSubscription:
    _find(ref)
    return OfflineSubscription.objects.select_for_update().get(ref=ref)


def _save(row: OfflineSubscription, kind: str, now: datetime) -> None:
    row.save()
    OfflineEvent.objects.create(event_id=f"evt_{secrets.token_hex(10)}", kind=kind, subscription_ref=row.ref, at=now)


def _snapshot(row: OfflineSubscription) -> Snapshot:
    return Snapshot(
        ref=row.ref,
        status=Status(row.status),
        started_at=row.started_at,
        period_end=row.period_end,
        price_ref=str(row.price_id),
        quantity=row.quantity,
        cancel_at=row.cancel_at,
        paused_until=row.paused_until,
        failed_at=row.failed_at,
        ended_at=row.ended_at,
        payments=tuple(
            PaidSum(payment.ref, payment.cents, payment.currency, payment.paid_at, payment.refunded_cents, payment.is_disputed)
            for payment in row.payments.all()
        ),
        customer_ref=f"reader-{row.reader_id}",
        reader_id=row.reader_id,
        email=row.address,
        order_ref=row.order_ref,
        next_cents=_next_cents(row),
    )


def _next_cents(row: OfflineSubscription) -> int | None:
    if row.status in OVER or row.cancel_at is not None:
        return None
    if row.at_renewal is not None:
        return int(row.at_renewal["cents"])
    return row.full_cents if row.discount_left == 0 else row.cents
