"""Buying one plan: an address and its code, what is agreed to, the way to the provider, and back to the article."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.flows import LETTER_GAP, Refusal
from broadsheet.accounts.models import User
from broadsheet.accounts.store import find_waiting
from broadsheet.billing import providers
from broadsheet.billing.campaign_flows import why_not
from broadsheet.billing.law_store import load_laws
from broadsheet.billing.models import Order, Plan, Price, Subscription
from broadsheet.billing.order_flows import Wish, begin_order, finish_order, trial_days
from broadsheet.billing.provider import Checkout, ProviderError, Refused
from broadsheet.billing.store import PlanOffer, find_offer, load_held
from broadsheet.billing.student_flows import DECLARATION, declare_student, find_institution
from broadsheet.billing.subscription_flows import UnknownPrice, raise_alert
from broadsheet.billing.terms import Terms, compose_terms
from broadsheet.core import clock
from broadsheet.core.flows import count_try
from broadsheet.core.keys import new_token
from broadsheet.publication.models import PlainPage
from broadsheet.web.account import for_readers
from broadsheet.web.agreeing import CHANGED, key_of, was_shown
from broadsheet.web.asker import BROWSER_COOKIE, browser_key, network_key_of, read_asker, set_browser_cookie
from broadsheet.web.choice import Choice, read_choice, terms_for
from broadsheet.web.confirming import confirm_by_code
from broadsheet.web.letter_request import ask_for_letter, read_address
from broadsheet.web.reader_page import private, reader_page, see_other
from broadsheet.web.same_site import same_site_form
from broadsheet.web.signin import REFUSALS
from broadsheet.web.signing import sign_in

ORDERS_AN_HOUR = 20
# A provider tells of a payment within seconds; after a minute a person is told what to do.
ASK_EVERY_S, ASK_TIMES = 3, 20
ELSEWHERE = {Plan.Kind.GIFT: "/subscribe/gift/", Plan.Kind.GROUP: "/subscribe/group/"}
# Where whoever bought for others goes on.
AFTERWARDS = {Plan.Kind.GIFT: "/account/gifts/", Plan.Kind.GROUP: "/account/group/"}
WAYS = {
    "offline": "Go on to pay",
    "stripe": "Go on to pay by card",
}
AWAY = "The payment service does not answer just now. Nothing was ordered and nothing was taken; try again in a minute."


@dataclass(frozen=True, slots=True)
class _Purchase:
    """One plan, and what the buyer carries along."""

    offer: PlanOffer
    choice: Choice
    now: datetime

    @property
    def place(self) -> str:
        """The page of this purchase."""
        return f"/subscribe/{self.offer.slug}/{self.choice.query()}"


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def buy(request: HttpRequest, slug: str) -> HttpResponse:
    """One plan, in as many steps as are needed: address, code, order."""
    now = clock.now()
    offer = find_offer(slug)
    if offer is None:
        raise Http404
    purchase = _Purchase(offer, read_choice(request, now=now), now)
    if offer.kind in ELSEWHERE:
        return see_other(ELSEWHERE[Plan.Kind(offer.kind)] + purchase.choice.query())
    if not ways() and "invoice" in settings.BROADSHEET.payments:
        return see_other(f"/subscribe/{slug}/invoice/{purchase.choice.query()}")
    if not isinstance(request.user, User):
        return _introduce(request, purchase)
    if request.method == "POST" and "provider" in request.POST:
        return _order(request, request.user, purchase)
    return _order_page(request, request.user, purchase, {})


@same_site_form
@require_http_methods(["GET", "HEAD"])
def done(request: HttpRequest, ref: str) -> HttpResponse:
    """Where the provider sends a buyer back to: what they hold now, or how to wait for it."""
    now = clock.now()
    order = Order.objects.select_related("price__plan", "reader", "subscription").filter(ref=ref).first()
    if order is None:
        raise Http404
    user = request.user if isinstance(request.user, User) else None
    is_own = user is not None and user.pk == order.reader_id
    context = {
        "order": order,
        "plan": order.price.plan,
        "is_own": is_own,
        "next": order.next_path,
        "zone": settings.BROADSHEET.time_zone,
    }
    subscription = order.subscription or _finish(order, now)
    if subscription is None:
        return _wait(request, context, now)
    if user is not None:
        user.refresh_from_db(fields=["rights_version"])  # so that the pass of this answer holds the new right
    if is_own and order.price.plan.kind in AFTERWARDS:
        return see_other(AFTERWARDS[Plan.Kind(order.price.plan.kind)])
    shown = {**context, "subscription": subscription, "lines": order.price.plan.lines}
    return reader_page(request, "web/bought.html", shown, now=now)


@for_readers
@require_http_methods(["GET", "HEAD", "POST"])
def student(request: HttpRequest) -> HttpResponse:
    """Where students say again that they study, once a year."""
    now, user = clock.now(), request.user
    assert isinstance(user, User)  # noqa: S101 (for_readers has seen to it)
    if request.method != "POST":
        return reader_page(
            request, "web/student.html", {"institution": find_institution(user.pk), "declaration": DECLARATION}, now=now
        )
    problems, details = _read_student(request)
    if problems:
        context = {**problems, "institution": details["institution"], "declaration": DECLARATION}
        return reader_page(request, "web/student.html", context, now=now, status=422)
    declare_student(user.pk, details["institution"], now=now)
    return see_other("/account/subscription/")


def go_to_pay(request: HttpRequest, checkout: Checkout, *, now: datetime) -> HttpResponse:
    """Lead the buyer to the provider's page: by way of a page of ours if that is another site, to which no form may lead."""
    if checkout.redirect_url.startswith(f"{settings.BROADSHEET.site_url}/"):
        return see_other(checkout.redirect_url)
    response = reader_page(request, "web/going_to_pay.html", {"address": checkout.redirect_url}, now=now)
    response["Refresh"] = f"0; url={checkout.redirect_url}"
    return response


def ways() -> list[dict[str, str]]:
    """The providers that take money at once, with the words of their buttons."""
    return [{"name": name, "label": WAYS[name]} for name in providers.load_providers() if name in WAYS]


# -- Whoever is not signed in ------------------------------------------------------------------------------------------


def _introduce(request: HttpRequest, purchase: _Purchase) -> HttpResponse:
    """An address, then the code from its mailbox: a purchase is for whoever has proven theirs. Known or not looks the same."""
    asker = read_asker(request)
    if request.method == "POST" and "letter_code" in request.POST:
        typed = request.POST["letter_code"][:40]
        place, network = purchase.place, asker.network_address
        answer = confirm_by_code(asker.browser_key, typed, next_path=place, network_address=network, now=purchase.now)
        if isinstance(answer, Refusal):
            problem = REFUSALS.get(answer, REFUSALS[Refusal.CODE_OVER])
            return _introduction(request, purchase, {"letter_problem": problem}, status=422)
        return sign_in(request, answer.user, method="code", next_path=purchase.place)
    if request.method == "POST" and "email" in request.POST:
        typed_address = read_address(request.POST["email"], sure_of=request.POST.get("sure", ""))
        if typed_address.address is None:
            shown = {
                "email_typed": typed_address.typed,
                "suggestion": typed_address.suggestion,
                "problem": typed_address.problem,
                "is_other": True,
            }
            return _introduction(request, purchase, shown, status=422)
        token = request.COOKIES[BROWSER_COOKIE] if asker.browser_key else new_token()
        ask_for_letter(typed_address.address, browser_key=browser_key(token), next_path=purchase.place, now=purchase.now)
        response = see_other(purchase.place)
        set_browser_cookie(response, token)
        return response
    return _introduction(request, purchase, {"is_other": "other" in request.GET})


def _introduction(request: HttpRequest, purchase: _Purchase, shown: dict[str, object], *, status: int = 200) -> HttpResponse:
    waiting = find_waiting(read_asker(request).browser_key, now=purchase.now)
    terms = _terms(purchase, trial_days=purchase.offer.trial_days)
    again_at = waiting.asked_at + LETTER_GAP if waiting else purchase.now
    context = {
        **_basics(purchase, terms),
        "waiting": waiting if not shown.get("is_other") else None,
        "may_ask_again": waiting is not None and purchase.now >= again_at,
        "again_at": again_at.astimezone(settings.BROADSHEET.zone),
        **shown,
    }
    return reader_page(request, "web/buy_address.html", context, now=purchase.now, status=status)


# -- Whoever is ----------------------------------------------------------------------------------------------------------


def _order(request: HttpRequest, user: User, purchase: _Purchase) -> HttpResponse:
    name = request.POST["provider"]
    if name not in {way["name"] for way in ways()}:
        return _order_page(request, user, purchase, {"order_problem": "Choose how to pay."}, status=422)
    problems: dict[str, object] = {}
    details: dict[str, str] = {}
    if purchase.offer.is_for_students:
        problems, details = _read_student(request)
    if load_held(user.pk) and not request.POST.get("again"):
        problems["again_problem"] = "Tick this if you want a second subscription; otherwise you would pay twice for the same."
    if problems:
        return _order_page(request, user, purchase, {**problems, **details}, status=422)
    agreed = _agreed(purchase, user)
    if not was_shown(request, agreed):
        return _order_page(request, user, purchase, {"order_problem": CHANGED, **details}, status=409)
    if not count_try("orders", str(user.pk), limit=ORDERS_AN_HOUR, per=timedelta(hours=1), now=purchase.now):
        problem = "You went to pay very often within an hour. Wait a little, or write to us if something does not work."
        return _order_page(request, user, purchase, {"order_problem": problem, **details}, status=429)
    try:
        checkout = begin_order(user, _wish(request, purchase, name, agreed, details), now=purchase.now)
    except Refused as refused:
        return _order_page(request, user, purchase, {"order_problem": str(refused), **details}, status=422)
    except ProviderError:
        return _order_page(request, user, purchase, {"order_problem": AWAY, **details}, status=503)
    if details:
        declare_student(user.pk, details["institution"], now=purchase.now)
    return go_to_pay(request, checkout, now=purchase.now)


def _agreed(purchase: _Purchase, user: User) -> tuple[str, ...]:
    """What is agreed to by pressing the button, as the order keeps it."""
    sentences = compose_terms(_terms(purchase, trial_days=_free_days(purchase.offer, user)))
    terms_page = PlainPage.objects.filter(slug="terms").first()
    return (*sentences, f"Our terms hold, as of {terms_page.updated_at:%Y-%m-%d %H:%M} UTC.") if terms_page else sentences


def _wish(request: HttpRequest, purchase: _Purchase, provider: str, agreed: tuple[str, ...], details: dict[str, str]) -> Wish:
    price = Price.objects.filter(plan_id=purchase.offer.plan_id).first()
    if price is None:
        raise Http404
    network = network_key_of(request)
    campaign = purchase.choice.campaign
    terms = terms_for(purchase.offer, campaign, trial_days=0)
    return Wish(
        price_id=price.pk,
        provider=provider,
        next_path=purchase.choice.next_path,
        campaign=campaign.slug if campaign and terms.discount_percent else "",
        agreed_text="\n".join((*agreed, *((DECLARATION,) if details else ()))),
        network_key=network,
        source=f"campaign {campaign.slug}" if campaign else "",
        details=details,
    )


def _order_page(
    request: HttpRequest, user: User, purchase: _Purchase, shown: dict[str, object], *, status: int = 200
) -> HttpResponse:
    terms = _terms(purchase, trial_days=_free_days(purchase.offer, user))
    campaign = purchase.choice.campaign
    context = {
        **_basics(purchase, terms),
        "reader": user,
        "sentences": compose_terms(terms),
        "agreed": key_of(_agreed(purchase, user)),
        "held": load_held(user.pk),
        "trouble": why_not(campaign, user.pk, now=purchase.now) if campaign and terms.discount_percent else "",
        "ways": ways(),
        "institution": find_institution(user.pk) if purchase.offer.is_for_students else "",
        "declaration": DECLARATION,
        "has_terms": PlainPage.objects.filter(slug="terms").exists(),
        **shown,
    }
    return reader_page(request, "web/buy.html", context, now=purchase.now, status=status)


def _basics(purchase: _Purchase, terms: Terms) -> dict[str, Any]:
    return {
        "plan": purchase.offer,
        "terms": terms,
        "campaign": purchase.choice.campaign,
        "is_over": purchase.choice.is_over,
        "next": purchase.choice.next_path,
        "offer": purchase.choice.token,
        "carry": purchase.choice.query(),
        "here": purchase.place,
        "other": f"/subscribe/{purchase.offer.slug}/{purchase.choice.query(other='1')}",
        "has_invoice": "invoice" in settings.BROADSHEET.payments,
    }


def _terms(purchase: _Purchase, *, trial_days: int) -> Terms:
    words = load_laws().price_words
    return terms_for(purchase.offer, purchase.choice.campaign, trial_days=trial_days, price_words=words)


def _free_days(offer: PlanOffer, user: User) -> int:
    return trial_days(Plan.objects.get(pk=offer.plan_id), user.pk)


def _read_student(request: HttpRequest) -> tuple[dict[str, object], dict[str, str]]:
    """What is wrong with the form, and what it says."""
    institution = " ".join(request.POST.get("institution", "").split())[:160]
    problems: dict[str, object] = {}
    if not institution:
        problems["institution_problem"] = "Tell us where you study: the school, college or university."
    if not request.POST.get("studies"):
        problems["studies_problem"] = "The student’s price is for people who study. Tick this if you do."
    return problems, {"institution": institution}


# -- Back from paying ----------------------------------------------------------------------------------------------------


def _finish(order: Order, now: datetime) -> Subscription | None:
    """The subscription that came of an order; None while nothing is known of a payment."""
    try:
        return finish_order(order, now=now)
    except UnknownPrice as error:
        raise_alert(f"order:{order.pk}", f"Order {order.pk} is paid and nothing began: {error}"[:300], now=now)
    except ProviderError:
        pass  # it does not answer; its event, or the next look, will tell
    return None


def _wait(request: HttpRequest, context: dict[str, Any], now: datetime) -> HttpResponse:
    text = request.GET.get("look", "1")
    look = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 1
    response = private(reader_page(request, "web/waiting_for_payment.html", {**context, "is_late": look >= ASK_TIMES}, now=now))
    if look < ASK_TIMES:
        response["Refresh"] = f"{ASK_EVERY_S}; url=/subscribe/done/{context['order'].ref}/?look={look + 1}"
    return response
