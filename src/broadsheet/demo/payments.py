"""The offline provider's own pages: where one pays, and where one's card and its events are played with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from broadsheet.billing import offline_flows
from broadsheet.billing.models import OfflineSubscription, Order, Subscription
from broadsheet.billing.order_flows import order_of
from broadsheet.billing.terms import Terms
from broadsheet.core import clock
from broadsheet.demo.days import lose_events, send_events, waiting_events
from broadsheet.web.reader_page import reader_page, see_other
from broadsheet.web.same_site import same_site_form


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, ref: str) -> HttpResponse:
    """Pay an order, or have the card declined."""
    now = clock.now()
    order = Order.objects.select_related("price__plan", "reader").filter(ref=ref, provider=offline_flows.NAME).first()
    if order is None:
        raise Http404
    if request.method == "POST" and "pay" in request.POST:
        offline_flows.pay_order(order, order_of(order), now=now)
        return see_other(f"/subscribe/done/{ref}/")
    terms = order_of(order)
    full = terms.full_cents or terms.cents
    shown = Terms(
        terms.plan_name, full, terms.currency, terms.period, terms.trial_days, terms.discount_percent, terms.discount_periods
    )
    context = {
        "order": order,
        "terms": shown,
        "is_declined": request.method == "POST",
        "is_paid": OfflineSubscription.objects.filter(order_ref=ref).exists(),
        "back": f"/subscribe/?chosen={order.price.plan.slug}",
    }
    return reader_page(request, "demo/pay.html", context, now=now, status=402 if context["is_declined"] else 200)


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def card(request: HttpRequest, ref: str) -> HttpResponse:
    """One subscription's card: make it fail or work, take a payment back, and send what the provider has to say, or not."""
    now = clock.now()
    if not OfflineSubscription.objects.filter(ref=ref).exists():
        raise Http404
    if request.method == "POST":
        action = ACTIONS.get(request.POST.get("do", ""))
        if action is not None:
            action(ref, now)
        return see_other(f"/demo/card/{ref}/")
    row = OfflineSubscription.objects.get(ref=ref)
    context = {
        "row": row,
        "status": row.status.replace("_", " "),
        "ours": Subscription.objects.filter(provider=offline_flows.NAME, ref=ref).select_related("price__plan").first(),
        "waiting": waiting_events(ref),
    }
    return reader_page(request, "demo/card.html", context, now=now)


def _send_twice(ref: str, now: datetime) -> None:
    """The newest first, and everything again."""
    events = waiting_events(ref)
    send_events([*reversed(events), *events], now=now)


def _fail(ref: str, now: datetime) -> None:
    """The next payment falls due at once, and fails."""
    offline_flows.fail_next_payment(ref)
    offline_flows.bring_forward(ref, now=now)


ACTIONS: dict[str, Callable[[str, datetime], object]] = {
    "fail": _fail,
    "renew": lambda ref, now: offline_flows.bring_forward(ref, now=now),
    "mend": lambda ref, now: offline_flows.mend_card(ref, now=now),
    "dispute": lambda ref, now: offline_flows.dispute_last_payment(ref, now=now),
    "send": lambda ref, now: send_events(waiting_events(ref), now=now),
    "send twice": _send_twice,
    "lose": lambda ref, now: lose_events(ref),
}
