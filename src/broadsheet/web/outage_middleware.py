"""Answers at once what would otherwise wait for a database that is away, or is not getting on."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from django.http import HttpRequest, HttpResponse

from broadsheet.core import outage
from broadsheet.web.breaker import Breaker
from broadsheet.web.errors import error_page

Answer = Callable[[HttpRequest], HttpResponse]

# These say what they can without a database: small files that every page asks for, and photos.
WITHOUT_DATABASE = ("/theme.css", "/favicon.svg", "/robots.txt", "/media/")


class OutageMiddleware:
    """Stands before everything that asks the database, behind the static files."""

    def __init__(self, get_response: Answer, *, seconds: Callable[[], float] = monotonic) -> None:
        self.get_response = get_response
        # Apart, because a lock stops those who write and not those who read.
        self._reading, self._writing = Breaker(seconds=seconds), Breaker(seconds=seconds)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(WITHOUT_DATABASE):
            return self.get_response(request)
        if outage.is_away():
            return error_page(request, 503)
        breaker = self._reading if request.method in ("GET", "HEAD", "OPTIONS") else self._writing
        entry = breaker.enter()
        if entry is None:
            return error_page(request, 503)
        response = None
        try:
            response = self.get_response(request)
            return response
        finally:
            breaker.leave(entry, has_failed=response is None or response.status_code == 503)
