"""Read-only pages that list articles, and plain pages: finished variants where readers share them, else rendered."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.views.decorators.http import require_safe

from broadsheet.core import clock
from broadsheet.library.store import find_old_address
from broadsheet.pages.flows import build_list, find_or_build_list
from broadsheet.pages.listing import NO_FILTERS, Cursor, parse_cursor
from broadsheet.pages.lists import FIRST, HTML, ListName, ListPath, Place
from broadsheet.pages.variants import Audience, page_audience_of
from broadsheet.paywall.page_views import LIST, NO_ARTICLE
from broadsheet.web.articles import PRIVATE, PUBLIC, finished_response
from broadsheet.web.asker import Asker, entitlement_of, read_asker
from broadsheet.web.page_views import PAGE_VIEWS


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The home page; `/?p=12` and the like may be an imported article's old address."""
    moved = find_old_address(request.get_full_path(), now=clock.now()) if request.GET else None
    return HttpResponsePermanentRedirect(moved) if moved else answer(request, ListPath("/", ListName.HOME))


@require_safe
def topics(request: HttpRequest) -> HttpResponse:
    """Every topic."""
    return answer(request, ListPath("/topics/", ListName.TOPICS))


@require_safe
def regions(request: HttpRequest) -> HttpResponse:
    """Every region."""
    return answer(request, ListPath("/regions/", ListName.REGIONS))


@require_safe
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """The articles of one topic."""
    return answer(request, ListPath(f"/topics/{slug}/", ListName.TOPIC, slug), read_place(request))


@require_safe
def region(request: HttpRequest, slug: str) -> HttpResponse:
    """The articles of one region."""
    return answer(request, ListPath(f"/regions/{slug}/", ListName.REGION, slug), read_place(request))


@require_safe
def author(request: HttpRequest, slug: str) -> HttpResponse:
    """An author and their articles."""
    return answer(request, ListPath(f"/authors/{slug}/", ListName.AUTHOR, slug), read_place(request))


@require_safe
def countries(request: HttpRequest) -> HttpResponse:
    """Every country."""
    return answer(request, ListPath("/countries/", ListName.COUNTRIES))


@require_safe
def country(request: HttpRequest, slug: str) -> HttpResponse:
    """A country: map, facts, leaders, and the articles about it."""
    return answer(request, ListPath(f"/countries/{slug}/", ListName.COUNTRY, slug), read_place(request))


@require_safe
def plain_page(request: HttpRequest, slug: str) -> HttpResponse:
    """A page of the publisher's own writing."""
    return answer(request, ListPath(f"/{slug}/", ListName.PLAIN, slug))


def answer(request: HttpRequest, path: ListPath, place: Place = FIRST) -> HttpResponse:
    """The page of a list, as the masthead speaks to whoever asks."""
    now = clock.now()
    asker = read_asker(request)
    audience = find_audience(asker, now=now)
    if place.is_first:
        page = find_or_build_list(path, audience, now=now)
        if page is None:
            raise Http404
        if page.ads and request.method == "GET":
            PAGE_VIEWS.count(NO_ARTICLE, LIST, page.ads)
        return finished_response(request, page, is_shared=not asker.is_known and not audience.is_campus)
    text = build_list(path, place, audience, now=now)
    if text is None:
        raise Http404
    response = HttpResponse(text, content_type=HTML)
    response["Cache-Control"] = PRIVATE if asker.is_known or audience.is_campus else PUBLIC
    response["Vary"] = "Cookie, Accept-Encoding"
    return response


def find_audience(asker: Asker, *, now: datetime) -> Audience:
    """Whom the page is made for."""
    return page_audience_of(entitlement_of(asker, now=now), now)


def read_place(request: HttpRequest) -> Place:
    """Where in a list the request stands. A cursor that is none leads to the start."""
    before, after = _cursor(request, "before"), _cursor(request, "after")
    return Place(NO_FILTERS, before, None if before else after)


def _cursor(request: HttpRequest, name: str) -> Cursor | None:
    return parse_cursor(request.GET.get(name, ""))
