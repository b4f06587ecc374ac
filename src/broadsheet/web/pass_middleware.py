"""Gives each known reader a pass, so that their next pages need no database.

A pass is made anew when it is missing, nearly five minutes old, made for another session or before the
reader's rights changed, and after every POST, because a POST may have changed them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.http import HttpRequest, HttpResponse

from broadsheet.accounts.models import User
from broadsheet.accounts.second_factor import is_staff_session
from broadsheet.core import clock
from broadsheet.core.models import SigningKey as KeyRow
from broadsheet.core.months import month_key
from broadsheet.core.signing_key_flows import load_signing_key
from broadsheet.paywall.passes import COOKIE, EXPIRES_AFTER, Pass, SigningKey, holder_name, make_pass, read_pass, sign_pass
from broadsheet.paywall.store import load_entitlement
from broadsheet.web.asker import BROWSER_COOKIE, browser_key
from broadsheet.web.reader_page import PRIVATE

Answer = Callable[[HttpRequest], HttpResponse]

UNTOUCHED = ("/static/", "/media/", "/desk/", "/go/", "/healthz", "/metrics")


class PassMiddleware:
    """Sets or deletes the pass on the way out; inside the session's middleware, outside the views."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # What caches may keep (a stranger's page, feeds, small files) never carries one reader's cookie.
        is_shared = response.get("Cache-Control", "").startswith("public")
        if not is_shared and not request.path.startswith(UNTOUCHED):
            try:
                follow(request, response, now=clock.now())
            except AnyDatabaseError:
                return response  # without the database nothing is known; the pass stays as it is
        return response


def follow(request: HttpRequest, response: HttpResponse, *, now: datetime) -> None:
    """Bring the browser's pass up to date with what it holds."""
    reader = find_reader(request)
    browser = browser_token(request, response)
    holder = holder_of(request, browser)
    shown = request.COOKIES.get(COOKIE, "")
    if not holder:
        if shown:
            response.delete_cookie(COOKIE, samesite="Lax")
        return
    reader_id = reader.pk if reader is not None else None
    version = load_version(request, reader)
    is_staff = reader is not None and is_staff_session(request)
    may_stay = request.method in ("GET", "HEAD") and not is_staff
    if may_stay and is_fresh(shown, holder=holder, reader_id=reader_id, version=version, now=now):
        return
    entitlement = load_entitlement(
        reader_id=reader_id,
        browser_key=browser_key(browser) if browser else None,
        network_address=None,
        is_staff=is_staff,
        now=now,
    )
    made = make_pass(entitlement, holder=holder, version=version, month=month_key(now, settings.BROADSHEET.zone), now=now)
    if made is not None:
        set_pass_cookie(response, made, now=now)
    elif shown:
        response.delete_cookie(COOKIE, samesite="Lax")


def find_reader(request: HttpRequest) -> User | None:
    """Who is signed in after this request; a request that had no session and made none costs no query."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES and not request.session.modified:
        return None
    return request.user if isinstance(request.user, User) else None


def is_fresh(text: str, *, holder: str, reader_id: int | None, version: int, now: datetime) -> bool:
    """Whether a pass still says what a new one would."""
    shown = read_pass(text, {row.key_id: _key(row) for row in KeyRow.objects.all()}) if text else None
    return (
        shown is not None
        and (shown.holder, shown.reader_id, shown.version) == (holder, reader_id, version)
        and shown.month == month_key(now, settings.BROADSHEET.zone)
        and shown.issued_at <= now.timestamp() < shown.renew_at
    )


def holder_of(request: HttpRequest, browser: str) -> str:
    """Whom the pass belongs to after this request: the session, or the browser where there is none."""
    session = request.session.session_key
    if session:
        return holder_name("session", session)
    return holder_name("browser", browser) if browser else ""


def browser_token(request: HttpRequest, response: HttpResponse) -> str:
    """The browser's own cookie after this response."""
    given = response.cookies.get(BROWSER_COOKIE)
    return given.value if given is not None else request.COOKIES.get(BROWSER_COOKIE, "")


def set_pass_cookie(response: HttpResponse, made: Pass, *, now: datetime) -> None:
    """Sign a pass and set it; an answer that says nothing of caches, such as a redirect, is closed to them."""
    response.headers.setdefault("Cache-Control", PRIVATE)
    response.set_cookie(
        COOKIE,
        sign_pass(made, _key(load_signing_key(now=now))),
        max_age=int(EXPIRES_AFTER.total_seconds()),
        httponly=True,
        secure=settings.BROADSHEET.is_secure,
        samesite="Lax",
    )


def load_version(request: HttpRequest, reader: User | None) -> int:
    """The version of the reader's rights, read before the rights themselves, so that it is never too high."""
    if reader is None:
        return 0
    if request.method in ("GET", "HEAD"):
        return reader.rights_version
    return User.objects.filter(pk=reader.pk).values_list("rights_version", flat=True).first() or 0


def _key(row: KeyRow) -> SigningKey:
    return SigningKey(row.key_id, row.secret.encode())
