"""Gifts in the desk: who gave what to whom, where each stands, and sending one again to another address."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.models import User
from broadsheet.billing.gift_flows import deliver_again
from broadsheet.billing.gift_store import GiftState, state_of
from broadsheet.billing.models import Gift
from broadsheet.core import clock
from broadsheet.desk.models import AuditAction
from broadsheet.desk.support_flows import write_line

SEE_GIFTS = "billing.view_gift"
CHANGE_GIFTS = "billing.change_gift"
SHOWN = 100
WAITING = (GiftState.SCHEDULED, GiftState.DELIVERED)


class SendAgainForm(forms.Form):
    """Where a gift goes once more, and why."""

    address = forms.CharField(label="To", max_length=254)
    reason = forms.CharField(max_length=200, help_text="What support will read, such as “the first address was misspelt”.")

    def clean_address(self) -> str:
        address = parse_address(self.cleaned_data["address"])
        if address is None:
            raise forms.ValidationError("That is no email address. Is a letter missing, or one too many?")
        return address.typed


@require_safe
@permission_required(SEE_GIFTS, raise_exception=True)
def gifts(request: HttpRequest) -> HttpResponse:
    """The newest gifts, or those of an address: the giver's or the recipient's."""
    now, query = clock.now(), request.GET.get("q", "").strip()
    rows = Gift.objects.select_related("subscription__price__plan", "subscription__reader", "reader")
    if query:
        mailboxes = Q(address__icontains=query) | Q(subscription__reader__email__icontains=query)
        rows = rows.filter(mailboxes | Q(reader__email__icontains=query))
    shown = [(row, state_of(row, now=now)) for row in rows[:SHOWN]]
    return render(request, "desk/gifts.html", {"gifts": shown, "query": query, "zone": settings.BROADSHEET.time_zone})


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(SEE_GIFTS, raise_exception=True)
def gift(request: HttpRequest, number: int) -> HttpResponse:
    """One gift; while it waits to be opened, it can be sent again."""
    now = clock.now()
    row = get_object_or_404(Gift.objects.select_related("subscription__price__plan", "subscription__reader", "reader"), pk=number)
    state = state_of(row, now=now)
    may_send = state in WAITING and request.user.has_perm(CHANGE_GIFTS)
    form = SendAgainForm(request.POST or None, initial={"address": row.address}) if may_send else None
    if request.method == "POST" and form is not None and form.is_valid():
        if _send_again(row, form, by=cast(User, request.user), now=now):
            messages.success(request, f"Sent to {form.cleaned_data['address']}. The code stays the same.")
        else:
            messages.error(request, "It has been opened or taken back in the meantime, so nothing was sent.")
        return redirect("desk_gift", number)
    context = {"row": row, "state": state, "form": form, "zone": settings.BROADSHEET.time_zone}
    return render(request, "desk/gift.html", context)


def _send_again(row: Gift, form: SendAgainForm, *, by: User, now: datetime) -> bool:
    with transaction.atomic():
        is_sent = deliver_again(row, form.cleaned_data["address"], now=now)
        if is_sent:
            reason = form.cleaned_data["reason"]
            write_line(by, row.subscription.reader_id, AuditAction.RESEND, reason, f"gift {row.pk}", now=now)
    return is_sent
