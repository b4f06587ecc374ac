"""Pages for one reader, rendered when asked for: never kept by any cache."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from broadsheet.billing.store import has_payment_trouble
from broadsheet.pages.site import load_site
from broadsheet.pages.variants import audience_of
from broadsheet.web.asker import entitlement_of, read_asker

PRIVATE = "private, no-store"


def reader_page(request: HttpRequest, template: str, context: dict[str, Any], *, now: datetime, status: int = 200) -> HttpResponse:
    """A page from a template that extends `pages/base.html`."""
    asker = read_asker(request)
    audience = audience_of(entitlement_of(asker, now=now), now)
    trouble = asker.reader_id is not None and has_payment_trouble(asker.reader_id)
    house = {"site": load_site(now=now), "audience": audience, "now": now, "payment_trouble": trouble}
    return private(render(request, template, {**house, **context}, status=status))


def see_other(location: str) -> HttpResponse:
    """After a form: go on to this page of ours with a GET (RFC 9110, 15.4.4)."""
    return private(HttpResponse(status=303, headers={"Location": location}))


def private(response: HttpResponse) -> HttpResponse:
    """Keep an answer out of every cache."""
    response["Cache-Control"] = PRIVATE
    response["Vary"] = "Cookie"
    # Links in letters and typed addresses stand in addresses of pages: no other site learns them from a Referer. The
    # stricter `no-referrer` would make browsers send our own forms with `Origin: null`.
    response["Referrer-Policy"] = "same-origin"
    return response
