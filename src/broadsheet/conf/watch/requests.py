"""Names each request that Django answers, counts it and logs it; and answers those who watch before anything else runs."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from time import perf_counter

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from broadsheet.conf.watch.log_lines import REQUEST_ID, logged_path
from broadsheet.conf.watch.trusted import is_from_trusted_proxy
from broadsheet.conf.watch.views import ANSWERS
from broadsheet.core.counts import COUNTS

logger = logging.getLogger("broadsheet.request")

# What a proxy of ours may call a request; anything else could be used to write into the log.
_NAME = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Keys of the environ, for views and error pages beneath.
ID_KEY, VARIANT_KEY = "broadsheet.request_id", "broadsheet.variant"


class RequestMiddleware:
    """First of all middleware: whoever watches asks by address, so no check of the host's name may stand before them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = ANSWERS.get(request.path)
        if answer is not None:
            told = answer(request)
            told.headers["Content-Length"] = str(len(told.content))
            return told
        started = perf_counter()
        name = name_request(request)
        request.META[ID_KEY] = name
        token = REQUEST_ID.set(name)
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = name
            _note(request, response, perf_counter() - started)
        finally:
            REQUEST_ID.reset(token)
        return response


def name_request(request: HttpRequest) -> str:
    """The name that our own proxy gave a request, or a new one."""
    given = request.headers.get("X-Request-ID", "")
    if _NAME.fullmatch(given) and is_from_trusted_proxy(request.META.get("REMOTE_ADDR", ""), settings.BROADSHEET):
        return given
    return secrets.token_hex(8)


def count_name(request: HttpRequest) -> str:
    """What an answer of Django's is counted under: an article's variant, or the module that made it."""
    variant = request.META.get(VARIANT_KEY)
    if variant:
        return str(variant)
    if request.resolver_match is None:
        return "static" if request.path.startswith(settings.STATIC_URL) else "none"
    parts = getattr(request.resolver_match.func, "__module__", "").split(".")
    return ".".join(parts[1:3]) if parts[0] == "broadsheet" else parts[0]


def _note(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    status = response.status_code
    COUNTS.django.count(count_name(request), str(status), seconds)
    level = logging.ERROR if status >= 500 else logging.INFO
    if logger.isEnabledFor(level):
        path = logged_path(request.path, request.resolver_match)
        milliseconds = round(seconds * 1000, 1)
        said = {"method": request.method, "path": path, "status": status, "milliseconds": milliseconds, "reader": _reader(request)}
        logger.log(level, "%s %s %s in %.0f ms", request.method, path, status, milliseconds, extra=said)


def _reader(request: HttpRequest) -> int | None:
    """Who is signed in, as far as the answer has already asked; asking anew would cost a query, or fail without a database."""
    read = getattr(getattr(request, "session", None), "_session_cache", {})
    return int(read[SESSION_KEY]) if SESSION_KEY in read else None
