"""The library by year and month: which there are, how many articles each month has, and what comes before and after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth

from broadsheet.library.models import Article
from broadsheet.library.store import published_articles
from broadsheet.pages.listing import Filters, span_of, within_span
from broadsheet.pages.records import Link

_PERIOD = re.compile(r"([12]\d{3})(?:-(0[1-9]|1[0-2]))?")


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a year, and how many articles it has."""

    name: str
    path: str
    count: int


@dataclass(frozen=True, slots=True)
class Period:
    """A year or a month of the library. `earlier` and `later` are the nearest of the same length that have articles."""

    title: str
    filters: Filters
    year: Link | None
    months: tuple[Month, ...]
    earlier: Link | None
    later: Link | None


def parse_period(slug: str) -> Filters | None:
    """What narrows the library to `2026` or `2026-02`; None for anything else."""
    match = _PERIOD.fullmatch(slug)
    return Filters(year=match.group(1), month=match.group(2) or "") if match else None


def load_period(slug: str, *, now: datetime) -> Period | None:
    """The year or month of a page; None for what is neither. Whether it has articles, its list tells."""
    filters = parse_period(slug)
    if filters is None:
        return None
    start, end = span_of(filters)
    zone = settings.BROADSHEET.zone
    before, after = _dates(Q(published_at__lt=start), now=now).last(), _dates(Q(published_at__gte=end), now=now).first()
    is_month = bool(filters.month)
    return Period(
        title=f"{start:%B} {start.year}" if is_month else str(start.year),
        filters=filters,
        year=Link(str(start.year), f"/library/{start.year}/") if is_month else None,
        months=() if is_month else _load_months(filters, now=now),
        earlier=link_of(before.astimezone(zone), is_month=is_month) if before else None,
        later=link_of(after.astimezone(zone), is_month=is_month) if after else None,
    )


def load_years(*, now: datetime) -> list[Link]:
    """The years that have articles, newest first; one query for each."""
    found: list[Link] = []
    newest = _dates(Q(), now=now).last()
    while newest is not None:
        found.append(link_of(newest.astimezone(settings.BROADSHEET.zone), is_month=False))
        newest = _dates(Q(published_at__lt=span_of(Filters(year=found[-1].name))[0]), now=now).last()
    return found


def link_of(moment: datetime, *, is_month: bool) -> Link:
    """The year or month that a moment, in the publication's zone, is in."""
    if is_month:
        return Link(f"{moment:%B} {moment.year}", f"/library/{moment.year}/{moment:%m}/")
    return Link(str(moment.year), f"/library/{moment.year}/")


def _dates(within: Q, *, now: datetime) -> QuerySet[Article, datetime | None]:
    return published_articles(within=within, now=now).order_by("published_at").values_list("published_at", flat=True)


def _load_months(filters: Filters, *, now: datetime) -> tuple[Month, ...]:
    rows = (
        published_articles(within=within_span(filters), now=now)
        .order_by()
        .annotate(month=TruncMonth("published_at", tzinfo=settings.BROADSHEET.zone))
        .values("month")
        .annotate(count=Count("id"))
        .order_by("month")
    )
    return tuple(Month(f"{row['month']:%B}", f"/library/{filters.year}/{row['month']:%m}/", row["count"]) for row in rows)
