"""A reader's own invoices: the list, each to read and print, and as a PDF."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.models import User
from broadsheet.billing.invoice_books import paper_of, pdf_of
from broadsheet.billing.invoice_store import find_invoice, load_invoices
from broadsheet.billing.models import Invoice
from broadsheet.core import clock
from broadsheet.web.account import for_readers
from broadsheet.web.reader_page import private, reader_page


@for_readers
@require_http_methods(["GET", "HEAD"])
def invoices(request: HttpRequest) -> HttpResponse:
    """All of them, the newest first."""
    found = load_invoices(cast(User, request.user).pk)
    return reader_page(request, "web/invoices.html", {"rows": found, "zone": settings.BROADSHEET.time_zone}, now=clock.now())


@for_readers
@require_http_methods(["GET", "HEAD"])
def paper(request: HttpRequest, number: int) -> HttpResponse:
    """One, as it is printed."""
    row = _own(request, number)
    return reader_page(request, "web/paper.html", {"row": row, "paper": paper_of(row)}, now=clock.now())


@for_readers
@require_http_methods(["GET", "HEAD"])
def pdf(request: HttpRequest, number: int) -> HttpResponse:
    """One, as it came with the letter."""
    row = _own(request, number)
    response = private(HttpResponse(pdf_of(row), content_type="application/pdf"))
    response["Content-Disposition"] = f'inline; filename="{row.number.replace("/", "-")}.pdf"'
    return response


def _own(request: HttpRequest, number: int) -> Invoice:
    row = find_invoice(cast(User, request.user).pk, number)
    if row is None:
        raise Http404
    return row
