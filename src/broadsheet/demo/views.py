"""The demo's own pages: sign-ins and clock at /demo/, the mailbox at /demo/mail/."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.html import urlize
from django.views.decorators.http import require_POST, require_safe

from broadsheet.billing import offline_flows
from broadsheet.billing.models import Subscription
from broadsheet.core import clock
from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.core.models import ClockOffset
from broadsheet.core.store import load_clock_offset
from broadsheet.demo.days import live_days
from broadsheet.demo.mailbox import find_letter, read_letters
from broadsheet.demo.people import PEOPLE, authenticator_secret, demo_password
from broadsheet.pages.site import load_site
from broadsheet.pages.store import outdate_all_pages
from broadsheet.pages.variants import audience_of
from broadsheet.web.asker import entitlement_of, read_asker
from broadsheet.web.same_site import same_site_form

LETTERS_SHOWN = 40
SUBSCRIPTIONS_SHOWN = 20


@require_safe
def demo(request: HttpRequest) -> HttpResponse:
    """Who can sign in, what the authenticators show now, and the clock."""
    secret = settings.BROADSHEET.secret_key
    people = [
        {
            "person": person,
            "password": demo_password(person, secret_key=secret),
            "secret": authenticator_secret(person, secret_key=secret) if person.role else "",
            "code": present_code(authenticator_secret(person, secret_key=secret)) if person.role else "",
        }
        for person in PEOPLE
    ]
    context = {"people": people, "offset_days": load_clock_offset() // 86400, "subscriptions": _load_subscriptions()}
    return _page(request, "demo/demo.html", context)


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The letters sent so far, newest first."""
    letters = read_letters(_mail_dir(), newest=LETTERS_SHOWN)
    return _page(request, "demo/mailbox.html", {"letters": [(letter, urlize(letter.text, autoescape=True)) for letter in letters]})


@require_safe
def letter(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part of one letter, as a mail program would show it."""
    found = find_letter(_mail_dir(), name)
    if found is None:
        raise Http404
    response = HttpResponse(found.html)
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@same_site_form
def advance_clock(request: HttpRequest) -> HttpResponse:
    """Move the demo's clock ahead by whole days, at most a year at once."""
    text = request.POST.get("days", "")
    days = int(text) if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 366 else 0
    live_days(days, now=clock.now())
    row, _ = ClockOffset.objects.get_or_create(pk=1)
    with transaction.atomic():  # the pages first: whoever hears of the change must not find them any more
        ClockOffset.objects.filter(pk=row.pk).update(seconds=row.seconds + int(timedelta(days=days).total_seconds()))
        outdate_all_pages()
        record_change(ChangeKind.CLOCK, str(days), now=clock.now())
    return HttpResponseRedirect("/demo/")


def present_code(secret: str) -> str:
    """What an authenticator with this secret shows now. Authenticators go by the real time, not the demo's."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def _load_subscriptions() -> list[Subscription]:
    """Those that the offline provider keeps, with who has them; the newest first."""
    rows = Subscription.objects.filter(provider=offline_flows.NAME).select_related("reader", "price__plan")
    return list(rows[:SUBSCRIPTIONS_SHOWN])


def _page(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    now = clock.now()
    audience = audience_of(entitlement_of(read_asker(request), now=now), now)
    response = render(request, template, {**context, "site": load_site(now=now), "audience": audience, "now": now})
    response["Cache-Control"] = "private, no-store"
    return response


def _mail_dir() -> Path:
    return Path(settings.BROADSHEET.data_dir) / "mail"
