"""Series: all of them, one with its parts, and where an article stands in those it belongs to.

Parts that readers may not know of are passed over everywhere, so numbers and neighbours are those that can be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import Count, Max, Min

from broadsheet.library.models import Series, SeriesPart
from broadsheet.library.store import names_known_article
from broadsheet.pages.records import ArticleSeries, Link, SeriesPlace

MOST_SERIES = 500  # on the page of all


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One series in the list of all: how many parts can be read, and the dates of the first and the last of them."""

    title: str
    slug: str
    dek: str
    is_complete: bool
    total: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class _Part:
    series: tuple[int, str, str, bool]
    article_id: int
    link: Link
    is_known: bool
    known_from: tuple[datetime | None, datetime | None]


def load_index(*, now: datetime) -> list[SeriesRow]:
    """Every series with a part that readers may know of; the one that went on last comes first."""
    rows = (
        SeriesPart.objects.filter(names_known_article(now=now))
        .order_by()
        .values("series_id")
        .annotate(total=Count("id"), first_at=Min("article__published_at"), last_at=Max("article__published_at"))
        .order_by("-last_at", "series_id")[:MOST_SERIES]
    )
    dates = {row["series_id"]: (row["total"], row["first_at"], row["last_at"]) for row in rows}
    series = Series.objects.in_bulk(list(dates))
    return [SeriesRow(one.title, one.slug, one.dek, one.is_complete, *dates[one.pk]) for one in (series[pk] for pk in dates)]


def has_series(*, now: datetime) -> bool:
    """Whether there is a series to read."""
    return SeriesPart.objects.filter(names_known_article(now=now)).exists()


def load_part_ids(series_id: int, *, now: datetime) -> list[int]:
    """The parts of a series that readers may know of, in order."""
    parts = SeriesPart.objects.filter(names_known_article(now=now), series_id=series_id)
    return list(parts.order_by("sort_order", "id").values_list("article_id", flat=True))


def load_places(article_id: int, *, now: datetime) -> ArticleSeries:
    """Where one article stands in each series that it is a part of."""
    parts = _load_parts(article_id, now=now)
    by_series = [list(of_one) for _, of_one in groupby(parts, key=lambda part: part.series[0])]
    ends = [moment for part in parts if not part.is_known for moment in part.known_from if moment is not None and moment > now]
    return ArticleSeries(
        places=tuple(place for of_one in by_series for place in _place(article_id, [part for part in of_one if part.is_known])),
        article_ids=tuple(dict.fromkeys(part.article_id for part in parts)),
        valid_until=min(ends, default=None),
    )


def _place(article_id: int, parts: Sequence[_Part]) -> list[SeriesPlace]:
    """The place among parts that can be read; none if the article is not one of them."""
    at = next((number for number, part in enumerate(parts) if part.article_id == article_id), None)
    if at is None:
        return []
    _, title, slug, is_complete = parts[at].series
    return [
        SeriesPlace(
            title=title,
            path=f"/series/{slug}/",
            number=at + 1,
            total=len(parts),
            is_complete=is_complete,
            earlier=parts[at - 1].link if at else None,
            later=parts[at + 1].link if at + 1 < len(parts) else None,
        )
    ]


def _load_parts(article_id: int, *, now: datetime) -> list[_Part]:
    rows = (
        SeriesPart.objects.filter(series__parts__article_id=article_id)
        .annotate(known=names_known_article(now=now))
        .order_by("series_id", "sort_order", "id")
        .select_related("series", "article")
        .only(
            *("series__title", "series__slug", "series__is_complete", "article__headline", "article__slug"),
            *("article__live", "article__published_at", "article__embargo_until"),
        )
    )
    return [
        _Part(
            series=(row.series.pk, row.series.title, row.series.slug, row.series.is_complete),
            article_id=row.article.pk,
            link=Link(row.article.headline, row.article.get_absolute_url()),
            is_known=row.known,
            known_from=(row.article.published_at, row.article.embargo_until) if row.article.live else (None, None),
        )
        for row in rows
    ]
