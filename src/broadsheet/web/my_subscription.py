"""A reader's own subscriptions: what they hold and pay; cancel, pause, change plan, go on; payments and receipts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.models import User
from broadsheet.billing import change_flows
from broadsheet.billing.models import Price, Subscription
from broadsheet.billing.provider import ProviderError, Refused
from broadsheet.core import clock
from broadsheet.web import my_subscription_store as store
from broadsheet.web.account import for_readers
from broadsheet.web.reader_page import private, reader_page, see_other

HOME = "/account/subscription/"
AWAY = "The payment service does not answer just now. Nothing has happened and nothing was taken; try again in a few minutes."

View = Callable[..., HttpResponse]


def for_own(view: View) -> View:
    """A page of one subscription that is the reader's own; others are not there."""

    @for_readers
    @wraps(view)
    def found(request: HttpRequest, number: int, *args: Any, **kwargs: Any) -> HttpResponse:
        row = store.find_own(_reader(request).pk, number)
        if row is None:
            raise Http404
        return view(request, row, *args, **kwargs)

    return found


@for_readers
@require_http_methods(["GET", "HEAD"])
def subscriptions(request: HttpRequest) -> HttpResponse:
    """Everything the reader holds and why, with what can be done about it."""
    return _home(request, now=clock.now())


@for_own
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, row: Subscription) -> HttpResponse:
    """Say what cancelling means, with one offer at most; the button cancels."""
    now = clock.now()
    if request.method == "POST":
        return _order(request, row, lambda: change_flows.cancel(row, now=now), page=_cancel_page)
    return _cancel_page(request, row, "", now)


@for_own
@require_http_methods(["POST"])
def undo(request: HttpRequest, row: Subscription) -> HttpResponse:
    """Go on after all."""
    return _order(request, row, lambda: change_flows.undo_cancel(row, now=clock.now()))


@for_own
@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest, row: Subscription) -> HttpResponse:
    """Choose for how long."""
    now = clock.now()
    if request.method == "POST":
        months = request.POST.get("months", "")
        number = int(months) if months in ("1", "2", "3") else 0
        return _order(request, row, lambda: change_flows.pause(row, number, now=now), page=_pause_page)
    return _pause_page(request, row, "", now)


@for_own
@require_http_methods(["POST"])
def resume(request: HttpRequest, row: Subscription) -> HttpResponse:
    """Go on before the pause is over."""
    return _order(request, row, lambda: change_flows.resume(row, now=clock.now()))


@for_own
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, row: Subscription) -> HttpResponse:
    """The plans to change to, each with what is taken and when; a plan's button changes to it."""
    now = clock.now()
    if request.method != "POST":
        return _change_page(request, row, "", now)
    chosen, shown = request.POST.get("price", ""), request.POST.get("shown_cents", "")
    try:
        choice = next((choice for choice in store.load_choices(row, now=now) if str(choice.price_id) == chosen), None)
    except ProviderError as error:
        return _change_page(request, row, _words(error), now, status=503)
    if choice is None or not (shown.isascii() and shown.isdigit() and len(shown) < 12):
        return _change_page(request, row, "Choose one of these plans.", now, status=422)
    price = Price.objects.select_related("plan").get(pk=choice.price_id)
    agreed = choice.agreement
    return _order(
        request,
        row,
        lambda: change_flows.change_plan(row, price, agreed_text=agreed, shown_cents=int(shown), now=now),
        page=_change_page,
    )


@for_own
@require_http_methods(["POST"])
def keep(request: HttpRequest, row: Subscription) -> HttpResponse:
    """Keep the plan that is held, though another was to begin with the renewal."""
    return _order(request, row, lambda: change_flows.keep_plan(row, now=clock.now()))


@for_readers
@require_http_methods(["GET", "HEAD"])
def card(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """On to the provider's page where a card is changed; letters lead here."""
    reader = _reader(request)
    row = store.find_own(reader.pk, number) if number else store.find_card_subscription(reader.pk)
    if row is None:
        return see_other(HOME)
    try:
        address = store.find_card_url(row)
    except ProviderError as error:
        return _home(request, now=clock.now(), number=row.pk, problem=_words(error), status=503)
    return private(HttpResponseRedirect(address)) if address else see_other(HOME)


@for_readers
@require_http_methods(["GET", "HEAD"])
def payment(request: HttpRequest, ref: str) -> HttpResponse:
    """The receipt of one payment, to print."""
    found = store.find_payment(_reader(request).pk, ref)
    if found is None:
        raise Http404
    row, paid = found
    context = {"row": row, "payment": paid, "reader": _reader(request), "zone": settings.BROADSHEET.time_zone}
    return reader_page(request, "web/payment.html", context, now=clock.now())


Page = Callable[[HttpRequest, Subscription, str, datetime], HttpResponse]


def _order(request: HttpRequest, row: Subscription, order: Callable[[], Subscription], *, page: Page | None = None) -> HttpResponse:
    """Order something of the provider; what goes wrong is said on the page from which it was ordered."""
    now = clock.now()
    try:
        order()
    except ProviderError as error:
        answer = page(request, row, _words(error), now) if page else _home(request, now=now, number=row.pk, problem=_words(error))
        answer.status_code = 409 if isinstance(error, Refused) else 503
        return answer
    return see_other(f"{HOME}#subscription-{row.pk}")


def _words(error: ProviderError) -> str:
    return str(error) if isinstance(error, Refused) else AWAY


def _home(request: HttpRequest, *, now: datetime, number: int = 0, problem: str = "", status: int = 200) -> HttpResponse:
    reader = _reader(request)
    context = {
        "reader": reader,
        "subscriptions": store.load_subscriptions(reader.pk, now=now),
        "rights": store.load_other_rights(reader.pk, now=now),
        "problem_number": number,
        "problem": problem,
        "zone": settings.BROADSHEET.time_zone,
        "payment_trouble": False,  # this page says it where it can be mended
    }
    return reader_page(request, "web/my_subscription.html", context, now=now, status=status)


def _cancel_page(request: HttpRequest, row: Subscription, problem: str, now: datetime) -> HttpResponse:
    offer = store.find_save_offer(row, now=now)
    context = {"offers_pause": offer == "pause", "cheaper": offer if offer != "pause" else None}
    return _page(request, "web/cancel_subscription.html", row, problem, now, context)


def _pause_page(request: HttpRequest, row: Subscription, problem: str, now: datetime) -> HttpResponse:
    choices = [(months, change_flows.pause_until(row, months)) for months in change_flows.PAUSE_MONTHS]
    return _page(request, "web/pause_subscription.html", row, problem, now, {"choices": choices})


def _change_page(request: HttpRequest, row: Subscription, problem: str, now: datetime, *, status: int = 200) -> HttpResponse:
    try:
        choices = store.load_choices(row, now=now)
    except ProviderError as error:
        return _home(request, now=now, number=row.pk, problem=problem or _words(error), status=503)
    return _page(request, "web/change_plan.html", row, problem, now, {"choices": choices}, status=status)


def _page(
    request: HttpRequest,
    template: str,
    row: Subscription,
    problem: str,
    now: datetime,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    shown = {"held": store.compose_subscription(row, now=now), "problem": problem, "zone": settings.BROADSHEET.time_zone, **context}
    return reader_page(request, template, shown, now=now, status=status)


def _reader(request: HttpRequest) -> User:
    return cast(User, request.user)  # for_readers has seen to it
