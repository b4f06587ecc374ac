"""The gate of the desk: staff only, and only with a second factor.

Wagtail's own sign-in is closed, because it knows passwords only. Staff sign in as readers do; the desk then
asks for an authenticator's code or a passkey, and leads those who have none to setting one up.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from broadsheet.accounts.models import User
from broadsheet.accounts.second_factor import has_authenticator, has_second_factor

Answer = Callable[[HttpRequest], HttpResponse]

DESK_PATH = "/desk/"
SECOND_FACTOR_PATH = "/desk/second-factor/"
# Where allauth lets people add, change and remove authenticators; the two pages that ask for one stay open.
MFA_PATH = "/accounts/2fa/"
CHALLENGE_PATHS = ("/accounts/2fa/authenticate/", "/accounts/2fa/reauthenticate/", "/accounts/2fa/webauthn/reauthenticate/")
OPEN_DESK_PATHS = (SECOND_FACTOR_PATH, "/desk/login/", "/desk/logout/", "/desk/password_reset/", "/desk/jsi18n/")


class SecondFactorMiddleware:
    """Lets nobody into the desk, nor at an authenticator once there is one, without a second factor."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refusal = self._refuse(request)
        return refusal if refusal is not None else self.get_response(request)

    def _refuse(self, request: HttpRequest) -> HttpResponse | None:
        path = request.path
        if path.startswith(DESK_PATH) and not path.startswith(OPEN_DESK_PATHS):
            return self._guard_desk(request)
        if path.startswith(MFA_PATH) and path not in CHALLENGE_PATHS:
            return self._guard_authenticators(request)
        return None

    def _guard_desk(self, request: HttpRequest) -> HttpResponse | None:
        if not isinstance(request.user, User):
            return HttpResponseRedirect(_login_address(request))
        if not request.user.is_staff:
            raise PermissionDenied
        if has_second_factor(request):
            return None
        return HttpResponseRedirect(f"{SECOND_FACTOR_PATH}?{urlencode({'next': request.get_full_path()})}")

    def _guard_authenticators(self, request: HttpRequest) -> HttpResponse | None:
        # A mailbox alone must not be able to add a passkey beside the one that somebody has.
        if isinstance(request.user, User) and not has_second_factor(request) and has_authenticator(request.user):
            return HttpResponseRedirect(_challenge_address(request, request.get_full_path()))
        return None


@require_safe
@never_cache
def second_factor(request: HttpRequest) -> HttpResponse:
    """What a member of the staff sees between signing in and the desk: the challenge, or how to set one up."""
    if not isinstance(request.user, User):
        return HttpResponseRedirect(_login_address(request))
    if not request.user.is_staff:
        raise PermissionDenied
    wanted = _safe_next(request)
    if has_second_factor(request):
        return HttpResponseRedirect(wanted)
    if has_authenticator(request.user):
        return HttpResponseRedirect(_challenge_address(request, wanted))
    context = {"app_url": reverse("mfa_activate_totp"), "passkey_url": reverse("mfa_add_webauthn")}
    return render(request, "desk/second_factor.html", context)


@require_safe
def login(request: HttpRequest) -> HttpResponse:
    """Wagtail's sign-in page leads to the publication's own."""
    return HttpResponseRedirect(_login_address(request))


def password_reset(request: HttpRequest, rest: str = "") -> HttpResponse:
    """There is no such page: passwords are the accounts' business."""
    raise Http404


def _login_address(request: HttpRequest) -> str:
    wanted = request.GET.get("next") or (DESK_PATH if request.path.startswith("/desk/login") else request.get_full_path())
    return f"{settings.LOGIN_URL}?{urlencode({'next': wanted})}"


def _challenge_address(request: HttpRequest, wanted: str) -> str:
    return f"{reverse('mfa_reauthenticate')}?{urlencode({'next': wanted})}"


def _safe_next(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return wanted if is_safe and wanted.startswith(DESK_PATH) and not wanted.startswith(SECOND_FACTOR_PATH) else DESK_PATH
