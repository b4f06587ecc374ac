"""Signing in through allauth's stages, so that whoever has a second factor is asked for it."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from broadsheet.accounts.addresses import Address
from broadsheet.accounts.models import User
from broadsheet.accounts.store import find_reader

_LED_TO = "led_to"


def sign_in(request: HttpRequest, user: User, *, method: str, next_path: str) -> HttpResponse:
    """Sign this browser in, in a session of its own; leads to the second factor first if there is one.

    Args:
        method: what was shown: `code` or `password`.
        next_path: one of our own paths.
    """
    request.session.flush()
    request.session[_LED_TO] = next_path
    record_authentication(request, user, method=method, email=user.email)
    response: HttpResponse = perform_login(request, Login(user=user, redirect_url=next_path, email=user.email))
    return response


def led_to(request: HttpRequest) -> str:
    """Where the sign-in that began this session led to; empty if a passkey began it."""
    return str(request.session.get(_LED_TO, ""))


def find_by_password(request: HttpRequest, address: Address, password: str) -> tuple[User | None, str]:
    """The confirmed reader with this password, or none and what to say; allauth counts wrong tries.

    A wrong password, no password, an unknown address and an unconfirmed account answer alike, after the same work.
    """
    wrong = "That address and password do not belong together. Leave the password empty and we send you a code."
    known = find_reader(address.key)
    try:
        user = get_adapter(request).authenticate(request, email=known.email if known else address.typed, password=password)
    except ValidationError:
        return None, "Too many tries. Leave the password empty and we send you a code."
    if not isinstance(user, User) or user.confirmed_at is None or not user.is_active:
        return None, wrong
    return user, ""


def sign_out(request: HttpRequest) -> None:
    """End this browser's session."""
    get_adapter(request).logout(request)
    request.session.flush()
