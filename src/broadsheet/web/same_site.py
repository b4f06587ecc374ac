"""The check that stands in for CSRF tokens on forms of cached pages, and requests that browsers make ahead of a click.

Source: the Fetch Metadata and Origin headers that every current browser sends with a POST.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from broadsheet.core.counts import COUNTS

View = Callable[..., HttpResponse]


def same_site_form(view: View) -> View:
    """Accept a POST only from the site's own pages, and never one that a browser makes ahead of a click."""

    @csrf_exempt
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not is_own_form(request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")):
            COUNTS.events.count("refusal", "foreign-form")
            raise PermissionDenied("cross-site form")
        if is_speculative(request):
            raise PermissionDenied("speculative request")
        return view(request, *args, **kwargs)

    return checked


def is_speculative(request: HttpRequest) -> bool:
    """Whether a browser asks ahead of a click (`prefetch`, `prerender`): nobody may ever see the answer."""
    return bool(request.headers.get("Sec-Purpose") or request.headers.get("Purpose"))


def is_own_form(origin: str | None, fetch_site: str | None) -> bool:
    """Whether the headers say that one of our own pages sent this form; `null`, `same-site` and silence do not."""
    if origin is not None:
        return origin == settings.BROADSHEET.site_url
    return fetch_site == "same-origin"
