"""Withdrawing from a contract and cancelling it without signing in, where the publication has the law's switches on.

What these pages answer never depends on whether there is an account or a subscription.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.addresses import Address
from broadsheet.accounts.models import User
from broadsheet.billing.declaration_flows import Statement, declare, received_words
from broadsheet.billing.law_store import load_laws
from broadsheet.billing.models import Declaration
from broadsheet.core import clock
from broadsheet.core.flows import count_try
from broadsheet.core.keys import keyed_hash
from broadsheet.publication.store import load_publication
from broadsheet.web.asker import network_key_of
from broadsheet.web.letter_request import read_address
from broadsheet.web.my_subscription_store import find_own
from broadsheet.web.reader_page import reader_page
from broadsheet.web.same_site import same_site_form

# The receipt repeats what was typed, to an address that a stranger may have typed: one mailbox gets few.
PER_ADDRESS_A_DAY = 5
PER_NETWORK_A_DAY = 30
WEB_ADDRESS = re.compile(r"://|www\.", re.IGNORECASE)
ORDINARY, EXTRAORDINARY = "ordinary", "extraordinary"


class DeclarationForm(forms.Form):
    """Who declares, and about which contract."""

    name = forms.CharField(max_length=120, error_messages={"required": "Tell us your name."})
    email = forms.CharField(max_length=254, error_messages={"required": "Type the address to which the receipt goes."})
    contract = forms.CharField(
        max_length=300,
        error_messages={"required": "Name the contract: the plan, the day you subscribed, or a number from a receipt."},
    )

    address: Address

    def clean_name(self) -> str:
        return _without_links(self.cleaned_data["name"])

    def clean_contract(self) -> str:
        return _without_links(self.cleaned_data["contract"])

    def clean_email(self) -> str:
        typed = read_address(self.cleaned_data["email"], sure_of=self.cleaned_data["email"])
        if typed.address is None:
            raise forms.ValidationError(typed.problem)
        self.address = typed.address
        return typed.address.typed


class CancellationForm(DeclarationForm):
    """In which manner, and when it is to end."""

    manner = forms.ChoiceField(
        choices=[(ORDINARY, "Ordinary"), (EXTRAORDINARY, "Extraordinary")],
        error_messages={"required": "Choose one of the two.", "invalid_choice": "Choose one of the two."},
    )
    reason = forms.CharField(max_length=2000, required=False)
    ends_on = forms.DateField(required=False, error_messages={"invalid": "Give a day such as 2026-03-31, or leave it empty."})

    def clean_reason(self) -> str:
        return _without_links(self.cleaned_data["reason"])

    def clean_ends_on(self) -> date | None:
        day: date | None = self.cleaned_data["ends_on"]
        if day is not None and day < clock.now().astimezone(settings.BROADSHEET.zone).date():
            raise forms.ValidationError("That day is over. Choose a later one, or leave it empty.")
        return day

    def clean(self) -> None:
        if self.cleaned_data.get("manner") == EXTRAORDINARY and not self.cleaned_data.get("reason"):
            self.add_error("reason", "An extraordinary cancellation needs its reason, in a sentence.")


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest) -> HttpResponse:
    """Declare that one withdraws from a contract: say from which, look at it, confirm."""
    laws, now = load_laws(), clock.now()
    if not laws.eu_withdrawal:
        raise Http404
    context: dict[str, object] = {"days": laws.withdrawal_days}
    if request.method != "POST":
        form = DeclarationForm(initial=_known(request))
        return reader_page(request, "web/withdraw.html", {**context, "form": form}, now=now)
    form = DeclarationForm(request.POST)
    if not form.is_valid() or "correct" in request.POST:
        status = 200 if "correct" in request.POST else 422
        return reader_page(request, "web/withdraw.html", {**context, "form": form}, now=now, status=status)
    if "confirm" not in request.POST:
        return reader_page(request, "web/withdraw_confirm.html", {**context, "form": form}, now=now)
    statement = _statement(request, form, Declaration.Kind.WITHDRAWAL)
    if not _may_declare(statement, now):
        return _too_many(request, "web/withdraw.html", {**context, "form": form}, now)
    return _declared(request, declare(statement, now=now), now)


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_contract(request: HttpRequest) -> HttpResponse:
    """Declare that one cancels a contract; the page's one button does it."""
    now = clock.now()
    if not load_laws().german_cancel:
        raise Http404
    if request.method != "POST":
        form = CancellationForm(initial={**_known(request), "manner": ORDINARY})
        return reader_page(request, "web/cancel_contract.html", {"form": form}, now=now)
    form = CancellationForm(request.POST)
    if not form.is_valid():
        return reader_page(request, "web/cancel_contract.html", {"form": form}, now=now, status=422)
    statement = _statement(request, form, Declaration.Kind.CANCELLATION)
    if not _may_declare(statement, now):
        return _too_many(request, "web/cancel_contract.html", {"form": form}, now)
    return _declared(request, declare(statement, now=now), now)


def _known(request: HttpRequest) -> dict[str, str]:
    """What needs no typing by whoever is signed in: their own address and contract, which they may change."""
    user = request.user
    if not isinstance(user, User):
        return {}
    about = request.GET.get("about", "")
    number = int(about) if about.isascii() and about.isdigit() and len(about) < 12 else 0
    row = find_own(user.pk, number) if number else None
    contract = f"{row.price.plan.name}, subscription {row.pk}" if row else ""
    return {"email": user.email, "name": user.get_full_name(), "contract": contract}


def _statement(request: HttpRequest, form: DeclarationForm, kind: Declaration.Kind) -> Statement:
    typed = form.cleaned_data
    is_extraordinary = typed.get("manner") == EXTRAORDINARY
    return Statement(
        kind=kind,
        name=typed["name"],
        address=form.address,
        contract=typed["contract"],
        network_key=network_key_of(request),
        is_extraordinary=is_extraordinary,
        reason=typed.get("reason", "") if is_extraordinary else "",
        ends_on=typed.get("ends_on"),
    )


def _may_declare(statement: Statement, now: datetime) -> bool:
    day = timedelta(days=1)
    mailbox = keyed_hash("tries", statement.address.key, secret_key=settings.BROADSHEET.secret_key)
    return count_try("declaration-net", statement.network_key, limit=PER_NETWORK_A_DAY, per=day, now=now) and count_try(
        "declaration", mailbox, limit=PER_ADDRESS_A_DAY, per=day, now=now
    )


def _declared(request: HttpRequest, row: Declaration, now: datetime) -> HttpResponse:
    context = {"row": row, "received_at": received_words(row), "is_withdrawal": row.kind == Declaration.Kind.WITHDRAWAL}
    return reader_page(request, "web/declared.html", context, now=now)


def _too_many(request: HttpRequest, template: str, context: dict[str, object], now: datetime) -> HttpResponse:
    address = load_publication().help_address or settings.BROADSHEET.support_address
    problem = f"Many declarations came in today. Write to {address} instead; a letter there counts just the same."
    return reader_page(request, template, {**context, "problem": problem}, now=now, status=429)


def _without_links(text: str) -> str:
    if WEB_ADDRESS.search(text):
        raise forms.ValidationError("Leave out web addresses; words are enough.")
    return text
