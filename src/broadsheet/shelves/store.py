"""The queries of readers' shelves: rows in, plain records out.

A reader has some thousand saved articles at most, so that ordering and searching them asks nothing of the rest of the library.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from broadsheet.library.models import Article
from broadsheet.library.store import published_articles
from broadsheet.shelves.models import Folder, Reading, ReadingHistory, SavedArticle, fold_name

PAGE_SIZE = 30
MOST_WORDS = 8  # of a search; more are not looked at
FINISHED_PERCENT = 95
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Order(StrEnum):
    """What a list of saved articles is ordered by, newest first."""

    SAVED = "saved"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Wish:
    """Which saved articles somebody wants to see.

    Attributes:
        folder_id: those in one folder; 0: those in none; None: all.
        words: those whose headline, dek or note holds all of these.
        beyond: the row (its id) after which the page begins, or with `is_back` before which it ends; 0: the first page.
    """

    folder_id: int | None = None
    words: tuple[str, ...] = ()
    order: Order = Order.SAVED
    beyond: int = 0
    is_back: bool = False


@dataclass(frozen=True, slots=True)
class ShelfFolder:
    """A folder, and how many articles lie in it."""

    folder_id: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """What anybody may know of a published article."""

    article_id: int
    headline: str
    dek: str
    path: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class SavedRow:
    """One saved article; `article` is None once it is no longer available."""

    saved_id: int
    article: KnownArticle | None
    folder_id: int | None
    folder_name: str
    note: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class ShelfPage:
    """One page of saved articles, and the rows beyond which its neighbours lie (0: there is none)."""

    rows: tuple[SavedRow, ...]
    older: int
    newer: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What one press removed: how many articles, or the folder of which name."""

    articles: int
    folder: str


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One article of a reader's history; `article` is None while it is not available."""

    reading_id: int
    article_id: int
    article: KnownArticle | None
    opened_at: datetime
    paragraph: int
    paragraphs: int

    @property
    def is_finished(self) -> bool:
        return self.paragraph * 100 >= self.paragraphs * FINISHED_PERCENT


def load_folders(reader_id: int) -> tuple[ShelfFolder, ...]:
    """A reader's folders by name."""
    sizes = dict(_saved(reader_id).values_list("folder_id").annotate(size=Count("id")))
    rows = Folder.objects.filter(reader_id=reader_id, removed_at__isnull=True).values_list("id", "name")
    folders = (ShelfFolder(folder_id, name, sizes.get(folder_id, 0)) for folder_id, name in rows)
    return tuple(sorted(folders, key=lambda folder: fold_name(folder.name)))


def has_saved(reader_id: int) -> bool:
    """Whether anything stands on the reader's list."""
    return _saved(reader_id).exists()


def find_saved(reader_id: int, article_id: int, *, now: datetime) -> SavedRow | None:
    """The row of one article, if the reader saved it."""
    return next(iter(_records(_with_folder(_saved(reader_id).filter(article_id=article_id)), now=now)), None)


def find_saved_row(reader_id: int, saved_id: int, *, now: datetime) -> SavedRow | None:
    """One row of the reader's list."""
    return next(iter(_records(_with_folder(_saved(reader_id).filter(pk=saved_id)), now=now)), None)


def find_folder_id(reader_id: int, name: str) -> int | None:
    """The reader's folder of a name, however it is spelt in capitals."""
    wanted = fold_name(name)
    return next((folder.folder_id for folder in load_folders(reader_id) if fold_name(folder.name) == wanted), None)


def find_removal(reader_id: int, removed_at: datetime) -> Removed | None:
    """What was removed at one moment and can be brought back."""
    articles = SavedArticle.objects.filter(reader_id=reader_id, removed_at=removed_at).count()
    name = Folder.objects.filter(reader_id=reader_id, removed_at=removed_at).values_list("name", flat=True).first()
    return Removed(articles, name or "") if articles or name else None


def find_known(article_id: int, *, now: datetime) -> KnownArticle | None:
    """One article, if readers may know of it."""
    return _load_known([article_id], now=now).get(article_id)


def load_shelf(reader_id: int, wish: Wish, *, now: datetime) -> ShelfPage:
    """One page of a reader's saved articles."""
    rows = _wished(reader_id, wish, now)
    mark = _keyed(SavedArticle.objects.filter(reader_id=reader_id), wish.order, now).filter(pk=wish.beyond) if wish.beyond else None
    place = mark.values_list("key", "pk").first() if mark is not None else None
    if place is not None and wish.is_back:
        nearer = rows.filter(Q(key__gt=place[0]) | Q(key=place[0], pk__gt=place[1])).order_by("key", "pk")
        found = list(_with_folder(nearer)[: PAGE_SIZE + 1])
        if len(found) > PAGE_SIZE:
            found = found[:PAGE_SIZE][::-1]
            return ShelfPage(_records(found, now=now), found[-1]["pk"], found[0]["pk"])
        place = None  # the first page, whole
    if place is not None:
        rows = rows.filter(Q(key__lt=place[0]) | Q(key=place[0], pk__lt=place[1]))
    found = list(_with_folder(rows.order_by("-key", "-pk"))[: PAGE_SIZE + 1])
    page = found[:PAGE_SIZE]
    older = page[-1]["pk"] if len(found) > PAGE_SIZE else 0
    return ShelfPage(_records(page, now=now), older, page[0]["pk"] if page and place is not None else 0)


def load_all_saved(reader_id: int, *, now: datetime) -> tuple[SavedRow, ...]:
    """Everything that a reader saved, newest first, to be taken along."""
    return _records(_with_folder(_saved(reader_id).order_by("-saved_at", "-pk")), now=now)


def keeps_history(reader_id: int) -> bool:
    """Whether the reader has asked for their reading to be kept."""
    return ReadingHistory.objects.filter(pk=reader_id).exists()


def load_history(reader_id: int, beyond: int, *, now: datetime) -> tuple[tuple[ReadingRow, ...], int]:
    """A page of a reader's history, newest first, after the row `beyond` (0: from the start); and the row the next begins after."""
    rows = Reading.objects.filter(history_id=reader_id)
    place = rows.filter(pk=beyond).values_list("last_opened_at", "pk").first() if beyond else None
    if place is not None:
        rows = rows.filter(Q(last_opened_at__lt=place[0]) | Q(last_opened_at=place[0], pk__lt=place[1]))
    found = _readings(rows.order_by("-last_opened_at", "-pk")[: PAGE_SIZE + 1], now=now)
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1].reading_id if len(found) > PAGE_SIZE else 0


def load_unfinished(reader_id: int, count: int, *, now: datetime) -> tuple[ReadingRow, ...]:
    """The newest articles that the reader began and did not finish, and that are still there."""
    begun = Reading.objects.filter(history_id=reader_id, paragraph__gt=1, paragraphs__gt=0)
    unfinished = begun.annotate(percent=F("paragraph") * 100 - F("paragraphs") * FINISHED_PERCENT).filter(percent__lt=0)
    there = unfinished.filter(Exists(published_articles(now=now).filter(pk=OuterRef("article_id"))))
    return _readings(there.order_by("-last_opened_at", "-pk")[:count], now=now)


def find_place(reader_id: int, article_id: int) -> tuple[int, int] | None:
    """How far a reader came in an article: the paragraph, of how many; None: it never was opened, or was finished."""
    row = Reading.objects.filter(history_id=reader_id, article_id=article_id).values_list("paragraph", "paragraphs").first()
    return row if row is not None and row[0] * 100 < row[1] * FINISHED_PERCENT else None


def _saved(reader_id: int) -> QuerySet[SavedArticle]:
    return SavedArticle.objects.filter(reader_id=reader_id, removed_at__isnull=True)


def _keyed(rows: QuerySet[SavedArticle], order: Order, now: datetime) -> QuerySet[Any]:
    """Rows with the moment that they are ordered by; what is no longer available comes last by its date of publication."""
    if order is Order.SAVED:
        return rows.annotate(key=F("saved_at"))
    known = published_articles(now=now).filter(pk=OuterRef("article_id")).values("published_at")
    return rows.annotate(key=Coalesce(Subquery(known), Value(_EPOCH)))


def _wished(reader_id: int, wish: Wish, now: datetime) -> QuerySet[Any]:
    rows = _keyed(_saved(reader_id), wish.order, now)
    if wish.folder_id is not None:
        unfiled = Q(folder__isnull=True) | Q(folder__removed_at__isnull=False)
        rows = rows.filter(folder_id=wish.folder_id) if wish.folder_id else rows.filter(unfiled)
    known = published_articles(now=now).filter(pk=OuterRef("article_id"))
    for word in wish.words[:MOST_WORDS]:
        in_note, in_article = Q(), Q()
        for spelling in {word, word.lower(), word.upper(), word.title()}:  # SQLite knows the case of ASCII letters only
            in_note |= Q(note__icontains=spelling)
            in_article |= Q(headline__icontains=spelling) | Q(dek__icontains=spelling)
        rows = rows.filter(in_note | Exists(known.filter(in_article)))
    return rows


def _with_folder(rows: QuerySet[Any]) -> QuerySet[Any, dict[str, Any]]:
    return rows.values("pk", "article_id", "folder_id", "folder__name", "folder__removed_at", "note", "saved_at")


def _records(rows: Iterable[dict[str, Any]], *, now: datetime) -> tuple[SavedRow, ...]:
    rows = list(rows)
    known = _load_known([row["article_id"] for row in rows if row["article_id"]], now=now)
    return tuple(
        SavedRow(
            saved_id=row["pk"],
            article=known.get(row["article_id"]),
            folder_id=row["folder_id"] if row["folder__removed_at"] is None else None,
            folder_name=row["folder__name"] or "" if row["folder__removed_at"] is None else "",
            note=row["note"],
            saved_at=row["saved_at"],
        )
        for row in rows
    )


def _readings(rows: QuerySet[Reading], *, now: datetime) -> tuple[ReadingRow, ...]:
    found = list(rows)
    known = _load_known([row.article_id for row in found], now=now)
    return tuple(
        ReadingRow(row.pk, row.article_id, known.get(row.article_id), row.last_opened_at, row.paragraph, row.paragraphs)
        for row in found
    )


def _load_known(article_ids: Sequence[int], *, now: datetime) -> dict[int, KnownArticle]:
    """Those of these articles that readers may know of now, by their numbers."""
    rows = published_articles(now=now).filter(pk__in=article_ids).only("headline", "slug", "dek", "published_at")
    return {row.pk: _known(row, now) for row in rows}


def _known(row: Article, now: datetime) -> KnownArticle:
    return KnownArticle(row.pk, row.headline, row.dek, row.get_absolute_url(), row.published_at or now)
