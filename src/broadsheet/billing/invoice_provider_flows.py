"""The provider of subscriptions by invoice: staff write down what came in, and it answers as others do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from broadsheet.billing import invoice_books
from broadsheet.billing.invoices import failing_since, status_at
from broadsheet.billing.ledger import PaidSum, Snapshot, Status
from broadsheet.billing.models import Invoice, InvoiceAgreement, InvoicePayment, Price
from broadsheet.billing.provider import Checkout, Order, ProviderEvent, Refused, UntrustedEvent
from broadsheet.billing.subscription_flows import raise_alert
from broadsheet.core.money import price_text
from broadsheet.mail.wordings import LetterKind

NAME = "invoice"
BATCH = 500


class InvoiceProvider:
    """Takes no money itself; keeps the books of invoices and speaks through `Provider` like any other."""

    name = NAME

    def start_checkout(self, order: Order, *, return_url: str, cancel_url: str, now: datetime) -> Checkout:
        """A page of our own that asks whom the invoice is for; staff answer before anything begins."""
        slug = Price.objects.values_list("plan__slug", flat=True).get(pk=order.price_id)
        return Checkout(f"{settings.BROADSHEET.site_url}/subscribe/{slug}/invoice/")

    def find_by_order(self, order_ref: str) -> str | None:
        begun = InvoiceAgreement.objects.filter(order__ref=order_ref, anchor_at__isnull=False)
        return begun.values_list("ref", flat=True).first()

    def fetch(self, ref: str, *, now: datetime) -> Snapshot:
        row = _begun().filter(ref=ref).first()
        if row is None:
            raise Refused(f"There is no subscription by invoice {ref}, or it has not begun.")
        return _snapshot(row, now)

    def list_subscriptions(self, *, now: datetime) -> Iterator[Snapshot]:
        for row in _begun().iterator(chunk_size=BATCH):
            yield _snapshot(row, now)

    def manage_url(self, ref: str, *, return_url: str) -> str | None:
        """There is no card to change."""
        return None

    def cancel(self, ref: str, *, at_period_end: bool, now: datetime) -> None:
        with transaction.atomic():
            row = invoice_books.hold_agreement(ref)
            if row.ended_at is not None:
                return
            if at_period_end and row.period_end is not None and row.period_end > now:
                row.cancel_at = row.period_end
            else:
                row.ended_at = now
            row.save()
            _cancel_what_is_not_owed(row, now)

    def undo_cancel(self, ref: str, *, now: datetime) -> None:
        with transaction.atomic():
            row = invoice_books.hold_agreement(ref)
            if row.ended_at is not None or (row.cancel_at is not None and row.cancel_at <= now):
                raise Refused("This subscription is over; begin a new one.")
            row.cancel_at = None
            row.save()

    def pause(self, ref: str, *, until: datetime, now: datetime) -> None:
        raise Refused("A subscription by invoice is paid for a whole period and cannot rest. Cancel it, or write to us.")

    def resume(self, ref: str, *, now: datetime) -> None:
        """It never rests, so there is nothing to do."""

    def change_price(self, ref: str, order: Order, *, at_renewal: bool = False, now: datetime) -> None:
        if not at_renewal:
            raise Refused("A subscription by invoice changes with its next invoice. To change it before, write to us.")
        with transaction.atomic():
            row = invoice_books.hold_agreement(ref)
            if row.ended_at is not None or (row.cancel_at is not None and row.cancel_at <= now):
                raise Refused("This subscription is over; begin a new one.")
            # What is held already waits for nothing.
            row.next_price_id = order.price_id if order.price_id != row.price_id else None
            row.next_quantity = order.quantity if order.quantity != row.quantity else None
            row.discount_percent, row.discount_left = order.discount_percent, order.discount_periods
            row.save()

    def refund(self, ref: str, payment_ref: str, *, cents: int, now: datetime) -> None:
        """Note what staff pay back by transfer, and credit what of it the invoice had asked for."""
        with transaction.atomic():
            invoice_books.hold_agreement(ref)
            payment = (
                InvoicePayment.objects.select_for_update(of=("self",)).select_related("invoice").filter(ref=payment_ref).first()
            )
            if payment is None or payment.invoice.agreement.ref != ref:
                raise Refused(f"There is no payment {payment_ref}.")
            left = payment.cents - payment.refunded_cents
            if cents > left:
                raise Refused(f"Only {price_text(left, payment.invoice.currency)} of this payment are left to give back.")
            too_much = max(0, invoice_books.paid_cents(payment.invoice) - payment.invoice.cents)
            payment.refunded_cents += cents
            payment.save(update_fields=["refunded_cents"])
            if cents > too_much and payment.invoice.state == Invoice.State.PAID:
                note = invoice_books.credit(payment.invoice, cents - too_much, now=now)
                invoice_books.send(note, LetterKind.CREDIT_NOTE, now=now)

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderEvent:
        """Nobody outside has anything to tell."""
        raise UntrustedEvent("Invoices send no events.")


def _begun() -> QuerySet[InvoiceAgreement]:
    rows = InvoiceAgreement.objects.filter(anchor_at__isnull=False)
    return rows.select_related("price", "next_price", "order").prefetch_related("invoices__payments")


def _cancel_what_is_not_owed(row: InvoiceAgreement, now: datetime) -> None:
    """Credit open invoices: all of them at an end, and those of periods that will not come."""
    end = row.ended_at or row.cancel_at
    for invoice in row.invoices.filter(state=Invoice.State.OPEN):
        if row.ended_at is not None or (invoice.period_start is not None and end is not None and invoice.period_start >= end):
            _give_up(invoice, now)


def _give_up(invoice: Invoice, now: datetime) -> None:
    """Cancel an invoice; what came in for it in part goes back, which staff have to see to."""
    back = invoice_books.paid_cents(invoice)
    invoice_books.cancel(invoice, now=now)
    if back:
        invoice.payments.update(refunded_cents=F("cents"))
        text = f"Invoice {invoice.number} is cancelled with its subscription, and {price_text(back, invoice.currency)} had come in."
        raise_alert(f"invoice-back:{invoice.number}", f"{text} Pay it back by transfer.", now=now)


def _snapshot(row: InvoiceAgreement, now: datetime) -> Snapshot:
    if row.anchor_at is None or row.period_end is None:
        raise Refused(f"Subscription {row.ref} has not begun.")
    failed_at = failing_since(invoice_books.debts_of(row))
    over_at = row.ended_at or row.cancel_at
    status, ended_at = status_at(now, failed_at=failed_at, ended_at=over_at)
    return Snapshot(
        ref=row.ref,
        status=status,
        started_at=_started_at(row),
        period_end=row.period_end,
        price_ref=str(row.price_id),
        quantity=row.quantity,
        cancel_at=row.cancel_at,
        failed_at=failed_at if status in (Status.PAST_DUE, Status.UNPAID) else None,
        ended_at=ended_at,
        payments=tuple(
            PaidSum(payment.ref, payment.cents, invoice.currency, payment.paid_at, payment.refunded_cents)
            for invoice in sorted(row.invoices.all(), key=lambda invoice: invoice.pk)
            for payment in invoice.payments.all()
        ),
        reader_id=row.reader_id,
        email=row.email,
        order_ref=row.order.ref,
        next_cents=None if over_at is not None or not row.renews else invoice_books.next_cents(row),
    )


def _started_at(row: InvoiceAgreement) -> datetime:
    """When it began; a period that was paid too late moves the anchor, but not the beginning."""
    starts = [invoice.period_start for invoice in row.invoices.all() if invoice.period_start is not None]
    return min([*starts, row.anchor_at or row.ordered_at])
