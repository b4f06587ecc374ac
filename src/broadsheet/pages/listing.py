"""Which articles a list shows: newest first, filtered, page by page from a cursor.

Nothing here counts or skips rows: a page deep in a library of fifty thousand costs what the first one costs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from broadsheet.library.country_store import find_shown
from broadsheet.library.models import Article
from broadsheet.library.store import published_articles

PAGE_SIZE = 30
MOST_WORDS = 8  # of a search; more are not looked at
LONGEST_WORD = 60
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,18})")  # microseconds since 1970, up to the year 5138
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two articles of a list: just before or after the one dated `at` with this id."""

    at: datetime
    article_id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.article_id}"


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list; every field may be empty."""

    q: str = ""
    topic: str = ""
    region: str = ""
    author: str = ""
    country: str = ""
    kind: str = ""
    year: str = ""
    month: str = ""  # of the year, `01` to `12`


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a list: ids newest first, and where the neighbouring pages begin (None: there is none)."""

    article_ids: tuple[int, ...]
    older: Cursor | None
    newer: Cursor | None


def parse_cursor(text: str) -> Cursor | None:
    """The cursor of a link; None if it is not one."""
    match = _CURSOR.fullmatch(text)
    if match is None:
        return None
    return Cursor(_EPOCH + timedelta(microseconds=int(match.group(1))), int(match.group(2)))


def find_slice(filters: Filters, *, before: Cursor | None = None, after: Cursor | None = None, now: datetime) -> Slice:
    """One page of the articles that readers may know of.

    Args:
        before: the page of what is older than this place; None: the newest.
        after: the page of what is newer, instead.
    """
    if after is not None:
        found = _read(_filtered(filters, _beyond(after, newer=True), now=now).order_by("published_at", "id"))
        more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE][::-1]
        return _slice(found, has_older=True, has_newer=more)
    beyond = Q() if before is None else _beyond(before, newer=False)
    found = _read(_filtered(filters, beyond, now=now).order_by("-published_at", "-id"))
    return _slice(found[:PAGE_SIZE], has_older=len(found) > PAGE_SIZE, has_newer=before is not None)


def span_of(filters: Filters) -> tuple[datetime, datetime]:
    """Where the filters' year, or its month, begins and where the next one does, in the publication's zone."""
    zone, year, month = settings.BROADSHEET.zone, int(filters.year), int(filters.month or 12)
    start = datetime(year, int(filters.month or 1), 1, tzinfo=zone)
    return start, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)


def within_span(filters: Filters) -> Q:
    """That an article is of the filters' year or month."""
    start, end = span_of(filters)
    return Q(published_at__gte=start, published_at__lt=end)


def _filtered(filters: Filters, beyond: Q, *, now: datetime) -> QuerySet[Article]:
    within = beyond & within_span(filters) if filters.year else beyond
    rows = published_articles(within=within, now=now)
    if filters.topic:
        rows = rows.filter(topics__slug=filters.topic)
    if filters.region:
        rows = rows.filter(regions__slug=filters.region)
    if filters.author:
        rows = rows.filter(bylines__author__slug=filters.author)
    if filters.country:
        country = find_shown(filters.country)
        rows = rows.filter(countries__code=country.code if country else "")
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    for word in filters.q.split()[:MOST_WORDS]:
        rows = rows.filter(headline__icontains=word[:LONGEST_WORD])
    return rows


def _beyond(cursor: Cursor, *, newer: bool) -> Q:
    """Rows on one side of a place; the first condition alone lets the database start in the middle of its index."""
    if newer:
        return Q(published_at__gte=cursor.at) & (Q(published_at__gt=cursor.at) | Q(id__gt=cursor.article_id))
    return Q(published_at__lte=cursor.at) & (Q(published_at__lt=cursor.at) | Q(id__lt=cursor.article_id))


def _read(rows: QuerySet[Article]) -> list[Cursor]:
    return [Cursor(at, pk) for at, pk in rows.values_list("published_at", "id")[: PAGE_SIZE + 1] if at is not None]


def _slice(found: list[Cursor], *, has_older: bool, has_newer: bool) -> Slice:
    return Slice(
        article_ids=tuple(cursor.article_id for cursor in found),
        older=found[-1] if found and has_older else None,
        newer=found[0] if found and has_newer else None,
    )


def local_day(moment: datetime) -> date:
    """The day in the publication's zone."""
    return moment.astimezone(settings.BROADSHEET.zone).date()
