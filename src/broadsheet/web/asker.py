"""Who asks: reader, browser, network and second factor of one request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from broadsheet.accounts.second_factor import is_staff_session
from broadsheet.core.client_address import client_address as find_client_address
from broadsheet.core.keys import keyed_hash, network_of, new_token
from broadsheet.membership.entitlement import Entitlement
from broadsheet.paywall.store import load_entitlement

BROWSER_COOKIE = "broadsheet_browser"
BROWSER_COOKIE_AGE = timedelta(days=400)  # the most that browsers keep (RFC 6265bis)
MAX_COOKIE_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Asker:
    """One request's reader, as far as cookies and the connection tell. A session may be over, or nobody's."""

    reader_id: int | None
    browser_key: str | None
    network_address: str
    is_staff: bool
    has_session: bool

    @property
    def is_known(self) -> bool:
        """Whether a cookie chooses what this asker gets, so that no shared cache may keep it: a dead session's is deleted."""
        return self.has_session or self.browser_key is not None


def read_asker(request: HttpRequest) -> Asker:
    """Who makes this request. A request without cookies costs no query."""
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    user = request.user if has_session else None
    signed_in = bool(user is not None and user.is_authenticated)
    return Asker(
        reader_id=user.pk if signed_in else None,  # type: ignore[union-attr]
        browser_key=browser_key_of(request),
        network_address=client_address(request),
        is_staff=signed_in and is_staff_session(request),
        has_session=has_session,
    )


def entitlement_of(asker: Asker, *, now: datetime) -> Entitlement:
    """What the asker holds."""
    return load_entitlement(
        reader_id=asker.reader_id,
        browser_key=asker.browser_key,
        network_address=asker.network_address,
        is_staff=asker.is_staff,
        now=now,
    )


def browser_key_of(request: HttpRequest) -> str | None:
    """The hash of the browser's own cookie; None if it has none that could be ours."""
    token = request.COOKIES.get(BROWSER_COOKIE, "")
    if not 16 <= len(token) <= MAX_COOKIE_LENGTH or not token.isascii():
        return None
    return browser_key(token)


def browser_key(token: str) -> str:
    """What is kept of a browser's cookie."""
    return keyed_hash("browser", token, secret_key=settings.BROADSHEET.secret_key)


def name_browser(response: HttpResponse) -> str:
    """Give the browser a name of its own, for instant articles and codes; returns its key."""
    token = new_token()
    set_browser_cookie(response, token)
    return browser_key(token)


def set_browser_cookie(response: HttpResponse, token: str) -> None:
    """Set the browser's cookie: HttpOnly, and never sent from other sites' forms."""
    response.set_cookie(
        BROWSER_COOKIE,
        token,
        max_age=int(BROWSER_COOKIE_AGE.total_seconds()),
        httponly=True,
        secure=settings.BROADSHEET.is_secure,
        samesite="Lax",
    )


def network_key(address: str) -> str:
    """What is kept of an address's network: enough to count by, and as proof that somebody was asked from there."""
    return keyed_hash("network", network_of(address), secret_key=settings.BROADSHEET.secret_key)


def network_key_of(request: HttpRequest) -> str:
    """What is kept of the network that a request comes from."""
    return network_key(client_address(request))


def client_address(request: HttpRequest) -> str:
    """The client's IP address: the connection's, or behind trusted proxies the nearest hop that is none of them."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return find_client_address(request.META.get("REMOTE_ADDR", ""), forwarded, settings.BROADSHEET.trusted_proxies)
