"""Every correction, newest first, page by page from a cursor.

What was wrong is told where everybody may read the article; of the others a correction may quote what stands behind the
wall, so strangers are told that there is one, as on the article's own page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby

from django.conf import settings
from django.db.models import Q
from django.utils.crypto import salted_hmac

from broadsheet.library.access import Access
from broadsheet.library.models import Article, Correction
from broadsheet.library.store import names_known_article
from broadsheet.membership.entitlement import STRANGER
from broadsheet.pages.listing import PAGE_SIZE, Cursor
from broadsheet.paywall.resolver import Asked, decide


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """One correction; `is_open` says whether everybody may read the article, and so the text."""

    correction_id: int
    day: date
    text: str
    article_id: int
    headline: str
    path: str
    is_open: bool

    @property
    def name(self) -> str:
        """What it is known by, whatever its row: an import that changes the article makes the rows anew.

        Keyed, so that nobody can try out what a text that is not theirs to read says.
        """
        digest = salted_hmac("broadsheet.corrections", self.text, algorithm="sha256").hexdigest()
        return f"correction-{self.article_id}-{self.day}-{digest[:16]}"

    @property
    def said_at(self) -> datetime:
        """The beginning of its day, in the publication's zone."""
        return datetime.combine(self.day, time(), settings.BROADSHEET.zone)


@dataclass(frozen=True, slots=True)
class CorrectionDay:
    """The corrections of one day."""

    date: date
    rows: tuple[CorrectionRow, ...]


@dataclass(frozen=True, slots=True)
class CorrectionSlice:
    """One page of corrections, newest first, and where the neighbouring pages begin (None: there is none)."""

    rows: tuple[CorrectionRow, ...]
    older: Cursor | None
    newer: Cursor | None

    def by_day(self) -> list[CorrectionDay]:
        """The rows under their days."""
        return [CorrectionDay(day, tuple(rows)) for day, rows in groupby(self.rows, key=lambda row: row.day)]


def find_corrections(*, before: Cursor | None = None, after: Cursor | None = None, now: datetime) -> CorrectionSlice:
    """One page of the corrections of articles that readers may know of.

    Args:
        before: the page of what is older than this place (a day at midnight UTC and a correction's id); None: the newest.
        after: the page of what is newer, instead.
    """
    if after is not None:
        found = _read(_beyond(after, newer=True), ("date", "id"), now=now)
        more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE][::-1]
        return _slice(found, has_older=True, has_newer=more)
    found = _read(Q() if before is None else _beyond(before, newer=False), ("-date", "-id"), now=now)
    return _slice(found[:PAGE_SIZE], has_older=len(found) > PAGE_SIZE, has_newer=before is not None)


def _beyond(cursor: Cursor, *, newer: bool) -> Q:
    day = cursor.at.astimezone(UTC).date()
    if newer:
        return Q(date__gte=day) & (Q(date__gt=day) | Q(id__gt=cursor.article_id))
    return Q(date__lte=day) & (Q(date__lt=day) | Q(id__lt=cursor.article_id))


def _read(beyond: Q, order: Iterable[str], *, now: datetime) -> list[CorrectionRow]:
    rows = Correction.objects.filter(beyond, names_known_article(now=now)).order_by(*order)
    found = list(rows[: PAGE_SIZE + 1])
    # Not joined: SQLite would go through all articles, in whose table it looks for the corrections of each.
    articles = Article.objects.only("id", "headline", "slug", "access").in_bulk({row.article_id for row in found})
    return [_record(row, articles[row.article_id], now=now) for row in found]


def _record(row: Correction, article: Article, *, now: datetime) -> CorrectionRow:
    is_open = decide(STRANGER, Asked(article.pk, Access(article.access)), allowance=0, now=now).is_open
    return CorrectionRow(row.pk, row.date, row.text, article.pk, article.headline, article.get_absolute_url(), is_open)


def _slice(found: list[CorrectionRow], *, has_older: bool, has_newer: bool) -> CorrectionSlice:
    return CorrectionSlice(
        rows=tuple(found),
        older=_cursor(found[-1]) if found and has_older else None,
        newer=_cursor(found[0]) if found and has_newer else None,
    )


def _cursor(row: CorrectionRow) -> Cursor:
    return Cursor(datetime.combine(row.day, time(), UTC), row.correction_id)
