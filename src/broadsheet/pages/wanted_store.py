"""Which pages a publication has that are worth having ready: every list's first page, every article in its usual forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.db.models import QuerySet

from broadsheet.library.access import Access
from broadsheet.library.models import Article, Author, Region, Topic
from broadsheet.pages.countries import load_with_articles
from broadsheet.pages.flows import article_path
from broadsheet.pages.lists import CORRECTIONS_FEED, ListName, ListPath, load_ways, period_path
from broadsheet.pages.sitemaps import load_months
from broadsheet.pages.variants import USUAL_AUDIENCES, Audience, Variant, usual_variants
from broadsheet.publication.models import PlainPage
from broadsheet.publication.store import load_publication

BATCH = 50  # pages looked up in one query, and handed to one process at a time
READ_AT_ONCE = 1000
_SUBJECTS = ((Topic, ListName.TOPIC), (Region, ListName.REGION), (Author, ListName.AUTHOR))
_FEEDS = (("xml", ListName.ATOM), ("json", ListName.JSON_FEED))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page to have ready in these forms; `source` is an article's id or a list."""

    path: str
    source: int | ListPath
    forms: tuple[Variant | Audience, ...]


def count_wanted(*, now: datetime) -> int:
    """How many pages `wanted_batches` gives, but for what changes meanwhile."""
    return _published(now).count() + sum(1 for _ in _lists(now))


def wanted_batches(*, now: datetime) -> Iterator[list[Wanted]]:
    """Every page in batches: lists first, since all readers meet them, then articles, newest first."""
    batch: list[Wanted] = []
    for page in chain(_lists(now), _articles(now)):
        batch.append(page)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _published(now: datetime) -> QuerySet[Article]:
    return Article.objects.filter(live=True, published_at__lte=now)


def _articles(now: datetime) -> Iterator[Wanted]:
    """Read a piece at a time, for a query that stays open for long keeps SQLite from tidying its write-ahead log."""
    allowance = load_publication().articles_per_month
    forms = {access: tuple(usual_variants(access, allowance)) for access in Access}
    ordered = _published(now).order_by("-published_at", "-id").values_list("id", "access", "published_at")
    piece = list(ordered[:READ_AT_ONCE])
    while piece:
        for article_id, access, _ in piece:
            yield Wanted(article_path(article_id), article_id, forms[Access(access)])
        last_id, _, last_at = piece[-1]
        piece = list(ordered.filter(published_at__lte=last_at).exclude(published_at=last_at, id__gte=last_id)[:READ_AT_ONCE])


def _lists(now: datetime) -> Iterator[Wanted]:
    for path, name in (("/", ListName.HOME), ("/topics/", ListName.TOPICS), ("/regions/", ListName.REGIONS)):
        yield _for_readers(ListPath(path, name))
    yield _for_readers(ListPath("/library/", ListName.LIBRARY))
    yield from _feeds("/", "", None)
    for model, of in _SUBJECTS:
        for row in model.objects.only("slug").order_by("pk"):
            yield _for_readers(ListPath(row.get_absolute_url(), of, row.slug))
            yield from _feeds(row.get_absolute_url(), row.slug, of)
    yield _for_readers(ListPath("/countries/", ListName.COUNTRIES))
    for country in load_with_articles(now=now):
        yield _for_readers(ListPath(country.path, ListName.COUNTRY, country.slug))
        yield from _feeds(country.path, country.slug, ListName.COUNTRY)
    yield from map(_for_readers, load_ways(now=now))
    yield _for_everybody(CORRECTIONS_FEED)
    for page in PlainPage.objects.exclude(slug=ListName.CORRECTIONS).only("slug"):
        yield _for_readers(ListPath(page.get_absolute_url(), ListName.PLAIN, page.slug))
    yield from _sitemaps(now)


def _feeds(above: str, slug: str, of: ListName | None) -> Iterator[Wanted]:
    for ending, name in _FEEDS:
        yield _for_everybody(ListPath(f"{above}feed.{ending}", name, slug, of))


def _sitemaps(now: datetime) -> Iterator[Wanted]:
    yield _for_everybody(ListPath("/sitemap.xml", ListName.SITEMAP_INDEX))
    yield _for_everybody(ListPath("/sitemaps/pages.xml", ListName.SITEMAP_PAGES))
    yield _for_everybody(ListPath("/news-sitemap.xml", ListName.NEWS_SITEMAP))
    for month in load_months(now=now):
        yield _for_readers(period_path(month.month))
        for name in month.files:
            yield _for_everybody(ListPath(f"/sitemaps/{name}.xml", ListName.SITEMAP_MONTH, name))


def _for_readers(path: ListPath) -> Wanted:
    """A page whose masthead speaks to each audience in its own way."""
    return Wanted(path.path, path, USUAL_AUDIENCES)


def _for_everybody(path: ListPath) -> Wanted:
    """A feed or sitemap, which is kept as strangers get it."""
    return Wanted(path.path, path, (Audience.STRANGER,))
