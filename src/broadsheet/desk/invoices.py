"""Invoices at the desk: requests to answer, what is open and overdue, and one page for each with all that can be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.models import User
from broadsheet.billing import invoice_flows
from broadsheet.billing.invoice_books import paid_cents, paper_of, pdf_of
from broadsheet.billing.models import Invoice, InvoiceRequest
from broadsheet.billing.provider import ProviderError
from broadsheet.core import clock
from broadsheet.core.money import amount_text, parse_amount, price_text

SEE_INVOICES = "billing.view_invoice"
CHANGE_INVOICES = "billing.change_invoice"
SHOWN = 200
LISTS = {"open": "Open", "overdue": "Overdue", "paid": "Paid", "cancelled": "Cancelled", "credit": "Credit notes", "all": "All"}


class PaymentForm(forms.Form):
    """A payment as the bank's statement shows it."""

    amount = forms.CharField(max_length=16, help_text="Less than the invoice is noted as a part; more is said to the reader.")
    paid_on = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    reference = forms.CharField(max_length=120, required=False, help_text="As on the statement, so that you find it again.")

    def __init__(self, invoice: Invoice, left_cents: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = invoice.currency
        self.fields["amount"].label = f"Amount, {invoice.currency}"
        self.initial = {
            "amount": amount_text(left_cents, invoice.currency).replace(",", ""),
            "paid_on": clock.now().astimezone(settings.BROADSHEET.zone).date(),
        }

    def clean_amount(self) -> int:
        cents = parse_amount(self.cleaned_data["amount"], self.currency)
        if cents is None:
            raise forms.ValidationError("Write the amount in figures, such as 96 or 96.50.")
        return cents


class CorrectionForm(forms.Form):
    """Whom the invoice is for, line by line."""

    recipient = forms.CharField(
        max_length=700, widget=forms.Textarea(attrs={"rows": 5}), help_text="Name, then address, line by line."
    )
    email = forms.CharField(label="Goes to", max_length=254)

    def clean_email(self) -> str:
        address = parse_address(self.cleaned_data["email"])
        if address is None:
            raise forms.ValidationError("That is no address that letters reach.")
        return address.typed


class AcceptForm(forms.Form):
    """How many are paid for."""

    quantity = forms.IntegerField(
        label="How many", min_value=1, max_value=10_000, initial=1, help_text="Seats; one for a single reader."
    )


class DeclineForm(forms.Form):
    """A word to whoever asked."""

    word = forms.CharField(
        label="A word to whoever asked",
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why, in a sentence; it stands in the letter."},
    )


@require_safe
@permission_required(SEE_INVOICES, raise_exception=True)
def invoices(request: HttpRequest) -> HttpResponse:
    """Requests that wait, then invoices by what is to be done with them."""
    shown = request.GET.get("show", "open")
    shown = shown if shown in LISTS else "open"
    query = request.GET.get("q", "").strip()[:80]
    today = _today(clock.now())
    found = _list(shown, today).filter(Q(number__icontains=query) | Q(recipient__icontains=query)) if query else _list(shown, today)
    context = {
        "requests": InvoiceRequest.objects.filter(state=InvoiceRequest.State.NEW)
        .select_related("plan")
        .order_by("created_at")[:SHOWN],
        "rows": [(row, price_text(row.cents, row.currency), _is_overdue(row, today)) for row in found[:SHOWN]],
        "lists": [(name, label, name == shown) for name, label in LISTS.items()],
        "shown": shown,
        "query": query,
        "has_more": found.count() > SHOWN,
        "zone": settings.BROADSHEET.time_zone,
    }
    return render(request, "desk/invoices.html", context)


@require_safe
@permission_required(SEE_INVOICES, raise_exception=True)
def invoice(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """One invoice, its payments, and what can be done."""
    return _show(request, _load(invoice_id))


@require_safe
@permission_required(SEE_INVOICES, raise_exception=True)
def pdf(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """The invoice as it went out."""
    return pdf_response(_load(invoice_id))


def pdf_response(row: Invoice) -> HttpResponse:
    """A PDF to look at, named by the invoice's number."""
    response = HttpResponse(pdf_of(row), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{row.number.replace("/", "-")}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@permission_required(CHANGE_INVOICES, raise_exception=True)
def pay(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Note a payment."""
    row = _load(invoice_id)
    form = PaymentForm(row, row.cents - paid_cents(row), request.POST)
    if not form.is_valid():
        return _show(request, row, payment=form)
    left = request.POST.get("left", "")
    try:
        booked = invoice_flows.book_payment(
            row.pk,
            form.cleaned_data["amount"],
            paid_on=form.cleaned_data["paid_on"],
            reference=form.cleaned_data["reference"],
            by=_staff(request),
            now=clock.now(),
            left_cents=int(left) if left.isascii() and left.isdigit() and len(left) < 16 else None,
        )
    except ProviderError as error:
        form.add_error(None, str(error))
        return _show(request, row, payment=form)
    messages.success(request, _words_of(booked, row.currency))
    return redirect("desk_invoice", row.pk)


@require_POST
@permission_required(CHANGE_INVOICES, raise_exception=True)
def correct(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Write it anew for another recipient."""
    row, form = _load(invoice_id), CorrectionForm(request.POST)
    if not form.is_valid():
        return _show(request, row, correction=form)
    try:
        written = invoice_flows.correct_invoice(row.pk, **form.cleaned_data, now=clock.now())
    except ProviderError as error:
        form.add_error(None, str(error))
        return _show(request, row, correction=form)
    messages.success(request, f"Invoice {written.number} is written and sent; {row.number} is credited.")
    return redirect("desk_invoice", written.pk)


@require_POST
@permission_required(CHANGE_INVOICES, raise_exception=True)
def cancel(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Cancel it by a credit note."""

    def do(row: Invoice) -> str:
        back = paid_cents(row)
        note = invoice_flows.cancel_invoice(row.pk, now=clock.now())
        transfer = f" Pay {price_text(back, row.currency)} back by transfer: that much had come in." if back else ""
        return f"Cancelled by credit note {note.number}, which is on its way.{transfer}"

    return _do(request, invoice_id, do)


@require_POST
@permission_required(CHANGE_INVOICES, raise_exception=True)
def send(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Send it once more."""

    def do(row: Invoice) -> str:
        invoice_flows.send_again(row.pk, now=clock.now())
        return f"{row} is on its way to {row.email}." if row.email else "Its address is erased; nothing was sent."

    return _do(request, invoice_id, do)


@require_safe
@permission_required(SEE_INVOICES, raise_exception=True)
def invoice_request(request: HttpRequest, request_id: int) -> HttpResponse:
    """One request, to accept or to decline."""
    return _show_request(request, get_object_or_404(InvoiceRequest.objects.select_related("plan"), pk=request_id))


@require_POST
@permission_required(CHANGE_INVOICES, raise_exception=True)
def accept(request: HttpRequest, request_id: int) -> HttpResponse:
    """Write the first invoice."""
    row, form = get_object_or_404(InvoiceRequest, pk=request_id), AcceptForm(request.POST)
    if not form.is_valid():
        return _show_request(request, row, accept=form)
    try:
        written = invoice_flows.accept_request(row.pk, quantity=form.cleaned_data["quantity"], by=_staff(request), now=clock.now())
    except ProviderError as error:
        form.add_error(None, str(error))
        return _show_request(request, row, accept=form)
    messages.success(request, f"Invoice {written.number} is written and on its way to {row.email}.")
    return redirect("desk_invoice", written.pk)


@require_POST
@permission_required(CHANGE_INVOICES, raise_exception=True)
def decline(request: HttpRequest, request_id: int) -> HttpResponse:
    """Say no, with a word."""
    row, form = get_object_or_404(InvoiceRequest, pk=request_id), DeclineForm(request.POST)
    if not form.is_valid():
        return _show_request(request, row, decline=form)
    try:
        invoice_flows.decline_request(row.pk, word=form.cleaned_data["word"], by=_staff(request), now=clock.now())
    except ProviderError as error:
        form.add_error(None, str(error))
        return _show_request(request, row, decline=form)
    messages.success(request, "Declined; the letter is on its way.")
    return redirect("desk_invoices")


def _list(shown: str, today: date) -> QuerySet[Invoice]:
    rows = Invoice.objects.select_related("agreement__reader")
    if shown == "all":
        return rows
    if shown == "overdue":
        return rows.filter(state=Invoice.State.OPEN, due_on__lt=today).order_by("due_on")
    return rows.filter(state=shown)


def _is_overdue(row: Invoice, today: date) -> bool:
    return row.state == Invoice.State.OPEN and row.due_on is not None and row.due_on < today


def _load(invoice_id: int) -> Invoice:
    return get_object_or_404(Invoice.objects.select_related("agreement__reader", "credits"), pk=invoice_id)


def _do(request: HttpRequest, invoice_id: int, do: Callable[[Invoice], str]) -> HttpResponse:
    row = _load(invoice_id)
    try:
        messages.success(request, do(row))
    except ProviderError as error:
        messages.error(request, f"Not done: {error}")
    return redirect("desk_invoice", row.pk)


def _show(
    request: HttpRequest, row: Invoice, *, payment: PaymentForm | None = None, correction: CorrectionForm | None = None
) -> HttpResponse:
    left = row.cents - paid_cents(row)
    may_change = request.user.has_perm(CHANGE_INVOICES)
    is_open = row.state == Invoice.State.OPEN
    payments = list(row.payments.select_related("booked_by"))
    context = {
        "row": row,
        "paper": paper_of(row),
        "left": price_text(max(0, left), row.currency),
        "left_cents": left,
        "too_much": price_text(-left, row.currency) if left < 0 else "",
        "payments": [(one, price_text(one.cents, row.currency), _back(one.refunded_cents, row.currency)) for one in payments],
        "notes": row.credit_notes.all(),
        "is_overdue": _is_overdue(row, _today(clock.now())),
        "may_change": may_change,
        "payment": (payment or PaymentForm(row, left)) if may_change and is_open else None,
        "correction": (correction or CorrectionForm(initial={"recipient": row.recipient, "email": row.email}))
        if may_change and is_open and not payments
        else None,
        "is_open": is_open,
        "zone": settings.BROADSHEET.time_zone,
    }
    return render(request, "desk/invoice.html", context)


def _show_request(
    request: HttpRequest, row: InvoiceRequest, *, accept: AcceptForm | None = None, decline: DeclineForm | None = None
) -> HttpResponse:
    context = {
        "row": row,
        "accept": accept or AcceptForm(),
        "decline": decline or DeclineForm(),
        "may_change": request.user.has_perm(CHANGE_INVOICES) and row.state == InvoiceRequest.State.NEW,
        "price": price_text(row.plan.price_cents, row.plan.currency),
        "zone": settings.BROADSHEET.time_zone,
    }
    return render(request, "desk/invoice_request.html", context)


def _back(cents: int, currency: str) -> str:
    return price_text(cents, currency) if cents else ""


def _words_of(booked: invoice_flows.Booked, currency: str) -> str:
    if booked.left_cents:
        return f"Noted. {price_text(booked.left_cents, currency)} are still open, and the reader is told."
    if booked.too_much_cents:
        return f"Paid, and {price_text(booked.too_much_cents, currency)} too much: give it back on the reader's page."
    return "Paid in full. The reader is told."


def _today(now: datetime) -> date:
    return now.astimezone(settings.BROADSHEET.zone).date()


def _staff(request: HttpRequest) -> User:
    return cast(User, request.user)
