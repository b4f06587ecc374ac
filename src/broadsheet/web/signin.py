"""Sign-in: ask for the letter, type its code, press its button, sign out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.addresses import Address, parse_address
from broadsheet.accounts.flows import LETTER_GAP, ChangeOutcome, Refusal, look_at_link
from broadsheet.accounts.merge_flows import PURPOSES as MERGE_PURPOSES
from broadsheet.accounts.merge_flows import MergeOutcome
from broadsheet.accounts.models import AddressProof, ProofPurpose
from broadsheet.accounts.store import WaitingProof, find_waiting
from broadsheet.core import clock
from broadsheet.core.keys import new_token
from broadsheet.web.asker import BROWSER_COOKIE, browser_key, read_asker, set_browser_cookie
from broadsheet.web.confirming import Confirmed, confirm_by_code, confirm_by_link
from broadsheet.web.letter_request import ask_for_letter, read_address
from broadsheet.web.next_path import own_path
from broadsheet.web.reader_page import reader_page, see_other
from broadsheet.web.same_site import same_site_form
from broadsheet.web.signing import find_by_password, sign_in, sign_out

REFUSALS = {
    Refusal.NOTHING_ASKED: "This browser is not waiting for a code. Leave your address once more, or use the button in the letter.",
    Refusal.WRONG_CODE: "That is not the code in our newest letter. Look once more; it has six digits.",
    Refusal.CODE_OVER: "That code is no longer good. The button in the letter still is; or ask for a new letter below.",
    Refusal.TOO_MANY: "Too many wrong codes for this address today. Use the button in the letter instead.",
}


@sensitive_post_parameters("password")
@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """An address brings a letter with a code; a passkey or a password sign in at once."""
    now = clock.now()
    wanted = own_path(request.POST.get("next", "") or request.GET.get("next", ""))
    if read_asker(request).reader_id is not None:
        return see_other(wanted or "/account/")
    if request.method != "POST":
        return _login_page(request, {"next": wanted}, now)
    typed = read_address(request.POST.get("email", ""), sure_of=request.POST.get("sure", ""))
    shown = {"next": wanted, "email_typed": typed.typed, "suggestion": typed.suggestion, "problem": typed.problem}
    if typed.address is None:
        return _login_page(request, shown, now, status=422)
    password = request.POST.get("password", "")
    if password:
        user, problem = find_by_password(request, typed.address, password)
        if user is None:
            return _login_page(request, {**shown, "password_problem": problem}, now, status=422)
        return sign_in(request, user, method="password", next_path=wanted or "/account/")
    return _send_letter(request, typed.address, next_path=wanted, now=now)


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Where a letter's code is typed, another letter asked for, or a mistyped address put right."""
    now = clock.now()
    asker = read_asker(request)
    wanted = own_path(request.POST.get("next", "") or request.GET.get("next", ""))
    waiting = find_waiting(asker.browser_key, now=now)
    if request.method != "POST":
        return _confirm_page(request, waiting, {"next": wanted}, now)
    if "email" in request.POST:
        return _correct(request, waiting, wanted, now)
    if "resend" in request.POST and waiting is not None:
        return _resend(request, waiting, wanted, now)
    code = request.POST.get("code", "")[:40]
    answer = confirm_by_code(asker.browser_key, code, next_path=wanted, network_address=asker.network_address, now=now)
    if isinstance(answer, Refusal):
        problem = REFUSALS.get(answer, REFUSALS[Refusal.CODE_OVER])
        return _confirm_page(
            request, find_waiting(asker.browser_key, now=now), {"next": wanted, "code_problem": problem}, now, status=422
        )
    return sign_in(request, answer.user, method="code", next_path=answer.next_path)


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_link(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind a letter's link. Opening it changes nothing, because programs open links; its button does."""
    now = clock.now()
    if request.method != "POST":
        return _link_page(request, look_at_link(token, now=now), now)
    answer = confirm_by_link(token, network_address=read_asker(request).network_address, now=now)
    if isinstance(answer, Confirmed):
        return sign_in(request, answer.user, method="code", next_path=answer.next_path)
    if isinstance(answer, ChangeOutcome):
        context = {"is_changed": answer is ChangeOutcome.CHANGED, "is_taken": answer is ChangeOutcome.TAKEN}
        return reader_page(request, "web/change_agreed.html", context, now=now)
    if isinstance(answer, MergeOutcome):
        return reader_page(request, "web/merge_agreed.html", {"outcome": answer.value}, now=now)
    return _link_page(request, answer, now)


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """Sign this browser out; by its button only, so that no picture or link can."""
    if request.method != "POST":
        return reader_page(request, "web/logout.html", {}, now=clock.now())
    sign_out(request)
    return see_other(own_path(request.POST.get("next", "")) or "/")


@require_http_methods(["GET", "HEAD"])
def inactive(request: HttpRequest) -> HttpResponse:
    """Where somebody lands whose account the publisher has closed."""
    return reader_page(request, "web/inactive.html", {}, now=clock.now())


def _send_letter(
    request: HttpRequest,
    address: Address,
    *,
    next_path: str,
    now: datetime,
    article_id: int | None = None,
    newsletter: bool = False,
) -> HttpResponse:
    token = request.COOKIES[BROWSER_COOKIE] if read_asker(request).browser_key else new_token()
    key = browser_key(token)
    ask_for_letter(address, browser_key=key, article_id=article_id, next_path=next_path, newsletter=newsletter, now=now)
    response = see_other("/confirm/" + (f"?{urlencode({'next': next_path})}" if next_path else ""))
    set_browser_cookie(response, token)
    return response


def _correct(request: HttpRequest, waiting: WaitingProof | None, wanted: str, now: datetime) -> HttpResponse:
    typed = read_address(request.POST.get("email", ""), sure_of=request.POST.get("sure", ""))
    if typed.address is None:
        shown = {
            "next": wanted,
            "email_typed": typed.typed,
            "suggestion": typed.suggestion,
            "problem": typed.problem,
        }
        return _confirm_page(request, waiting, shown, now, status=422)
    return _send_letter(
        request,
        typed.address,
        next_path=wanted or (waiting.next_path if waiting else ""),
        article_id=waiting.article_id if waiting else None,
        newsletter=waiting.newsletter if waiting else False,
        now=now,
    )


def _resend(request: HttpRequest, waiting: WaitingProof, wanted: str, now: datetime) -> HttpResponse:
    address = parse_address(waiting.address)
    if address is None:
        return _confirm_page(request, waiting, {"next": wanted}, now, status=422)
    return _send_letter(
        request,
        address,
        next_path=wanted or waiting.next_path,
        article_id=waiting.article_id,
        newsletter=waiting.newsletter,
        now=now,
    )


def _login_page(request: HttpRequest, shown: Mapping[str, object], now: datetime, *, status: int = 200) -> HttpResponse:
    return reader_page(request, "web/login.html", dict(shown), now=now, status=status)


def _confirm_page(
    request: HttpRequest, waiting: WaitingProof | None, shown: Mapping[str, object], now: datetime, *, status: int = 200
) -> HttpResponse:
    again_at = waiting.asked_at + LETTER_GAP if waiting else now
    context = {
        **shown,
        "waiting": waiting,
        "may_resend": waiting is not None and now >= again_at,
        "again_at": again_at.astimezone(settings.BROADSHEET.zone),
        "time_zone": settings.BROADSHEET.time_zone,
    }
    return reader_page(request, "web/confirm.html", context, now=now, status=status)


def _link_page(request: HttpRequest, proof: AddressProof | Refusal, now: datetime) -> HttpResponse:
    if isinstance(proof, Refusal):
        return reader_page(request, "web/link_over.html", {"is_used": proof is Refusal.LINK_USED}, now=now)
    context = {
        "address": proof.address,
        "is_merge": proof.purpose in MERGE_PURPOSES,
        "is_change": proof.purpose in (ProofPurpose.CHANGE_OLD, ProofPurpose.CHANGE_NEW),
        "newsletter": proof.newsletter,
    }
    return reader_page(request, "web/confirm_link.html", context, now=now)
