"""Ways into the library: series, what to start with, years, months, kinds, corrections. Read-only, as all lists."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from broadsheet.pages.lists import (
    ALL_SERIES,
    CORRECTIONS,
    CORRECTIONS_FEED,
    START_HERE,
    kind_path,
    period_path,
    series_path,
)
from broadsheet.web.feeds import shared
from broadsheet.web.lists import answer, read_place


@require_safe
def all_series(request: HttpRequest) -> HttpResponse:
    """Every series."""
    return answer(request, ALL_SERIES)


@require_safe
def series(request: HttpRequest, slug: str) -> HttpResponse:
    """One series, part by part."""
    return answer(request, series_path(slug))


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What the editors would have somebody read first."""
    return answer(request, START_HERE)


@require_safe
def year(request: HttpRequest, year: str) -> HttpResponse:
    """The articles of one year, and its months."""
    return answer(request, period_path(year), read_place(request))


@require_safe
def month(request: HttpRequest, year: str, month: str) -> HttpResponse:
    """The articles of one month."""
    return answer(request, period_path(f"{year}-{month}"), read_place(request))


@require_safe
def kind(request: HttpRequest, kind: str) -> HttpResponse:
    """The articles of one kind."""
    return answer(request, kind_path(kind), read_place(request))


@require_safe
def corrections(request: HttpRequest) -> HttpResponse:
    """Every correction, newest first."""
    return answer(request, CORRECTIONS, read_place(request))


@require_safe
def corrections_feed(request: HttpRequest) -> HttpResponse:
    """The newest corrections, for feed readers."""
    return shared(request, CORRECTIONS_FEED)
