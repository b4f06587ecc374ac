"""The plans on offer, and asking for an invoice."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.models import User
from broadsheet.billing.flows import InvoiceWish, request_invoice
from broadsheet.billing.store import find_offer, load_offers
from broadsheet.core import clock
from broadsheet.core.flows import count_try
from broadsheet.core.keys import keyed_hash, network_of
from broadsheet.web.asker import client_address, read_asker
from broadsheet.web.letter_request import read_address
from broadsheet.web.next_path import own_path
from broadsheet.web.reader_page import reader_page
from broadsheet.web.same_site import same_site_form

# A receipt goes to an address that a stranger typed, so one mailbox gets few and one network asks for few.
PER_ADDRESS_A_DAY = 3
PER_NETWORK_A_DAY = 100


class InvoiceForm(forms.Form):
    """Whom the invoice is for, and where it goes."""

    name = forms.CharField(label="Your name", max_length=120, error_messages={"required": "Tell us your name."})
    email = forms.CharField(label="Email address", max_length=254, error_messages={"required": "Type the address for the invoice."})
    organisation = forms.CharField(label="Organisation", max_length=160, required=False)
    postal_address = forms.CharField(
        label="Address for the invoice",
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "An invoice needs a postal address."},
    )
    message = forms.CharField(label="Anything else?", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def clean_email(self) -> str:
        typed = read_address(self.cleaned_data["email"], sure_of=self.cleaned_data["email"])
        if typed.address is None:
            raise forms.ValidationError(typed.problem)
        return typed.address.typed


@require_http_methods(["GET", "HEAD"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The offer, plan by plan."""
    context = {"offers": load_offers(), "next": own_path(request.GET.get("next", ""))}
    return reader_page(request, "web/subscribe.html", context, now=clock.now())


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def invoice(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for one plan by invoice."""
    now = clock.now()
    offer = find_offer(slug)
    if offer is None:
        raise Http404
    user = request.user if isinstance(request.user, User) else None
    wanted = own_path(request.POST.get("next", "") or request.GET.get("next", ""))
    context = {"offer": offer, "next": wanted}
    if request.method != "POST":
        initial = {"email": user.email, "name": user.get_full_name()} if user else {}
        return reader_page(request, "web/invoice.html", {**context, "form": InvoiceForm(initial=initial)}, now=now)
    form = InvoiceForm(request.POST)
    if not form.is_valid():
        return reader_page(request, "web/invoice.html", {**context, "form": form}, now=now, status=422)
    wish = InvoiceWish(**{name: form.cleaned_data[name] for name in InvoiceWish.__slots__})
    address = parse_address(wish.email)
    secret = settings.BROADSHEET.secret_key
    mailbox = keyed_hash("tries", address.key if address else "", secret_key=secret)
    network = keyed_hash("network", network_of(client_address(request)), secret_key=secret)
    day = timedelta(days=1)
    allowed = count_try("invoice", mailbox, limit=PER_ADDRESS_A_DAY, per=day, now=now)
    if not allowed or not count_try("invoice-net", network, limit=PER_NETWORK_A_DAY, per=day, now=now):
        form.add_error(None, "We have several requests from you today. Write to us at the address below and we answer by hand.")
        return reader_page(request, "web/invoice.html", {**context, "form": form}, now=now, status=429)
    request_invoice(offer, wish, reader_id=read_asker(request).reader_id, now=now)
    return reader_page(request, "web/invoice_asked.html", {**context, "email": wish.email}, now=now)
