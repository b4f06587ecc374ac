"""Keeps answers that set a cookie out of every cache that browsers share.

Views say who may keep a page, but cookies are set further out as well: Django takes away the cookie of a session that is over.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from broadsheet.web.reader_page import PRIVATE

Answer = Callable[[HttpRequest], HttpResponseBase]


class SharingMiddleware:
    """Stands before everything that sets cookies."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.cookies and is_shared(response):
            response.headers["Cache-Control"] = PRIVATE
        return response


def is_shared(response: HttpResponseBase) -> bool:
    """Whether caches that many share may keep an answer."""
    return "public" in response.headers.get("Cache-Control", "")
