"""Subscribing by invoice, as tests do it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from broadsheet.billing import invoice_flows
from broadsheet.billing.event_flows import ask_about_due
from broadsheet.billing.models import Invoice, InvoiceAgreement, InvoiceRequest, InvoiceSettings, Plan, Subscription
from broadsheet.core import clock


def set_up_invoices(**fields: Any) -> InvoiceSettings:
    """A publisher whose invoices can be written."""
    known = {"issuer_name": "Review of Straits Ltd", "issuer_address": "1 Harbour Street\nValletta", "tax_number": "MT1234"}
    row: InvoiceSettings = InvoiceSettings.load()
    for name, value in {**known, "bank_details": "IBAN MT84 MALT 0110 0001 2345", **fields}.items():
        setattr(row, name, value)
    row.save()
    return row


def ask(plan: Plan, email: str = "ann@example.net", **fields: Any) -> InvoiceRequest:
    """A request as the form keeps it."""
    known = {"name": "Ann Öztürk", "organisation": "Strait Institute", "postal_address": "4 Quay Road\nŁódź"}
    return InvoiceRequest.objects.create(plan=plan, email=email, created_at=clock.now(), **{**known, **fields})


def order_by_invoice(plan: Plan, *, quantity: int = 1, **fields: Any) -> Invoice:
    """Ask, and be accepted; returns the first invoice."""
    return invoice_flows.accept_request(ask(plan, **fields).pk, quantity=quantity, by=None, now=clock.now())


def pay(invoice: Invoice, cents: int | None = None) -> invoice_flows.Booked:
    """Note that an invoice was paid today, in full unless `cents` says otherwise."""
    today = clock.now().date()
    return invoice_flows.book_payment(
        invoice.pk, invoice.cents if cents is None else cents, paid_on=today, reference="", by=None, now=clock.now()
    )


def subscription_of(invoice: Invoice) -> Subscription | None:
    """What an invoice's agreement has led to, as we keep it."""
    return Subscription.objects.filter(provider="invoice", ref=invoice.agreement.ref).first()


def live(days: int, stopped: Any, *, step: int = 4) -> None:
    """Let days go by, with what the worker does on every fourth of them and on the last."""
    while days > 0:
        stopped.advance(timedelta(days=min(step, days)))
        days -= step
        now = clock.now()
        invoice_flows.write_renewal_invoices(now=now)
        invoice_flows.remind_of_invoices(now=now)
        invoice_flows.follow_invoices(now=now)
        ask_about_due(now=now)


def agreement_of(invoice: Invoice) -> InvoiceAgreement:
    """The agreement as the books hold it now."""
    return InvoiceAgreement.objects.get(pk=invoice.agreement_id)
