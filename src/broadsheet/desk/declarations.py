"""Withdrawals and cancellations that came in without sign-in: what is declared, which subscription fits, one button each."""

from __future__ import annotations

import csv
from typing import cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from broadsheet.accounts.models import User
from broadsheet.billing.declaration_flows import close, find_subscriptions, may_settle, received_words, settle
from broadsheet.billing.models import Declaration, Order
from broadsheet.billing.provider import ProviderError
from broadsheet.core import clock
from broadsheet.core.money import price_text
from broadsheet.core.text import harmless_cell

SEE_DECLARATIONS = "billing.view_declaration"
SETTLE_DECLARATIONS = "billing.change_declaration"
SEE_CONSENTS = "billing.view_order"
SHOWN = 200


class DeclineForm(forms.Form):
    """Why nothing comes of a declaration; the person is written to by hand."""

    outcome = forms.CharField(
        label="What came of it",
        max_length=200,
        error_messages={
            "required": "Say in a few words what came of it, such as “no contract with this address; written to on 3 May”."
        },
    )


@require_safe
@permission_required(SEE_DECLARATIONS, raise_exception=True)
def declarations(request: HttpRequest) -> HttpResponse:
    """Those that wait, then those that are done with."""
    waiting = Declaration.objects.filter(state=Declaration.State.NEW).order_by("created_at")
    settled = Declaration.objects.exclude(state=Declaration.State.NEW)[:SHOWN]
    return render(request, "desk/declarations.html", {"waiting": waiting, "settled": settled})


@require_safe
@permission_required(SEE_DECLARATIONS, raise_exception=True)
def declaration(request: HttpRequest, number: int) -> HttpResponse:
    """One declaration, and the subscriptions of the address it names."""
    return _show(request, get_object_or_404(Declaration, pk=number), DeclineForm())


@require_POST
@permission_required(SETTLE_DECLARATIONS, raise_exception=True)
def carry_out(request: HttpRequest, number: int, subscription: int) -> HttpResponse:
    """Give back and end, or cancel."""
    row = get_object_or_404(Declaration, pk=number)
    held = next((held for held in find_subscriptions(row) if held.pk == subscription), None)
    if held is None:
        messages.error(request, "That subscription does not belong to the address in this declaration.")
        return redirect("desk_declaration", number)
    try:
        settle(row, held, by=cast(User, request.user), now=clock.now())
    except ProviderError as error:
        messages.error(request, f"Not done: {error}")
    else:
        messages.success(request, "Done. The reader is written to.")
    return redirect("desk_declaration", number)


@require_POST
@permission_required(SETTLE_DECLARATIONS, raise_exception=True)
def decline(request: HttpRequest, number: int) -> HttpResponse:
    """Note that nothing comes of a declaration."""
    row = get_object_or_404(Declaration, pk=number, state=Declaration.State.NEW)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _show(request, row, form)
    close(row, Declaration.State.DECLINED, form.cleaned_data["outcome"], by=cast(User, request.user), now=clock.now())
    messages.success(request, "Noted. Write to the person yourself; nothing was sent.")
    return redirect("desk_declaration", number)


@require_safe
@permission_required(SEE_CONSENTS, raise_exception=True)
def consents(request: HttpRequest) -> HttpResponse:
    """Which words were agreed to before each order, and when: a CSV for whoever has to prove it."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="consents.csv"'
    writer = csv.writer(response)
    writer.writerow(("order", "at", "account", "plan", "subscription", "agreed to"))
    rows = Order.objects.exclude(agreed_text="").select_related("price__plan").order_by("id")
    for row in rows.iterator(chunk_size=500):
        at, plan = row.created_at.isoformat(timespec="seconds"), row.price.plan.name
        cells = (row.ref, at, row.reader_id or "erased", plan, row.subscription_id, row.agreed_text)
        writer.writerow(map(harmless_cell, cells))
    return response


def _show(request: HttpRequest, row: Declaration, form: DeclineForm) -> HttpResponse:
    held = [(held, price_text(held.kept_cents, held.price.currency), may_settle(row, held)) for held in find_subscriptions(row)]
    context = {
        "row": row,
        "received_at": received_words(row),
        "held": held,
        "form": form,
        "may_settle": request.user.has_perm(SETTLE_DECLARATIONS),
        "is_new": row.state == Declaration.State.NEW,
        "is_withdrawal": row.kind == Declaration.Kind.WITHDRAWAL,
        "zone": settings.BROADSHEET.time_zone,
    }
    return render(request, "desk/declaration.html", context)
