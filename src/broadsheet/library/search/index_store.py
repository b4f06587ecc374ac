"""Articles as an index takes them in, and which ones a line of the change log is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q

from broadsheet.core import change_rows
from broadsheet.core.change_cursor import Reading
from broadsheet.gazetteer.countries import load_countries
from broadsheet.library.access import Access
from broadsheet.library.country_store import load_countries_of
from broadsheet.library.models import Article, ArticleText, Byline
from broadsheet.library.search.engine import IndexedArticle
from broadsheet.library.store import published_articles
from broadsheet.publication.store import load_publication

_COLUMNS = ("id", "headline", "dek", "kind", "access", "embargo_until", "published_at")


def load_language() -> str:
    """The language of the articles, as a tag such as `en-GB`."""
    return load_publication().language


def count_published(*, now: datetime) -> int:
    """How many articles an index holds at `now`."""
    return published_articles(now=now).count()


def list_published(*, after: int, limit: int, now: datetime) -> list[int]:
    """Numbers of articles that readers may know of, in order, from beyond one."""
    rows = published_articles(now=now).filter(pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def list_become_known(after: datetime, until: datetime) -> list[int]:
    """The articles whose date came or whose embargo ended between two moments."""
    dated = Q(published_at__gt=after, published_at__lte=until)
    embargoed = Q(embargo_until__gt=after, embargo_until__lte=until)
    return list(Article.objects.filter(dated | embargoed, live=True).values_list("pk", flat=True))


def load_indexed(article_ids: Collection[int], *, now: datetime) -> Iterator[IndexedArticle]:
    """Those of these articles that readers may know of, as an index takes them in.

    No word of the others may be in it: what an index does not hold, no answer gives away.
    """
    rows = published_articles(now=now).filter(pk__in=article_ids).values_list(*_COLUMNS)
    texts = {
        pk: (text, end)
        for pk, text, end in ArticleText.objects.filter(article_id__in=article_ids).values_list(
            "article_id", "body_text", "teaser_end"
        )
    }
    names: dict[int, list[str]] = defaultdict(list)
    facets: dict[int, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for pk, name, slug in (
        Byline.objects.filter(article_id__in=article_ids)
        .order_by("sort_order", "id")
        .values_list("article_id", "author__name", "author__slug")
    ):
        names[pk].append(name)
        facets[pk]["author"] = (*facets[pk].get("author", ()), slug)
    for facet, through, column in (
        ("topic", Article.topics.through, "topic__slug"),
        ("region", Article.regions.through, "region__slug"),
    ):
        for pk, slug in through.objects.filter(article_id__in=article_ids).values_list("article_id", column):
            facets[pk][facet] = (*facets[pk].get(facet, ()), slug)
    for pk, codes in load_countries_of(article_ids).items():
        facets[pk]["country"] = tuple(load_countries()[code].slug for code in codes)
    for pk, headline, dek, kind, access, embargo_until, published_at in rows:
        text, teaser_end = texts.get(pk, ("", 0))
        year = str(published_at.astimezone(settings.BROADSHEET.zone).year)
        yield IndexedArticle(
            article_id=pk,
            headline=headline,
            dek=dek,
            teaser=text if access == Access.FREE else text[:teaser_end],
            body=text,
            names=tuple(names[pk]),
            facets={**facets[pk], "kind": (kind,), "year": (year,)},
            published_s=_seconds(published_at),
            known_from_s=_seconds(max(published_at, embargo_until or published_at)),
        )


def find_articles_of(facet: str, pk: int) -> list[int]:
    """The articles under one topic, region or author."""
    column = {"topic": "topics", "region": "regions", "author": "bylines__author"}[facet]
    return list(Article.objects.filter(**{column: pk}).values_list("pk", flat=True))


def read_changes(place: int | None, known_id: int = 0) -> Reading:
    """One look at the change log, as `core.change_rows.read_changes` gives it."""
    return change_rows.read_changes(_ask, place, known_id, is_sqlite=connection.vendor == "sqlite")


def load_passage_texts(article_ids: Iterable[int]) -> dict[int, tuple[str, int]]:
    """Of each article its whole text, and where in it the teaser ends."""
    rows = ArticleText.objects.filter(article_id__in=list(article_ids)).values_list("article_id", "body_text", "teaser_end")
    return {pk: (text, end) for pk, text, end in rows}


def _ask(sql: str, values: tuple[int, int]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("?", "%s"), values)
        return cursor.fetchall()


def _seconds(at: datetime) -> int:
    return max(0, int(at.timestamp()))
