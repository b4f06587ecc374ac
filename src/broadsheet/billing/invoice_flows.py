"""What desk and worker do with invoices: answer requests, note payments, cancel, correct, renew, remind."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NoReturn

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.models import User
from broadsheet.billing import invoice_books
from broadsheet.billing.days import show_day
from broadsheet.billing.invoice_provider_flows import NAME
from broadsheet.billing.invoices import FIRST_REMINDER, LAST_REMINDER, RENEWAL_LEAD
from broadsheet.billing.ledger import Status
from broadsheet.billing.models import (
    Invoice,
    InvoiceAgreement,
    InvoicePayment,
    InvoiceRequest,
    InvoiceSettings,
    Order,
    Plan,
    Price,
    PriceChange,
    Subscription,
)
from broadsheet.billing.order_flows import finish_order, order_of
from broadsheet.billing.provider import Refused
from broadsheet.billing.subscription_flows import raise_alert
from broadsheet.core.money import price_text
from broadsheet.core.text import day_text
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.wordings import LetterKind

BATCH = 200


@dataclass(frozen=True, slots=True)
class Booked:
    """What one payment came to: how much is still open, and how much was paid too much."""

    left_cents: int
    too_much_cents: int


# -- Requests ------------------------------------------------------------------------------------------------------------


def accept_request(request_id: int, *, quantity: int, by: User | None, now: datetime) -> Invoice:
    """Answer a request: the agreement begins to exist, and its first invoice goes out.

    Raises:
        Refused: it was answered before, its plan has no price, or the publisher's address is not set.
    """
    with transaction.atomic():
        row = _hold_request(request_id)
        terms = invoice_books.load_settings()
        row.order = _order_for(row, quantity, now)
        agreement = _agree(row, row.order)
        invoice = _write_first(agreement, terms, now)
        _answer(row, InvoiceRequest.State.ANSWERED, by, now)
    return invoice


def decline_request(request_id: int, *, word: str, by: User | None, now: datetime) -> None:
    """Answer a request with no, and with a word to whoever asked.

    Raises:
        Refused: it was answered before.
    """
    with transaction.atomic():
        row = _hold_request(request_id)
        site = settings.BROADSHEET.site_url
        values = {"plan": row.plan.name, "word": word, "subscribe_link": f"{site}/subscribe/", "help_link": f"{site}/help/"}
        queue_letter(LetterKind.INVOICE_DECLINED, row.email, values, now=now)
        _answer(row, InvoiceRequest.State.DECLINED, by, now)


# -- Payments, corrections -----------------------------------------------------------------------------------------------


def book_payment(
    invoice_id: int, cents: int, *, paid_on: date, reference: str, by: User | None, now: datetime, left_cents: int | None = None
) -> Booked:
    """Note that money came in for an open invoice; the one that completes it opens the period that it asks for.

    `left_cents` is what was open when the person looked, so that sending the form twice books once.

    Raises:
        Refused: the invoice is not open, or something is wrong with amount or date.
    """
    with transaction.atomic():
        invoice, agreement = _hold(invoice_id)
        left = invoice.cents - invoice_books.paid_cents(invoice)
        _refuse_payment(invoice, cents, paid_on, left if left_cents is None else left_cents, left, now)
        InvoicePayment.objects.create(
            invoice=invoice,
            ref=f"{invoice.number.replace('/', '-')}.{invoice.payments.count() + 1}",
            cents=cents,
            paid_on=paid_on,
            paid_at=min(now, datetime.combine(paid_on, time(12), settings.BROADSHEET.zone)),
            reference=reference[:120],
            booked_at=now,
            booked_by=by,
        )
        if cents >= left:
            invoice_books.settle(agreement, invoice, now=now)
        booked = Booked(max(0, left - cents), max(0, cents - left))
        _follow(agreement, now)
        _tell_of_payment(agreement, invoice, cents, paid_on, booked, now)
    return booked


def cancel_invoice(invoice_id: int, *, now: datetime) -> Invoice:
    """Cancel an open invoice by a credit note; what it asked for is not renewed, or ends. Returns the credit note.

    What was paid of it in part counts as given back: staff see to the transfer.

    Raises:
        Refused: it is not open.
    """
    with transaction.atomic():
        invoice, agreement = _hold(invoice_id)
        _refuse_change(invoice)
        note = invoice_books.cancel(invoice, now=now)
        invoice.payments.update(refunded_cents=F("cents"))
        if agreement.anchor_at is None or agreement.period_end is None or invoice.period_start == agreement.anchor_at:
            agreement.ended_at = now
        elif agreement.period_end > now:
            agreement.cancel_at = agreement.period_end
        else:
            agreement.ended_at = _stood_until(agreement, now)
        agreement.save()
        _follow(agreement, now)
    return note


def correct_invoice(invoice_id: int, *, recipient: str, email: str, now: datetime) -> Invoice:
    """Write an open invoice anew with another recipient; the old one is credited, and later ones go to the new one.

    Raises:
        Refused: it is not open, or was paid in part.
    """
    with transaction.atomic():
        invoice, agreement = _hold(invoice_id)
        _refuse_change(invoice)
        if invoice.payments.exists():
            _refuse("Part of it is paid, so it stays as it is. Cancel it, or note the rest.")
        terms = invoice_books.load_settings()
        lines = [line.strip() for line in recipient.splitlines() if line.strip()]
        if len(lines) < 2:
            _refuse("Give a name and an address, line by line.")
        invoice.state = Invoice.State.CANCELLED
        invoice.save(update_fields=["state"])
        invoice_books.credit(invoice, invoice.cents, now=now)
        agreement.organisation, agreement.name, agreement.postal_address = "", lines[0][:120], "\n".join(lines[1:])[:600]
        agreement.email = email
        agreement.save()
        written = invoice_books.write_again(invoice, agreement, terms, now=now)
        _send_first(agreement, written, now)
        _follow(agreement, now)
    return written


def send_again(invoice_id: int, *, now: datetime) -> None:
    """Send an invoice or a credit note once more."""
    invoice = Invoice.objects.select_related("agreement__price__plan", "credits").get(pk=invoice_id)
    with transaction.atomic():
        if invoice.kind == Invoice.Kind.CREDIT:
            invoice_books.send(invoice, LetterKind.CREDIT_NOTE, now=now)
        else:
            _send_first(invoice.agreement, invoice, now)


# -- What comes with time --------------------------------------------------------------------------------------------------


def write_renewal_invoices(*, now: datetime) -> int:
    """A month before a period ends, or as long before as there are days to pay: the next one's invoice. Returns how many."""
    lead = max(RENEWAL_LEAD, timedelta(days=InvoiceSettings.load().days_to_pay))
    is_written = Invoice.objects.filter(
        agreement=OuterRef("pk"), period_start__gte=OuterRef("period_end"), state__in=(Invoice.State.OPEN, Invoice.State.PAID)
    )
    due = InvoiceAgreement.objects.filter(
        ~Exists(is_written), renews=True, ended_at__isnull=True, cancel_at__isnull=True, period_end__lte=now + lead
    )
    written = 0
    for ref in due.values_list("ref", flat=True)[:BATCH]:
        with transaction.atomic():
            agreement = invoice_books.hold_agreement(ref)
            written += _renew(agreement, now)
    return written


def remind_of_invoices(*, now: datetime) -> int:
    """A week after the day to pay, and after three: once each, and only the last if the first was missed. Returns how many."""
    today = now.astimezone(settings.BROADSHEET.zone).date()
    is_due = Q(due_on__lte=today - FIRST_REMINDER, reminded_at__isnull=True) | Q(due_on__lte=today - LAST_REMINDER)
    rows = Invoice.objects.filter(is_due, kind=Invoice.Kind.INVOICE, state=Invoice.State.OPEN, last_reminded_at__isnull=True)
    reminded = 0
    for pk in rows.values_list("pk", flat=True)[:BATCH]:
        with transaction.atomic():
            invoice, _ = _hold(pk)
            reminded += _remind(invoice, today, now)
    return reminded


def follow_invoices(*, now: datetime) -> int:
    """Follow each subscription that an open invoice counts against: overdue, then unpaid. Returns how many changed."""
    open_ones = InvoiceAgreement.objects.filter(invoices__state=Invoice.State.OPEN, anchor_at__isnull=False, ended_at__isnull=True)
    changed = 0
    for ref in open_ones.distinct().values_list("ref", flat=True)[: 10 * BATCH]:
        with transaction.atomic():
            agreement = invoice_books.hold_agreement(ref)
            before = Subscription.objects.filter(provider=NAME, ref=ref).values_list("status", flat=True).first()
            row = _follow(agreement, now)
            if row is None or row.status == before:
                continue
            changed += 1
            if row.status == Status.UNPAID:
                _give_up(agreement, row, now)
    return changed


def _renew(agreement: InvoiceAgreement, now: datetime) -> int:
    """Write the next invoice unless one was written meanwhile; staff are told when it can't be."""
    asked = (Invoice.State.OPEN, Invoice.State.PAID)
    written = agreement.invoices.filter(state__in=asked, period_start__gte=agreement.period_end)
    if written.exists() or agreement.cancel_at is not None or agreement.ended_at is not None:
        return 0
    try:
        terms = invoice_books.load_settings()
    except Refused as refused:
        raise_alert(f"invoice-settings:{agreement.ref}", f"The next invoice for {agreement.ref} waits: {refused}"[:300], now=now)
        return 0
    _take_announced_price(agreement)
    _write_first(agreement, terms, now)
    return 1


def _take_announced_price(agreement: InvoiceAgreement) -> None:
    """A new price that was announced for the next period: its invoice comes as long before as a letter would."""
    if agreement.period_end is None or agreement.next_price is not None or agreement.next_quantity is not None:
        return  # what the reader has ordered themselves goes before
    day = agreement.period_end.astimezone(settings.BROADSHEET.zone).date()
    change = PriceChange.objects.filter(from_price=agreement.price, withdrawn_at=None, effective_on__lte=day).first()
    if change is not None:
        agreement.next_price = change.to_price
        agreement.save(update_fields=["next_price"])


def _write_first(agreement: InvoiceAgreement, terms: InvoiceSettings, now: datetime) -> Invoice:
    """Write and send the invoice for the first or next period; what costs nothing is paid."""
    invoice = invoice_books.write_invoice(agreement, terms, now=now)
    if invoice.cents == 0:
        invoice_books.settle(agreement, invoice, now=now)
    _send_first(agreement, invoice, now)
    _follow(agreement, now)
    return invoice


def _remind(invoice: Invoice, today: date, now: datetime) -> int:
    if invoice.state != Invoice.State.OPEN or invoice.last_reminded_at is not None or invoice.due_on is None:
        return 0
    is_last = invoice.due_on + LAST_REMINDER <= today
    if not is_last and invoice.reminded_at is not None:
        return 0
    invoice_books.send(invoice, LetterKind.INVOICE_LAST_REMINDER if is_last else LetterKind.INVOICE_REMINDER, now=now)
    invoice.reminded_at = invoice.reminded_at or now
    invoice.last_reminded_at = now if is_last else None
    invoice.save(update_fields=["reminded_at", "last_reminded_at"])
    if is_last and invoice.agreement.anchor_at is None:
        text = f"Invoice {invoice.number} is unpaid three weeks after its day and nothing was opened: cancel it, or ask."
        raise_alert(f"invoice:{invoice.number}", text, now=now)
    return 1


def _give_up(agreement: InvoiceAgreement, row: Subscription, now: datetime) -> None:
    for invoice in agreement.invoices.filter(state=Invoice.State.OPEN):
        invoice_books.send(invoice, LetterKind.INVOICE_UNPAID, now=now)
        text = f"Invoice {invoice.number} is unpaid and its subscription has ended: note the payment, or cancel the invoice."
        raise_alert(f"invoice:{invoice.number}", text, subscription=row, now=now)


# -- Parts -----------------------------------------------------------------------------------------------------------------


def _hold_request(request_id: int) -> InvoiceRequest:
    row = InvoiceRequest.objects.select_for_update(of=("self",)).select_related("plan").get(pk=request_id)
    if row.state != InvoiceRequest.State.NEW:
        _refuse("This request was answered before.")
    return row


def _answer(row: InvoiceRequest, state: InvoiceRequest.State, by: User | None, now: datetime) -> None:
    row.state, row.answered_by, row.answered_at = state, by, now
    row.save(update_fields=["state", "answered_by", "answered_at", "order"])


def _order_for(row: InvoiceRequest, quantity: int, now: datetime) -> Order:
    price = Price.objects.filter(plan=row.plan).first()
    if price is None:
        _refuse("This plan has no price; save it once in Plans.")
    if row.plan.kind == Plan.Kind.GIFT:
        _refuse("A gift cannot be ordered by invoice: an invoice names nobody whom it is for.")
    if row.plan.kind == Plan.Kind.GROUP and not row.plan.min_seats <= quantity <= row.plan.max_seats:
        _refuse(f"This plan is for {row.plan.min_seats} to {row.plan.max_seats} seats.")
    return Order.objects.create(
        ref=secrets.token_urlsafe(18),
        reader=row.reader or _reader_at(row.email, now),
        price=price,
        provider=NAME,
        quantity=max(1, quantity),
        agreed_text=f"Asked for by invoice, request {row.pk}.",
        details={"organisation": row.organisation or row.name} if row.plan.kind == row.plan.Kind.GROUP else {},
        created_at=now,
    )


def _reader_at(email: str, now: datetime) -> User:
    """The account of an address; a new one stays unconfirmed until somebody signs in from that mailbox."""
    address = parse_address(email)
    if address is None:
        _refuse(f"{email} is not an address that letters reach.")
    user = User.objects.filter(address_key=address.key).first()
    return user or User.objects.create_user(address.typed, date_joined=now)


def _agree(row: InvoiceRequest, order: Order) -> InvoiceAgreement:
    terms = order_of(order)
    return InvoiceAgreement.objects.create(
        ref=f"inv_{secrets.token_hex(8)}",
        order=order,
        reader=order.reader,
        price=order.price,
        quantity=order.quantity,
        discount_percent=order.discount_percent,
        discount_left=order.discount_periods,
        renews=terms.renews,
        name=row.name,
        organisation=row.organisation,
        postal_address=row.postal_address,
        email=row.email,
        ordered_at=order.created_at,
    )


def _hold(invoice_id: int) -> tuple[Invoice, InvoiceAgreement]:
    """An invoice and its agreement, which is locked first: whatever changes either goes by it."""
    ref = Invoice.objects.values_list("agreement__ref", flat=True).get(pk=invoice_id)
    agreement = invoice_books.hold_agreement(ref)
    invoice = Invoice.objects.select_related("credits").get(pk=invoice_id)
    invoice.agreement = agreement
    return invoice, agreement


def _refuse_payment(invoice: Invoice, cents: int, paid_on: date, expected: int, left: int, now: datetime) -> None:
    if invoice.kind != Invoice.Kind.INVOICE or invoice.state != Invoice.State.OPEN:
        _refuse(f"Invoice {invoice.number} is {invoice.get_state_display().lower()}; a payment can be noted for an open one.")
    if cents <= 0:
        _refuse("Give an amount above nothing.")
    if paid_on > now.astimezone(settings.BROADSHEET.zone).date():
        _refuse("That day has not come yet.")
    if expected != left:
        _refuse(f"{price_text(left, invoice.currency)} are open by now. Look again before you note more.")


def _refuse_change(invoice: Invoice) -> None:
    if invoice.kind != Invoice.Kind.INVOICE or invoice.state != Invoice.State.OPEN:
        _refuse(f"Invoice {invoice.number} is {invoice.get_state_display().lower()}; give money back on the reader's page instead.")


def _refuse(words: str) -> NoReturn:
    raise Refused(words)


def _stood_until(agreement: InvoiceAgreement, now: datetime) -> datetime:
    """When an overdue subscription ends that is cancelled now: at once, or when it had ended by itself."""
    row = Subscription.objects.filter(provider=NAME, ref=agreement.ref).first()
    return row.ended_at if row is not None and row.ended_at is not None else now


def _follow(agreement: InvoiceAgreement, now: datetime) -> Subscription | None:
    """Bring our subscription up to the books; None while it has not begun."""
    return finish_order(agreement.order, now=now)


def _send_first(agreement: InvoiceAgreement, invoice: Invoice, now: datetime) -> None:
    values = {"access_line": _access_line(agreement, invoice), "price_line": _price_line(agreement, invoice)}
    invoice_books.send(invoice, LetterKind.INVOICE, now=now, values=values)


def _price_line(agreement: InvoiceAgreement, invoice: Invoice) -> str:
    """That it is another amount than the last time, if it is."""
    last = agreement.invoices.filter(state=Invoice.State.PAID, pk__lt=invoice.pk).order_by("-pk").first()
    if last is None or last.cents == invoice.cents:
        return ""
    return f"Your last invoice was over {price_text(last.cents, last.currency)}."


def _access_line(agreement: InvoiceAgreement, invoice: Invoice) -> str:
    site = settings.BROADSHEET.site_url
    if invoice.state != Invoice.State.OPEN:
        return ""
    if agreement.anchor_at is None:
        return f"Access begins when we have received it; we write to you then. You will sign in at {site}/login/ with this address."
    if invoice.period_start == agreement.anchor_at:
        return f"Access has begun. Sign in at {site}/login/ with the address that you gave us."
    end = agreement.period_end
    return f"It is for the time from {show_day(end)} on. You read everything until then, and for three weeks more." if end else ""


def _tell_of_payment(
    agreement: InvoiceAgreement, invoice: Invoice, cents: int, paid_on: date, booked: Booked, now: datetime
) -> None:
    left_line = access_line = ""
    if booked.left_cents:
        left_line = f"{price_text(booked.left_cents, invoice.currency)} are still open."
    elif booked.too_much_cents:
        left_line = f"That is {price_text(booked.too_much_cents, invoice.currency)} more than the invoice; we pay it back."
    if not booked.left_cents and agreement.period_end is not None:
        access_line = f"You read everything until {show_day(agreement.period_end)}."
    values = {
        "paid": price_text(cents, invoice.currency),
        "paid_on": day_text(paid_on),
        "left_line": left_line,
        "access_line": access_line,
    }
    invoice_books.send(invoice, LetterKind.INVOICE_PAID, now=now, values=values)
