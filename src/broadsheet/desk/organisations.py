"""Organisations in the desk: their seats, owner and subscription; staff confirm domains, name owners, and mend names."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.models import User
from broadsheet.billing.group_flows import DomainProblem, add_domain, hand_over
from broadsheet.billing.group_store import find_organisation, show
from broadsheet.billing.models import Organisation
from broadsheet.core import clock
from broadsheet.desk.models import AuditAction
from broadsheet.desk.support_flows import write_line

SEE_ORGANISATIONS = "billing.view_organisation"
CHANGE_ORGANISATIONS = "billing.change_organisation"
DOMAIN_PROBLEMS = {
    DomainProblem.UNREADABLE: "Type a domain such as example.org.",
    DomainProblem.PUBLIC: "Anybody can have a mailbox there, so it can’t fill seats.",
    DomainProblem.KNOWN: "That domain is on the list already.",
}


class ReasonForm(forms.Form):
    """Why staff change something."""

    reason = forms.CharField(max_length=200, help_text="What support will read, such as “asked by letter, checked by phone”.")
    field_order = ("name", "domain", "address", "reason")


class NameForm(ReasonForm):
    """The organisation's name."""

    name = forms.CharField(max_length=160)


class DomainForm(ReasonForm):
    """A domain that staff have checked to be the organisation's."""

    domain = forms.CharField(max_length=190)


class OwnerForm(ReasonForm):
    """Who looks after the seats from now on: an account that is there already."""

    address = forms.CharField(label="Address of the new owner’s account", max_length=254)

    def clean_address(self) -> User:
        address = parse_address(self.cleaned_data["address"])
        found = (
            User.objects.filter(address_key=address.key, is_active=True, confirmed_at__isnull=False).first() if address else None
        )
        if found is None:
            raise forms.ValidationError("There is no confirmed account with that address. Ask them to sign in once.")
        return found


@require_safe
@permission_required(SEE_ORGANISATIONS, raise_exception=True)
def organisations(request: HttpRequest) -> HttpResponse:
    """Every organisation, with its seats, owner and subscription."""
    rows = Organisation.objects.select_related("subscription__price__plan", "owner").annotate(used=Count("seats"))
    return render(request, "desk/organisations.html", {"rows": rows, "zone": settings.BROADSHEET.time_zone})


@require_safe
@permission_required(SEE_ORGANISATIONS, raise_exception=True)
def organisation(request: HttpRequest, number: int) -> HttpResponse:
    """One organisation."""
    return _page(request, _find(number))


@require_POST
@permission_required(CHANGE_ORGANISATIONS, raise_exception=True)
def rename(request: HttpRequest, number: int) -> HttpResponse:
    """Give an organisation another name."""
    row, form = _find(number), NameForm(request.POST)
    if not form.is_valid():
        return _page(request, row, name_form=form)
    with transaction.atomic():
        Organisation.objects.filter(pk=row.pk).update(name=form.cleaned_data["name"])
        _note(request, row, form.cleaned_data["reason"], "name", now=clock.now())
    return redirect("desk_organisation", number)


@require_POST
@permission_required(CHANGE_ORGANISATIONS, raise_exception=True)
def domain(request: HttpRequest, number: int) -> HttpResponse:
    """Add a domain that staff have checked, or take one off the list."""
    row, now = _find(number), clock.now()
    if request.POST.get("remove", "").isdecimal():
        with transaction.atomic():
            deleted, _ = row.domains.filter(pk=int(request.POST["remove"][:18])).delete()
            if deleted:
                _note(request, row, "taken off the list", "domain", now=now)
        return redirect("desk_organisation", number)
    form = DomainForm(request.POST)
    if form.is_valid():
        with transaction.atomic():
            problem = add_domain(row, form.cleaned_data["domain"], by=cast(User, request.user), is_staff=True, now=now)
            if problem is None:
                _note(request, row, form.cleaned_data["reason"], "domain", now=now)
        if problem is None:
            return redirect("desk_organisation", number)
        form.add_error("domain", DOMAIN_PROBLEMS[problem])
    return _page(request, row, domain_form=form)


@require_POST
@permission_required(CHANGE_ORGANISATIONS, raise_exception=True)
def owner(request: HttpRequest, number: int) -> HttpResponse:
    """Name another owner."""
    row, form, now = _find(number), OwnerForm(request.POST), clock.now()
    if not form.is_valid():
        return _page(request, row, owner_form=form)
    reader: User = form.cleaned_data["address"]
    with transaction.atomic():
        hand_over(row, reader, now=now)
        _note(request, row, form.cleaned_data["reason"], f"owner, now account {reader.pk}", now=now)
    messages.success(request, f"{reader.email} looks after the seats from now on.")
    return redirect("desk_organisation", number)


def _page(request: HttpRequest, row: Organisation, **typed: forms.Form) -> HttpResponse:
    fresh: dict[str, Any] = {
        "name_form": NameForm(initial={"name": row.name}),
        "domain_form": DomainForm(),
        "owner_form": OwnerForm(),
    }
    may_change = request.user.has_perm(CHANGE_ORGANISATIONS)
    context = {"row": row, "group": show(row), "zone": settings.BROADSHEET.time_zone, "may_change": may_change, **fresh, **typed}
    return render(request, "desk/organisation.html", context)


def _find(number: int) -> Organisation:
    row = find_organisation(number)
    if row is None:
        raise Http404
    return row


def _note(request: HttpRequest, row: Organisation, reason: str, what: str, *, now: datetime) -> None:
    staff, detail = cast(User, request.user), f"organisation {row.pk}: {what}"
    write_line(staff, row.owner_id, AuditAction.MEND_SEATS, reason, detail, now=now)
