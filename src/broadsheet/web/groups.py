"""Seats for an organisation: the order, what its owner looks after, and how people sit down and leave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.models import User
from broadsheet.billing import group_flows, group_store, groups, seat_flows
from broadsheet.billing.changes import Change
from broadsheet.billing.days import show_day
from broadsheet.billing.group_flows import DomainProblem, SeatOutcome
from broadsheet.billing.law_store import load_laws
from broadsheet.billing.models import Organisation, Plan, Price, Seat
from broadsheet.billing.order_flows import Wish, begin_order
from broadsheet.billing.provider import ProviderError, Refused
from broadsheet.billing.store import PlanOffer, load_offers
from broadsheet.core import clock
from broadsheet.core.flows import count_try
from broadsheet.core.money import price_text
from broadsheet.web.account import for_readers
from broadsheet.web.agreeing import CHANGED, key_of, was_shown
from broadsheet.web.asker import network_key_of
from broadsheet.web.buying import AWAY, ORDERS_AN_HOUR, go_to_pay, ways
from broadsheet.web.reader_page import reader_page, see_other
from broadsheet.web.same_site import same_site_form

HOME = "/account/group/"
LONGEST_NAME = 160
LONGEST_LIST = 60_000  # letters: five hundred long addresses with names
MOST_DIGITS = 5

View = Callable[..., HttpResponse]

OUTCOMES = {
    SeatOutcome.ALREADY: "You have a seat of this organisation already.",
    SeatOutcome.FULL: "No seat is free just now. Whoever looks after the seats can add some.",
    SeatOutcome.OVER: "This organisation’s subscription is not running just now.",
    SeatOutcome.NOT_YOURS: "This seat is not there for you any more. Ask whoever looks after the seats for another invitation.",
}
DOMAIN_PROBLEMS = {
    DomainProblem.UNREADABLE: "Type a domain such as example.org.",
    DomainProblem.PUBLIC: "Anybody can have a mailbox there, so it can’t fill your seats. Invite people by their addresses.",
    DomainProblem.NOT_OWN: "You can add the domain of your own confirmed address. For another one, write to us and we check it.",
    DomainProblem.KNOWN: "That domain is on the list already.",
}


def for_owner(view: View) -> View:
    """A page of an organisation that the reader looks after; others are not there."""

    @for_readers
    @wraps(view)
    def found(request: HttpRequest, number: int, *args: Any, **kwargs: Any) -> HttpResponse:
        organisation = group_store.find_owned(number, _reader(request).pk)
        if organisation is None:
            raise Http404
        return view(request, organisation, *args, **kwargs)

    return found


# -- Buying ----------------------------------------------------------------------------------------------------------


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def buy(request: HttpRequest) -> HttpResponse:
    """Order seats: first how many and for whom, then what that costs, then the way to pay."""
    now = clock.now()
    offers = load_offers(Plan.Kind.GROUP)
    if not offers:
        raise Http404
    if request.method != "POST" or not isinstance(request.user, User):
        return _buy_page(request, offers, {"typed": {"plan": offers[0].slug}}, now)
    names = ("plan", "organisation", "seats")
    typed = {name: " ".join(request.POST.get(name, "").split())[:LONGEST_NAME] for name in names}
    offer = next((offer for offer in offers if offer.slug == typed["plan"]), offers[0])
    plan = Plan.objects.get(pk=offer.plan_id)
    seats = _read_number(typed["seats"])
    problems = {
        "organisation": "" if typed["organisation"] else "Tell us the organisation’s name.",
        "seats": ""
        if plan.min_seats <= seats <= plan.max_seats
        else f"Choose between {plan.min_seats} and {plan.max_seats} seats.",
    }
    if any(problems.values()):
        return _buy_page(request, offers, {"typed": typed, "problems": problems}, now, status=422)
    sentences = _sentences(offer, seats, typed["organisation"])
    shown: dict[str, Any] = {
        "typed": typed,
        "chosen": offer,
        "seats": seats,
        "total": _total(offer, seats),
        "sentences": sentences,
        "agreed": key_of(sentences),
    }
    provider = request.POST.get("provider", "")
    if provider not in {way["name"] for way in ways()}:
        return _buy_page(request, offers, shown, now)
    if not was_shown(request, sentences):
        return _buy_page(request, offers, {**shown, "order_problem": CHANGED}, now, status=409)
    if not count_try("orders", str(request.user.pk), limit=ORDERS_AN_HOUR, per=timedelta(hours=1), now=now):
        problem = "You went to pay very often within an hour. Wait a little, or write to us if something does not work."
        return _buy_page(request, offers, {**shown, "order_problem": problem}, now, status=429)
    wish = Wish(
        price_id=Price.objects.filter(plan=plan).values_list("pk", flat=True)[0],
        provider=provider,
        next_path=HOME,
        quantity=seats,
        agreed_text="\n".join(sentences),
        network_key=network_key_of(request),
        details={"organisation": typed["organisation"]},
    )
    try:
        return go_to_pay(request, begin_order(request.user, wish, now=now), now=now)
    except Refused as refused:
        return _buy_page(request, offers, {**shown, "order_problem": str(refused)}, now, status=422)
    except ProviderError:
        return _buy_page(request, offers, {**shown, "order_problem": AWAY}, now, status=503)


# -- Looking after seats ---------------------------------------------------------------------------------------------


@for_readers
@require_http_methods(["GET", "HEAD"])
def mine(request: HttpRequest) -> HttpResponse:
    """The organisations that the reader looks after, and the seats that the reader sits on."""
    now, reader = clock.now(), _reader(request)
    owned, seats = group_store.load_owned(reader.pk), group_store.load_seats(reader.pk)
    offered = group_store.load_offered(reader.pk)
    if len(owned) == 1 and not offered and not any(seat.organisation != owned[0].name for seat in seats):
        return see_other(f"{HOME}{owned[0].pk}/")
    context = {
        "owned": [group_store.show(one) for one in owned],
        "offered": [(group_store.show(one), _price(one)) for one in offered],
        "seats": seats,
        "zone": settings.BROADSHEET.time_zone,
    }
    return reader_page(request, "web/groups.html", context, now=now)


@for_owner
@require_http_methods(["GET", "HEAD"])
def group(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Everything that an owner looks after: seats, invitations, domains, the number of seats."""
    return _group_page(request, organisation, {}, clock.now())


@for_owner
@require_http_methods(["POST"])
def invite(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Invite the addresses of a list; what is wrong with some of them is said entry by entry."""
    now = clock.now()
    typed = request.POST.get("addresses", "")[:LONGEST_LIST]
    pasted = groups.read_list(typed)
    if not pasted:
        return _group_page(request, organisation, {"invite_problem": "Type or paste at least one address."}, now, status=422)
    try:
        done = group_flows.invite(organisation.pk, pasted, now=now)
    except Refused as refused:
        return _group_page(request, organisation, {"invite_problem": str(refused), "addresses": typed}, now, status=422)
    if not done.problems:
        return see_other(f"{HOME}{organisation.pk}/#seats")
    left = "\n".join(problem.typed for problem in done.problems)
    return _group_page(request, organisation, {"invited": done, "addresses": left}, now, status=422)


@for_owner
@require_http_methods(["POST"])
def seat(request: HttpRequest, organisation: Organisation, seat_number: int) -> HttpResponse:
    """Free one seat, write an invitation again, or ask a member to look after the seats."""
    now = clock.now()
    row = Seat.objects.select_related("organisation__subscription__price__plan", "reader").filter(pk=seat_number).first()
    if row is None or row.organisation_id != organisation.pk:
        return see_other(f"{HOME}{organisation.pk}/#seats")  # freed a moment ago
    what = request.POST.get("what", "")
    if what == "free":
        group_flows.free_seat(row, tells=True, now=now)
    elif what == "again" and not group_flows.invite_again(row, now=now):
        problem = f"{row.address} has had three invitations today, or has just come. Try again tomorrow."
        return _group_page(request, organisation, {"seat_problem": problem}, now, status=429)
    elif what == "offer":
        group_flows.offer_ownership(organisation, row, now=now)
    return see_other(f"{HOME}{organisation.pk}/#seats")


@for_owner
@require_http_methods(["POST"])
def own_seat(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The owner takes a seat, too."""
    now, reader = clock.now(), _reader(request)
    outcome = group_flows.take_own_seat(organisation, reader, now=now)
    if outcome is not SeatOutcome.TAKEN:
        return _group_page(request, organisation, {"seat_problem": OUTCOMES[outcome]}, now, status=409)
    reader.refresh_from_db(fields=["rights_version"])  # so that the pass of this answer holds the new right
    return see_other(f"{HOME}{organisation.pk}/#seats")


@for_owner
@require_http_methods(["POST"])
def domains(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Add a domain, or take one off the list; whoever sits goes on sitting."""
    now = clock.now()
    if "remove" in request.POST:
        organisation.domains.filter(pk=_read_number(request.POST["remove"], digits=18)).delete()
        return see_other(f"{HOME}{organisation.pk}/#domains")
    typed = request.POST.get("domain", "").strip()[:200]
    problem = group_flows.add_domain(organisation, typed, by=_reader(request), now=now)
    if problem is not None:
        shown = {"domain_typed": typed, "domain_problem": DOMAIN_PROBLEMS[problem]}
        return _group_page(request, organisation, shown, now, status=422)
    return see_other(f"{HOME}{organisation.pk}/#domains")


@for_owner
@require_http_methods(["GET", "HEAD", "POST"])
def seats(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Another number of seats: what it costs and when, then the button that orders it."""
    now = clock.now()
    wanted = _read_number(request.POST.get("seats", "") or request.GET.get("seats", ""))
    try:
        change = seat_flows.preview_seats(organisation, wanted, now=now)
        sentences = _change_sentences(organisation, wanted, change)
        if request.method == "POST":
            shown_cents = _read_number(request.POST.get("due_cents", ""), digits=12)
            agreed = "\n".join(sentences)
            seat_flows.change_seats(organisation, wanted, agreed_text=agreed, shown_cents=shown_cents, now=now)
            return see_other(f"{HOME}{organisation.pk}/")
    except Refused as refused:
        return _group_page(request, organisation, {"seats_problem": str(refused), "seats_typed": wanted or ""}, now, status=422)
    except ProviderError:
        return _group_page(request, organisation, {"seats_problem": AWAY, "seats_typed": wanted}, now, status=503)
    due = price_text(change.due_cents, change.terms.currency)
    context = {"group": group_store.show(organisation), "wanted": wanted, "change": change, "due": due, "sentences": sentences}
    return reader_page(request, "web/group_seats.html", context, now=now)


@for_readers
@require_http_methods(["POST"])
def answer(request: HttpRequest, number: int) -> HttpResponse:
    """Agree to look after an organisation's seats, or decline."""
    organisation = group_store.find_organisation(number)
    if organisation is None:
        raise Http404
    group_flows.answer_offer(organisation, _reader(request), agrees="agree" in request.POST, now=clock.now())
    return see_other(HOME)


@for_readers
@require_http_methods(["POST"])
def leave(request: HttpRequest, seat_number: int) -> HttpResponse:
    """Give one's own seat back."""
    row = Seat.objects.filter(pk=seat_number, reader=_reader(request)).first()
    if row is not None:
        group_flows.free_seat(row, tells=False, now=clock.now())
    return see_other(HOME)


# -- Sitting down ----------------------------------------------------------------------------------------------------


@for_readers
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """The organisations whose domain the reader's address is of: take a seat while there are any."""
    now, reader = clock.now(), _reader(request)
    found = list(group_flows.find_organisations_of_domain(reader)) if reader.confirmed_at else []
    context: dict[str, Any] = {"organisations": found, "reader": reader, "domain": groups.domain_of(reader.address_key)}
    if request.method != "POST":
        return reader_page(request, "web/group_join.html", context, now=now)
    outcome = group_flows.join_by_domain(_read_number(request.POST.get("organisation", ""), digits=18), reader, now=now)
    return _sat_down(request, outcome, "web/group_join.html", context, now)


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Where an invitation's link leads: what the seat is, and the button that takes it."""
    now = clock.now()
    found = group_flows.find_invitation(token)
    user = request.user if isinstance(request.user, User) else None
    context: dict[str, Any] = {"seat": found, "reader": user, "here": f"/group/join/{token}/"}
    if found is not None:
        context["group"] = group_store.show(found.organisation)
    if request.method != "POST" or user is None:
        return reader_page(request, "web/group_accept.html", context, now=now, status=200 if found else 404)
    outcome = group_flows.accept_invitation(token, user, now=now)
    return _sat_down(request, outcome, "web/group_accept.html", context, now)


def _sat_down(request: HttpRequest, outcome: SeatOutcome, template: str, context: dict[str, Any], now: datetime) -> HttpResponse:
    if outcome is not SeatOutcome.TAKEN:
        return reader_page(request, template, {**context, "problem": OUTCOMES[outcome]}, now=now, status=409)
    reader = _reader(request)
    reader.refresh_from_db(fields=["rights_version"])  # so that the pass of this answer holds the new right
    taken = Seat.objects.filter(reader=reader).select_related("organisation__subscription__price__plan").latest("taken_at")
    return reader_page(request, "web/group_joined.html", {"group": group_store.show(taken.organisation)}, now=now)


# -- Pages -----------------------------------------------------------------------------------------------------------


def _buy_page(
    request: HttpRequest, offers: tuple[PlanOffer, ...], shown: dict[str, Any], now: datetime, *, status: int = 200
) -> HttpResponse:
    has_invoice = "invoice" in settings.BROADSHEET.payments
    context = {"offers": offers, "ways": ways(), "has_invoice": has_invoice, **shown}
    return reader_page(request, "web/group_buy.html", context, now=now, status=status)


def _group_page(
    request: HttpRequest, organisation: Organisation, shown: dict[str, Any], now: datetime, *, status: int = 200
) -> HttpResponse:
    fresh = group_store.find_organisation(organisation.pk)
    assert fresh is not None  # noqa: S101 (no page deletes one)
    context = {
        "group": group_store.show(fresh),
        "price": _price(fresh),
        "plan": fresh.subscription.price.plan,
        "own_domain": _own_domain(_reader(request)),
        "zone": settings.BROADSHEET.time_zone,
        **shown,
    }
    return reader_page(request, "web/group.html", context, now=now, status=status)


def _own_domain(reader: User) -> str:
    """The domain that the owner could add; empty where anybody can have a mailbox there."""
    domain = groups.domain_of(reader.address_key)
    return "" if groups.is_public(domain) or reader.confirmed_at is None else domain


def _price(organisation: Organisation) -> str:
    row = organisation.subscription
    return f"{price_text(row.price.cents * row.quantity, row.price.currency)} a {row.price.period}"


def _total(offer: PlanOffer, seats: int) -> str:
    return price_text(offer.cents * seats, offer.currency)


def _sentences(offer: PlanOffer, seats: int, organisation: str) -> tuple[str, ...]:
    """What is agreed to by pressing the button that orders seats."""
    words = load_laws().price_words
    return (
        f"You order {seats} seats of {offer.name} for {organisation}: {_total(offer, seats)} a {offer.period}"
        f"{f' ({words})' if words else ''}, {offer.price} a seat.",
        f"It renews by itself each {offer.period} until you cancel. Cancelling takes two clicks in your account, and "
        "everybody reads on to the end of what is paid for.",
        "You ask us to begin at once.",
    )


def _change_sentences(organisation: Organisation, seats: int, change: Change) -> tuple[str, ...]:
    terms = change.terms
    price = f"{price_text(terms.cents, terms.currency)} a {terms.period}"
    if change.is_at_renewal:
        return (f"{organisation.name} has {seats} seats from {show_day(change.next_at)} on, for {price}. Nothing is taken today.",)
    due, credit = price_text(change.due_cents, terms.currency), price_text(change.credit_cents, terms.currency)
    return (
        f"{organisation.name} has {seats} seats from now on, for {price}.",
        f"Today {due} are taken: the new price less {credit}, which is what is left of the time that you have paid for.",
        f"The next payment is on {show_day(change.next_at)}.",
    )


def _read_number(text: str, *, digits: int = MOST_DIGITS) -> int:
    """A whole number as a form gives it; 0 if it is none."""
    typed = text.strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= digits else 0


def _reader(request: HttpRequest) -> User:
    return cast(User, request.user)  # for_readers has seen to it
