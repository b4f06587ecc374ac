"""The account: what is open, what is held, sign-ins, address, export, erasure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.flows import CODE_LIFE, LETTER_GAP, ChangeOutcome, Refusal, start_address_change
from broadsheet.accounts.models import ProofPurpose, User
from broadsheet.accounts.second_factor import has_authenticator
from broadsheet.accounts.store import find_change
from broadsheet.billing.change_flows import end_for_erasure, load_running
from broadsheet.billing.gift_store import has_given
from broadsheet.billing.group_store import has_seats
from broadsheet.billing.invoice_store import has_invoices
from broadsheet.billing.provider import ProviderError, Refused
from broadsheet.core import clock
from broadsheet.core.keys import new_token
from broadsheet.membership.consent import CONSENT_TEXT
from broadsheet.membership.flows import end_consent, give_consent, has_consent, sign_out_everywhere
from broadsheet.pages.site import load_site
from broadsheet.paywall.store import count_spent
from broadsheet.publication.store import load_publication
from broadsheet.shelves.store import has_saved, keeps_history, load_unfinished
from broadsheet.web.account_flows import erase_account, export_account
from broadsheet.web.account_store import count_passkeys, has_subscribed, load_open_articles, load_rights, load_sign_ins
from broadsheet.web.asker import BROWSER_COOKIE, browser_key, browser_key_of, network_key_of, set_browser_cookie
from broadsheet.web.confirming import agree_by_code
from broadsheet.web.letter_request import read_address
from broadsheet.web.reader_page import private, reader_page, see_other
from broadsheet.web.same_site import same_site_form
from broadsheet.web.signin import REFUSALS
from broadsheet.web.signing import sign_out

UNFINISHED = 5  # articles that the account's page offers to continue
STILL_PAYING = (
    "The payment service does not answer, so we cannot make sure that nothing more is taken from you. Your account is still there; "
    "try again in a few minutes."
)

View = Callable[..., HttpResponse]


def for_readers(view: View) -> View:
    """A page of one's own: whoever is not signed in is sent to do so, and comes back. Forms from other sites are refused."""

    @same_site_form
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not isinstance(request.user, User):
            return see_other(f"/login/?{urlencode({'next': request.path if request.method == 'GET' else '/account/'})}")
        return view(request, *args, **kwargs)

    return guarded


@for_readers
@require_http_methods(["GET", "HEAD"])
def account(request: HttpRequest) -> HttpResponse:
    """What the reader holds, and every switch of the account."""
    now, user = clock.now(), _reader(request)
    allowance = load_publication().articles_per_month
    rights = load_rights(user.pk, now=now)
    context = {
        "reader": user,
        "rights": rights,
        "has_subscribed": has_subscribed(user.pk),
        "open_articles": load_open_articles(user.pk, now=now),
        "left": max(0, allowance - count_spent(user.pk, now=now)),
        "allowance": allowance,
        "renews": load_site(now=now).renews,
        "unfinished": load_unfinished(user.pk, UNFINISHED, now=now),
        "has_saved": has_saved(user.pk),
        "keeps_history": keeps_history(user.pk),
        "has_given": has_given(user.pk),
        "has_seats": has_seats(user.pk),
        "has_invoices": has_invoices(user.pk),
        "has_newsletter": has_consent(user.pk),
        "consent_text": CONSENT_TEXT,
        "sign_ins": load_sign_ins(user, request.session.session_key),
        "passkeys": count_passkeys(user),
        "has_authenticator": has_authenticator(user),
        "has_password": user.has_usable_password(),
        "zone": settings.BROADSHEET.time_zone,
    }
    return reader_page(request, "web/account.html", context, now=now)


@for_readers
@require_http_methods(["POST"])
def newsletter(request: HttpRequest) -> HttpResponse:
    """Ask for the newsletter, or want it no more."""
    now, user = clock.now(), _reader(request)
    if request.POST.get("newsletter"):
        network = network_key_of(request)
        give_consent(user.pk, text=CONSENT_TEXT, network_key=network, source="account", now=now)
    else:
        end_consent(user.pk, now=now)
    return see_other("/account/#newsletter")


@for_readers
@require_http_methods(["POST"])
def end_sign_ins(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere, here too."""
    sign_out_everywhere(_reader(request), now=clock.now())
    sign_out(request)
    return see_other("/login/")


@for_readers
@require_http_methods(["POST"])
def export(request: HttpRequest) -> HttpResponse:
    """Everything kept under this account, as a ZIP of JSON and CSV."""
    response = HttpResponse(export_account(_reader(request)), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="account.zip"'
    return private(response)


@for_readers
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Erase the account, once its address has been typed to confirm it."""
    now, user = clock.now(), _reader(request)
    typed = request.POST.get("email", "")[:320]
    context = {"reader": user, "email_typed": typed, "running": load_running(user.pk)}
    if user.is_staff:
        return reader_page(request, "web/erase.html", {**context, "is_staff": True}, now=now)
    if request.method != "POST":
        return reader_page(request, "web/erase.html", context, now=now)
    address = parse_address(typed)
    if address is None or address.key != user.address_key:
        problem = "That is not this account’s address. Type it as it stands above."
        return reader_page(request, "web/erase.html", {**context, "problem": problem}, now=now, status=422)
    try:
        end_for_erasure(user.pk, now=now)
    except Refused as error:
        return reader_page(request, "web/erase.html", {**context, "problem": str(error)}, now=now, status=409)
    except ProviderError:
        return reader_page(request, "web/erase.html", {**context, "problem": STILL_PAYING}, now=now, status=503)
    erase_account(user, now=now)
    sign_out(request)
    return reader_page(request, "web/erased.html", {}, now=now)


@for_readers
@require_http_methods(["GET", "HEAD", "POST"])
def change_address(request: HttpRequest) -> HttpResponse:
    """Move the account to another mailbox; both mailboxes must agree."""
    now, user = clock.now(), _reader(request)
    if request.method != "POST":
        return _change_page(request, user, {}, now)
    if "email" in request.POST:
        return _start_change(request, user, now)
    return _answer_change(request, user, now)


def _start_change(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    typed = read_address(request.POST.get("email", ""), sure_of=request.POST.get("sure", ""))
    shown: dict[str, object] = {"email_typed": typed.typed, "suggestion": typed.suggestion, "problem": typed.problem}
    if typed.address is None:
        return _change_page(request, user, shown, now, status=422)
    if typed.address.key == user.address_key:
        return _change_page(request, user, {**shown, "problem": "That is the address this account has already."}, now, status=422)
    token = request.COOKIES[BROWSER_COOKIE] if browser_key_of(request) else new_token()
    start_address_change(user, typed.address, browser_key=browser_key(token), now=now)
    response = see_other("/account/address/")
    set_browser_cookie(response, token)
    return response


def _answer_change(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    pair = find_change(user.pk, now=now)
    if pair is None:
        return see_other("/account/address/")
    purpose = ProofPurpose.CHANGE_OLD if "old_code" in request.POST else ProofPurpose.CHANGE_NEW
    code = (request.POST.get("old_code") or request.POST.get("new_code") or "")[:40]
    answer = agree_by_code(browser_key_of(request), code, purpose=purpose, pair_key=pair[1].pair_key, now=now)
    if isinstance(answer, Refusal):
        problem = REFUSALS.get(answer, REFUSALS[Refusal.CODE_OVER])
        return _change_page(request, user, {f"{purpose}_problem": problem}, now, status=422)
    if answer is ChangeOutcome.TAKEN:
        problem = "There is an account with that address already. Write to us and we bring the two together."
        return _change_page(request, user, {"problem": problem}, now, status=422)
    return see_other("/account/" if answer is ChangeOutcome.CHANGED else "/account/address/")


def _change_page(request: HttpRequest, user: User, shown: dict[str, object], now: datetime, *, status: int = 200) -> HttpResponse:
    pair = find_change(user.pk, now=now)
    context = {
        **shown,
        "reader": user,
        "old": pair[0] if pair else None,
        "new": pair[1] if pair else None,
        "again_at": (pair[1].created_at + LETTER_GAP).astimezone(settings.BROADSHEET.zone) if pair else None,
        "may_ask_again": pair is not None and now >= pair[1].created_at + LETTER_GAP,
        "minutes": int(CODE_LIFE.total_seconds()) // 60,
    }
    return reader_page(request, "web/change_address.html", context, now=now, status=status)


def _reader(request: HttpRequest) -> User:
    return cast(User, request.user)  # for_readers has seen to it
