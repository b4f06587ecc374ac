"""What can be subscribed to: the plans, campaigns with page and code, and asking for an invoice."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.models import User
from broadsheet.billing.campaign_flows import CodeRefusal, find_campaign, is_code_asked, token_of, try_code
from broadsheet.billing.flows import InvoiceWish, request_invoice
from broadsheet.billing.law_store import load_laws
from broadsheet.billing.models import Campaign, Plan
from broadsheet.billing.store import PlanCard, compare, compose_cards, find_offer, has_offer, load_held, load_offers
from broadsheet.billing.subscription_flows import article_of
from broadsheet.core import clock
from broadsheet.core.flows import EventKind, count_try, record_event
from broadsheet.core.keys import keyed_hash
from broadsheet.web.account_store import load_rights
from broadsheet.web.asker import browser_key_of, network_key_of, read_asker
from broadsheet.web.choice import Choice, price_tag, read_choice
from broadsheet.web.letter_request import read_address
from broadsheet.web.reader_page import reader_page, see_other
from broadsheet.web.same_site import is_speculative, same_site_form

# A receipt goes to an address that a stranger typed, so one mailbox gets few and one network asks for few.
PER_ADDRESS_A_DAY = 3
PER_NETWORK_A_DAY = 100

CODE_PROBLEMS = {
    CodeRefusal.WRONG: "We don’t know that code, or its time is over. Is a letter missing?",
    CodeRefusal.TOO_MANY: "Too many wrong codes came from your network. Wait an hour, or write to us and we look it up.",
}


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
    """The offer, plan by plan; to a subscriber, what they have."""
    now = clock.now()
    choice = read_choice(request, now=now)
    _count_look(request, choice, now)
    return _offer_page(request, choice, {"chosen": request.GET.get("chosen", "")}, now)


@require_http_methods(["GET", "HEAD"])
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """A campaign's own page: its words, and the plans at its prices."""
    now = clock.now()
    found = find_campaign(slug, now=now)
    if found is None:
        if not Campaign.objects.filter(slug=slug, has_page=True).exists():
            raise Http404
        return _offer_page(request, read_choice(request, now=now), {"is_over": True}, now)
    choice = Choice(read_choice(request, now=now).next_path, found, token_of(found))
    return _offer_page(request, choice, {"is_campaign": True}, now)


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """A campaign's code was typed: on to the plans at its prices."""
    now = clock.now()
    choice = read_choice(request, now=now)
    if request.method != "POST":
        return see_other("/subscribe/" + choice.query())
    typed = request.POST.get("code", "")[:60]
    network = network_key_of(request)
    found = try_code(typed, network_key=network, browser_key=browser_key_of(request), now=now)
    if isinstance(found, CodeRefusal):
        status = 429 if found is CodeRefusal.TOO_MANY else 422
        shown = {"code_problem": CODE_PROBLEMS[found], "code_typed": typed}
        return _offer_page(request, choice, shown, now, status=status)
    return see_other("/subscribe/" + Choice(choice.next_path, found, token_of(found)).query())


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def invoice(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for one plan by invoice."""
    now = clock.now()
    offer = find_offer(slug)
    if offer is None or "invoice" not in settings.BROADSHEET.payments:
        raise Http404
    user = request.user if isinstance(request.user, User) else None
    choice = read_choice(request, now=now)
    context = {"offer": offer, "next": choice.next_path, "carry": choice.query(), "price_words": load_laws().price_words}
    if offer.kind == Plan.Kind.GIFT:
        return reader_page(request, "web/invoice.html", {**context, "is_gift": True}, now=now)
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
    network = network_key_of(request)
    day = timedelta(days=1)
    allowed = count_try("invoice", mailbox, limit=PER_ADDRESS_A_DAY, per=day, now=now)
    if not allowed or not count_try("invoice-net", network, limit=PER_NETWORK_A_DAY, per=day, now=now):
        form.add_error(None, "We have several requests from you today. Write to us at the address below and we answer by hand.")
        return reader_page(request, "web/invoice.html", {**context, "form": form}, now=now, status=429)
    request_invoice(offer, wish, reader_id=read_asker(request).reader_id, now=now)
    return reader_page(request, "web/invoice_asked.html", {**context, "email": wish.email}, now=now)


def _count_look(request: HttpRequest, choice: Choice, now: datetime) -> None:
    """Count that somebody saw the offer. Browsers say that they show a page; crawlers and what is fetched ahead do not."""
    if request.headers.get("Sec-Fetch-Dest") != "document" or is_speculative(request):
        return
    source = choice.campaign.slug if choice.campaign else ""
    reader_id, article_id = read_asker(request).reader_id, article_of(choice.next_path)
    # The page is shown while nothing can be written, too.
    with suppress(OperationalError):
        record_event(EventKind.OFFER_SEEN, now=now, reader_id=reader_id, article_id=article_id, source=source)


def _offer_page(
    request: HttpRequest, choice: Choice, shown: Mapping[str, object], now: datetime, *, status: int = 200
) -> HttpResponse:
    reader_id = read_asker(request).reader_id
    held = load_held(reader_id) if reader_id is not None else ()
    rights = load_rights(reader_id, now=now) if reader_id is not None and not held else ()
    cards = compose_cards(load_offers())
    entries = [_card(card, choice) for card in cards]
    lower = [way["offer"] for entry in entries for way in entry["ways"] if way["tag"].discount_percent]
    context = {
        **shown,
        "cards": entries,
        "lower": [f"{offer.name} by the {offer.period}" for offer in lower],
        "names": [card.name for card in cards],
        "rows": _rows(cards) if len(cards) > 1 else [],
        "held": held,
        "rights": rights,
        "is_offered": not (held or rights) or "more" in request.GET or bool(choice.campaign),
        "campaign": choice.campaign,
        "is_over": shown.get("is_over") or choice.is_over,
        "next": choice.next_path,
        "offer": choice.token,
        "carry": choice.query(),
        "price_words": load_laws().price_words,
        "is_code_asked": is_code_asked(now=now),
        "has_gifts": has_offer(Plan.Kind.GIFT),
        "has_groups": has_offer(Plan.Kind.GROUP),
        "zone": settings.BROADSHEET.time_zone,
    }
    return reader_page(request, "web/subscribe.html", context, now=now, status=status)


def _rows(cards: tuple[PlanCard, ...]) -> list[tuple[str, list[tuple[str, bool]]]]:
    """Each line of the offer with each plan's name, and whether it holds the line."""
    names = [card.name for card in cards]
    return [(line, list(zip(names, holds, strict=True))) for line, holds in compare(cards)]


def _card(card: PlanCard, choice: Choice) -> dict[str, Any]:
    """One card with the prices that hold for whoever looks."""
    ways: list[dict[str, Any]] = [
        {"offer": offer, "tag": price_tag(offer, choice.campaign), "is_first": False} for offer in card.offers
    ]
    # The button that stands out: the first that a campaign makes cheaper, else the publisher's first.
    min(ways, key=lambda way: not way["tag"].discount_percent)["is_first"] = True
    return {"card": card, "ways": ways, "saving": card.saving_percent}
