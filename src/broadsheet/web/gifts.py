"""Giving a subscription: the order, what the giver sees and may change, the card to print, and opening a gift."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.models import User
from broadsheet.billing.gift_flows import GiftRefusal, GiftWish, change_gift, code_of, find_by_code, find_held, redeem_gift
from broadsheet.billing.gift_store import find_given, load_given, show
from broadsheet.billing.gifts import latest_day
from broadsheet.billing.law_store import load_laws
from broadsheet.billing.models import Gift, Plan, Price
from broadsheet.billing.order_flows import Wish, begin_order
from broadsheet.billing.provider import ProviderError, Refused
from broadsheet.billing.store import PlanOffer, load_offers
from broadsheet.core import clock
from broadsheet.core.flows import count_try
from broadsheet.web.account import for_readers
from broadsheet.web.agreeing import CHANGED, key_of, was_shown
from broadsheet.web.asker import network_key_of
from broadsheet.web.buying import AWAY, ORDERS_AN_HOUR, go_to_pay, ways
from broadsheet.web.letter_request import read_address
from broadsheet.web.reader_page import reader_page, see_other
from broadsheet.web.same_site import same_site_form

LONGEST_NAME = 120
LONGEST_MESSAGE = 500
REFUSALS = {
    GiftRefusal.WRONG: "We know no gift with this code. Is a letter missing, or one too many? It has sixteen signs.",
    GiftRefusal.TOO_MANY: "Too many codes were tried from your network. Try again in an hour, or write to us.",
    GiftRefusal.USED: "This gift has been opened already. It opens once.",
    GiftRefusal.OVER: "This gift had to be opened within a year, and that time is over. Write to us: we look at it by hand.",
    GiftRefusal.UNPAID: "This gift is not paid yet. Try again a little later.",
    GiftRefusal.STOPPED: "This gift has been taken back. Whoever gave it can tell you more, and so can we.",
}


@dataclass(frozen=True, slots=True)
class _Form:
    """What was typed for a gift, kept for the page, with what is wrong with it; `wish` if nothing is."""

    typed: dict[str, str]
    problems: dict[str, str]
    suggestion: str
    wish: GiftWish | None


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    """Order a gift; whoever is not signed in sees what can be given."""
    now = clock.now()
    offers = load_offers(Plan.Kind.GIFT)
    if not offers:
        raise Http404
    if request.method != "POST" or not isinstance(request.user, User):
        name = request.user.get_full_name() if isinstance(request.user, User) else ""
        typed = {"plan": offers[0].slug, "giver_name": name, "when": "now"}
        return _give_page(request, offers, {"typed": typed}, now)
    form = _read(request, now)
    offer = next((offer for offer in offers if offer.slug == form.typed["plan"]), None)
    shown: dict[str, Any] = {"typed": form.typed, "problems": form.problems, "suggestion": form.suggestion}
    provider = request.POST.get("provider", "")
    if offer is None or form.wish is None or provider not in {way["name"] for way in ways()}:
        return _give_page(request, offers, shown, now, status=422)
    sentences = _sentences(offers)
    if not was_shown(request, sentences):
        return _give_page(request, offers, {**shown, "order_problem": CHANGED}, now, status=409)
    if not count_try("orders", str(request.user.pk), limit=ORDERS_AN_HOUR, per=timedelta(hours=1), now=now):
        problem = "You went to pay very often within an hour. Wait a little, or write to us if something does not work."
        return _give_page(request, offers, {**shown, "order_problem": problem}, now, status=429)
    network = network_key_of(request)
    wish = Wish(
        price_id=Price.objects.filter(plan_id=offer.plan_id).values_list("pk", flat=True)[0],
        provider=provider,
        next_path="/account/gifts/",
        agreed_text="\n".join(_sentences((offer,))),
        network_key=network,
        details=form.wish.details(),
    )
    try:
        return go_to_pay(request, begin_order(request.user, wish, now=now), now=now)
    except Refused as refused:
        return _give_page(request, offers, {**shown, "order_problem": str(refused)}, now, status=422)
    except ProviderError:
        return _give_page(request, offers, {**shown, "order_problem": AWAY}, now, status=503)


@for_readers
@require_http_methods(["GET", "HEAD"])
def given(request: HttpRequest) -> HttpResponse:
    """Every gift that the reader has paid for."""
    now = clock.now()
    context = {"gifts": load_given(_reader(request).pk, now=now), "zone": settings.BROADSHEET.time_zone}
    return reader_page(request, "web/gifts.html", context, now=now)


@for_readers
@require_http_methods(["GET", "HEAD", "POST"])
def gift(request: HttpRequest, number: int) -> HttpResponse:
    """One gift of one's own: change it until it is delivered."""
    now = clock.now()
    row = _find(request, number)
    if request.method != "POST":
        return _gift_page(request, row, {}, now)
    form = _read(request, now)
    shown = {"typed": form.typed, "problems": form.problems, "suggestion": form.suggestion}
    if form.wish is None:
        return _gift_page(request, row, shown, now, status=422)
    if not change_gift(row, form.wish, now=now):
        return _gift_page(request, row, {"is_too_late": True}, now, status=409)
    return see_other(f"/account/gifts/{number}/")


@for_readers
@require_http_methods(["GET", "HEAD"])
def card(request: HttpRequest, number: int) -> HttpResponse:
    """A card to print and hand over, with the code on it."""
    now = clock.now()
    shown = show(_find(request, number), now=now)
    if not shown.may_print:
        return see_other(f"/account/gifts/{number}/")
    address = f"{settings.BROADSHEET.site_url.partition('://')[2]}/gift/"
    context = {"gift": shown, "gift_address": address, "zone": settings.BROADSHEET.time_zone}
    return reader_page(request, "web/gift_card.html", context, now=now)


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def type_code(request: HttpRequest) -> HttpResponse:
    """Where a code is typed."""
    now = clock.now()
    if request.method != "POST":
        return reader_page(request, "web/gift_code.html", {}, now=now)
    typed = request.POST.get("code", "")[:60]
    found = _find_by_code(request, typed, now)
    if isinstance(found, GiftRefusal):
        return _refuse(request, typed, found, now)
    return see_other(f"/gift/{code_of(found)}/")


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def open_gift(request: HttpRequest, code: str) -> HttpResponse:
    """What a gift is, and the button that opens it into the account of whoever is signed in."""
    now = clock.now()
    found = _find_by_code(request, code, now)
    if isinstance(found, GiftRefusal):
        return _refuse(request, code[:60], found, now)
    user = request.user if isinstance(request.user, User) else None
    if request.method == "POST" and user is not None:
        opened = redeem_gift(found.pk, user, after_what_is_held="later" in request.POST, now=now)
        if isinstance(opened, GiftRefusal):
            return _refuse(request, code[:60], opened, now)
        user.refresh_from_db(fields=["rights_version"])  # so that the pass of this answer holds the new right
        context = {"gift": show(opened, now=now), "opened": opened, "zone": settings.BROADSHEET.time_zone}
        return reader_page(request, "web/gift_opened.html", context, now=now)
    context = {
        "gift": show(found, now=now),
        "held": find_held(user.pk, now=now) if user else None,
        "reader": user,
        "is_giver": user is not None and found.subscription.reader_id == user.pk,
        "here": f"/gift/{code_of(found)}/",
        "zone": settings.BROADSHEET.time_zone,
    }
    return reader_page(request, "web/gift_open.html", context, now=now)


def _give_page(
    request: HttpRequest, offers: tuple[PlanOffer, ...], shown: dict[str, Any], now: datetime, *, status: int = 200
) -> HttpResponse:
    sentences = _sentences(offers)
    context = {
        **_days(now),
        "offers": offers,
        "sentences": sentences,
        "agreed": key_of(sentences),
        "ways": ways(),
        "reader": request.user,
        **shown,
    }
    return reader_page(request, "web/gift.html", context, now=now, status=status)


def _gift_page(request: HttpRequest, row: Gift, shown: dict[str, Any], now: datetime, *, status: int = 200) -> HttpResponse:
    gift = show(Gift.objects.select_related("subscription__price__plan").get(pk=row.pk), now=now)
    day = row.deliver_at.astimezone(settings.BROADSHEET.zone).date()
    typed = {"email": row.address, "giver_name": row.giver_name, "message": row.message, "when": "day", "day": day.isoformat()}
    context = {**_days(now), "gift": gift, "typed": typed, "zone": settings.BROADSHEET.time_zone, **shown}
    return reader_page(request, "web/gift_given.html", context, now=now, status=status)


def _days(now: datetime) -> dict[str, str]:
    """The first and the last day that a gift may be sent on."""
    zone = settings.BROADSHEET.zone
    first = now.astimezone(zone).date() + timedelta(days=1)
    return {"first_day": first.isoformat(), "last_day": latest_day(zone=zone, now=now).isoformat()}


def _read(request: HttpRequest, now: datetime) -> _Form:
    names = ("plan", "email", "giver_name", "message", "when", "day", "sure")
    typed = {name: request.POST.get(name, "").strip()[:1000] for name in names}
    address = read_address(typed["email"], sure_of=typed["sure"])
    day, day_problem = _read_day(typed, now)
    problems = {
        "email": address.problem,
        "giver_name": "" if typed["giver_name"] else "Tell us who gives it, as the recipient is to read it.",
        "message": "" if len(typed["message"]) <= LONGEST_MESSAGE else f"Your words may have {LONGEST_MESSAGE} letters at most.",
        "day": day_problem,
    }
    problems = {name: problem for name, problem in problems.items() if problem}
    if problems or address.address is None:
        return _Form(typed, problems, address.suggestion, None)
    name = " ".join(typed["giver_name"].split())[:LONGEST_NAME]
    return _Form(typed, {}, "", GiftWish(address.address.typed, name, typed["message"], day))


def _read_day(typed: dict[str, str], now: datetime) -> tuple[date | None, str]:
    """The day that was chosen, or what is wrong with it; no day is at once."""
    if typed["when"] != "day":
        return None, ""
    try:
        day = date.fromisoformat(typed["day"])
    except ValueError:
        return None, "Choose the day on which it is to arrive."
    days = _days(now)
    if not now.astimezone(settings.BROADSHEET.zone).date().isoformat() <= day.isoformat() <= days["last_day"]:
        return None, "Choose a day from today on, within a year."
    return day, ""


def _sentences(offers: tuple[PlanOffer, ...]) -> tuple[str, ...]:
    """What is agreed to by pressing the button."""
    words = load_laws().price_words
    prices = "; ".join(f"{offer.name}: {offer.price}" for offer in offers)
    return (
        f"You order a gift. {prices}{f' ({words})' if words else ''}.",
        "It is paid once and never renews. Its time runs from the day on which it is opened, within a year of its delivery.",
    )


def _find_by_code(request: HttpRequest, text: str, now: datetime) -> Gift | GiftRefusal:
    network = network_key_of(request)
    return find_by_code(text, network_key=network, now=now)


def _refuse(request: HttpRequest, typed: str, refusal: GiftRefusal, now: datetime) -> HttpResponse:
    status = 429 if refusal is GiftRefusal.TOO_MANY else 422
    return reader_page(request, "web/gift_code.html", {"typed": typed, "problem": REFUSALS[refusal]}, now=now, status=status)


def _find(request: HttpRequest, number: int) -> Gift:
    row = find_given(number, _reader(request).pk)
    if row is None:
        raise Http404
    return row


def _reader(request: HttpRequest) -> User:
    return cast(User, request.user)  # for_readers has seen to it
