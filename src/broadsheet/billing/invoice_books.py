"""The books of subscriptions by invoice: numbers, invoices, credit notes, periods, and the letters that carry them.

Everything here is called inside a transaction that holds the agreement's row. `invoice_flows` is what desk and worker call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import Sum

from broadsheet.billing.invoice_pdf import draw
from broadsheet.billing.invoices import (
    Debt,
    Paper,
    due_day,
    end_of_day,
    failing_since,
    fill_prefix,
    status_at,
    tax_within,
)
from broadsheet.billing.ledger import Status
from broadsheet.billing.models import Invoice, InvoiceAgreement, InvoiceSeries, InvoiceSettings, Price
from broadsheet.billing.models.invoices import OpensOn
from broadsheet.billing.periods import next_period_end
from broadsheet.billing.provider import Refused
from broadsheet.core.money import price_text
from broadsheet.core.text import day_text
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.messages import Attachment
from broadsheet.mail.wordings import LetterKind
from broadsheet.publication.store import load_publication

_PERIODS = {"month": "one month", "year": "one year"}


@dataclass(frozen=True, slots=True)
class _Item:
    """What an invoice asks for, and the period it is for; without a start that begins with the payment."""

    price: Price | None
    what: str
    quantity: int
    cents: int
    currency: str
    start: datetime | None
    end: datetime | None


def hold_agreement(ref: str) -> InvoiceAgreement:
    """One agreement, locked until the transaction ends.

    Raises:
        Refused: there is none of that number.
    """
    row = InvoiceAgreement.objects.select_for_update(of=("self",)).select_related("price__plan", "order").filter(ref=ref).first()
    if row is None:
        raise Refused(f"There is no subscription by invoice {ref}.")
    return row


def load_settings() -> InvoiceSettings:
    """What stands on invoices.

    Raises:
        Refused: what the law wants on each of them is missing.
    """
    found: InvoiceSettings = InvoiceSettings.load()
    if not found.issuer_name or not found.issuer_address:
        raise Refused("Fill in name and address under Settings > Invoices first; an invoice is none without them.")
    return found


def take_number(prefix: str, now: datetime) -> str:
    """The next number of a series; the row stays locked until the invoice that bears it is stored, or nothing is."""
    issued_on = now.astimezone(settings.BROADSHEET.zone).date()
    filled = fill_prefix(prefix, issued_on)
    start = 0 if InvoiceSeries.objects.exists() else InvoiceSettings.load().first_number - 1
    InvoiceSeries.objects.get_or_create(prefix=filled, defaults={"last_number": start})
    series = InvoiceSeries.objects.select_for_update().get(prefix=filled)
    series.last_number += 1
    series.save(update_fields=["last_number"])
    return f"{filled}{series.last_number}"


def begin(agreement: InvoiceAgreement, at: datetime) -> None:
    """Let the first period begin."""
    agreement.anchor_at = at
    agreement.period_end = next_period_end(at, agreement.price.period, after=at)
    if not agreement.renews:
        agreement.cancel_at = agreement.period_end
    agreement.save()


def write_invoice(agreement: InvoiceAgreement, terms: InvoiceSettings, *, now: datetime) -> Invoice:
    """Write the invoice for an agreement's first or next period."""
    start = agreement.period_end
    price, quantity = _next_terms(agreement)
    cents = next_cents(agreement)
    if start is None and terms.opens_on == OpensOn.ORDER:
        begin(agreement, now)
        start = now
    # A period of another length is counted from its own beginning.
    anchor = agreement.anchor_at if price.period == agreement.price.period else start
    end = None if start is None else next_period_end(anchor or start, price.period, after=start)
    if agreement.discount_left:
        agreement.discount_left -= 1
        agreement.save(update_fields=["discount_left"])
    what = f"{price.plan.name}, {_PERIODS[price.period]}"
    return _store(agreement, terms, _Item(price, what, quantity, cents, price.currency, start, end), now)


def write_again(old: Invoice, agreement: InvoiceAgreement, terms: InvoiceSettings, *, now: datetime) -> Invoice:
    """Write a cancelled invoice anew, for the same period and amount, to the agreement's recipient."""
    item = _Item(old.price, old.what, old.quantity, old.cents, old.currency, old.period_start, old.period_end)
    return _store(agreement, terms, item, now)


def next_cents(agreement: InvoiceAgreement) -> int:
    """What the next invoice asks for, discounts taken off."""
    price, quantity = _next_terms(agreement)
    percent = agreement.discount_percent if agreement.discount_left is None or agreement.discount_left > 0 else 0
    return price.cents * quantity * (100 - percent) // 100


def credit(invoice: Invoice, cents: int, *, now: datetime) -> Invoice:
    """A credit note over an invoice, or over part of it, under a number of its own."""
    terms = InvoiceSettings.load()
    return Invoice.objects.create(
        kind=Invoice.Kind.CREDIT,
        state=Invoice.State.CREDIT,
        number=take_number(terms.credit_prefix, now),
        agreement=invoice.agreement,
        credits=invoice,
        issued_at=now,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        recipient=invoice.recipient,
        email=invoice.email,
        issuer=invoice.issuer,
        what=invoice.what,
        quantity=invoice.quantity,
        cents=cents,
        tax_cents=tax_within(cents, invoice.tax_percent),
        tax_percent=invoice.tax_percent,
        currency=invoice.currency,
        words=f"This credits invoice {invoice.number}" + (" in full." if cents == invoice.cents else " in part."),
    )


def cancel(invoice: Invoice, *, now: datetime) -> Invoice:
    """Credit an open invoice in full, and send the credit note; its number stays in the books."""
    invoice.state = Invoice.State.CANCELLED
    invoice.save(update_fields=["state"])
    note = credit(invoice, invoice.cents, now=now)
    send(note, LetterKind.CREDIT_NOTE, now=now)
    return note


def settle(agreement: InvoiceAgreement, invoice: Invoice, *, now: datetime) -> None:
    """An invoice is paid in full: the period that it asks for is the reader's."""
    failed_at = failing_since(debts_of(agreement))
    invoice.state = Invoice.State.PAID
    invoice.save(update_fields=["state"])
    if agreement.anchor_at is None:
        begin(agreement, now)
    elif invoice.period_start is not None and invoice.period_end is not None and agreement.period_end is not None:
        _take_terms(agreement, invoice)
        agreement.period_end = max(agreement.period_end, invoice.period_end)
        if status_at(now, failed_at=failed_at, ended_at=None)[0] is Status.UNPAID:
            # Access had ended; the days in between were not read, so they are not paid for.
            agreement.anchor_at = now
            agreement.period_end = next_period_end(now, agreement.price.period, after=now)
        agreement.save()


def _next_terms(agreement: InvoiceAgreement) -> tuple[Price, int]:
    """Price and number of the next period, or of the first if none has begun."""
    if agreement.period_end is None:
        return agreement.price, agreement.quantity
    return agreement.next_price or agreement.price, agreement.next_quantity or agreement.quantity


def _take_terms(agreement: InvoiceAgreement, invoice: Invoice) -> None:
    """The period that is paid may be one of another number or price; one of another length is counted from its beginning."""
    if agreement.next_quantity == invoice.quantity:
        agreement.next_quantity = None
    agreement.quantity = invoice.quantity
    if invoice.price is None or invoice.price_id == agreement.price_id:
        return
    if invoice.price.period != agreement.price.period and invoice.period_start is not None:
        agreement.anchor_at = invoice.period_start
    if agreement.next_price_id == invoice.price_id:
        agreement.next_price = None
    agreement.price = invoice.price


def debts_of(agreement: InvoiceAgreement) -> tuple[Debt, ...]:
    """What is open, as it counts against the subscription."""
    zone = settings.BROADSHEET.zone
    return tuple(
        Debt(
            issued_at=invoice.issued_at,
            due_at=end_of_day(invoice.due_on or invoice.issued_at.date(), zone),
            period_start=invoice.period_start,
            opens=invoice.period_start is not None and invoice.period_start == agreement.anchor_at,
        )
        for invoice in agreement.invoices.all()
        if invoice.state == Invoice.State.OPEN
    )


def paid_cents(invoice: Invoice) -> int:
    """What has come in for an invoice and was not given back."""
    sums = invoice.payments.aggregate(paid=Sum("cents"), back=Sum("refunded_cents"))
    return (sums["paid"] or 0) - (sums["back"] or 0)


def paper_of(invoice: Invoice) -> Paper:
    """An invoice as it is printed."""
    zone = settings.BROADSHEET.zone
    is_credit = invoice.kind == Invoice.Kind.CREDIT
    days = [at.astimezone(zone).date() for at in (invoice.period_start, invoice.period_end) if at is not None]
    period = " to ".join(day_text(day) for day in days) if days else "from the day on which it is paid"
    return Paper(
        title="Credit note" if is_credit else "Invoice",
        number=invoice.number,
        issued_on=invoice.issued_at.astimezone(zone).date(),
        due_on=invoice.due_on,
        recipient=tuple(invoice.recipient.splitlines()),
        issuer=tuple(invoice.issuer.splitlines()),
        what=invoice.what,
        period=period,
        quantity=invoice.quantity,
        cents=invoice.cents,
        tax_cents=invoice.tax_cents,
        tax_percent=Decimal(invoice.tax_percent),
        currency=invoice.currency,
        words=tuple(part for part in invoice.words.split("\n\n") if part),
        credited_number=invoice.credits.number if is_credit and invoice.credits is not None else "",
        state=invoice.get_state_display(),
    )


def pdf_of(invoice: Invoice) -> bytes:
    """An invoice as a PDF."""
    return draw(paper_of(invoice), publication=load_publication().name)


def send(invoice: Invoice, kind: LetterKind, *, now: datetime, values: Mapping[str, str] | None = None) -> None:
    """Send an invoice or credit note with a letter, to whoever pays; nobody is written to once the address is erased."""
    if not invoice.email:
        return
    site = settings.BROADSHEET.site_url
    known = {
        "plan": invoice.what,
        "number": invoice.number,
        "amount": price_text(invoice.cents, invoice.currency),
        "due_on": day_text(invoice.due_on) if invoice.due_on else "",
        "invoice_number": invoice.credits.number if invoice.credits is not None else invoice.number,
        "left": price_text(max(0, invoice.cents - paid_cents(invoice)), invoice.currency),
        "account_link": f"{site}/account/",
        "help_link": f"{site}/help/",
    }
    attachment = Attachment(f"{invoice.number.replace('/', '-')}.pdf", pdf_of(invoice))
    queue_letter(kind, invoice.email, {**known, **(values or {})}, now=now, attachment=attachment)
    if invoice.sent_at is None:
        invoice.sent_at = now
        invoice.save(update_fields=["sent_at"])


def _store(agreement: InvoiceAgreement, terms: InvoiceSettings, item: _Item, now: datetime) -> Invoice:
    due_on = due_day(now, terms.days_to_pay, settings.BROADSHEET.zone)
    number = take_number(terms.prefix, now)
    ask = f"Please pay by {day_text(due_on)} and name the number {number}." if item.cents else ""
    issuer = [terms.issuer_name, *terms.issuer_address.splitlines(), terms.tax_number]
    recipient = [agreement.organisation, agreement.name, *agreement.postal_address.splitlines()]
    return Invoice.objects.create(
        kind=Invoice.Kind.INVOICE,
        number=number,
        agreement=agreement,
        issued_at=now,
        due_on=due_on,
        period_start=item.start,
        period_end=item.end,
        recipient="\n".join(line.strip() for line in recipient if line.strip()),
        email=agreement.email,
        issuer="\n".join(line.strip() for line in issuer if line.strip()),
        price=item.price,
        what=item.what,
        quantity=item.quantity,
        cents=item.cents,
        tax_cents=tax_within(item.cents, Decimal(terms.tax_percent)),
        tax_percent=terms.tax_percent,
        currency=item.currency,
        words="\n\n".join(part.strip() for part in (terms.tax_text, ask, terms.bank_details, terms.closing_words) if part.strip()),
    )
