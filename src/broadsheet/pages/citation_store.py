"""What a citation of an article names: read for its file, or taken from its page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings

from broadsheet.library.models import Byline, Correction
from broadsheet.library.store import published_articles
from broadsheet.pages.citations import Cited, tidy
from broadsheet.pages.records import ArticlePage, Person
from broadsheet.pages.site import Site
from broadsheet.publication.store import load_publication


def find_cited(article_id: int, *, now: datetime) -> Cited | None:
    """An article as its citation's files name it; None if readers may not know of it."""
    rows = published_articles(now=now).filter(pk=article_id)
    row = rows.values_list("headline", "dek", "published_at", "revised_at").first()
    if row is None:
        return None
    headline, dek, published_at, revised_at = row
    bylines = Byline.objects.filter(article_id=article_id).order_by("sort_order", "id").select_related("author")
    publication = load_publication()
    return tidy(
        Cited(
            article_id=article_id,
            headline=headline,
            dek=dek,
            authors=tuple(Person(byline.author.name, byline.author.get_absolute_url()) for byline in bylines),
            publication=publication.name,
            publisher=publication.publisher or publication.name,
            language=publication.language,
            address=_address(settings.BROADSHEET.site_url, article_id),
            issued=_day(published_at),
            updated=_day(revised_at) if revised_at else None,
            corrected=_last(Correction.objects.filter(article_id=article_id).values_list("date", flat=True)),
        )
    )


def cited_of(page: ArticlePage, site: Site) -> Cited:
    """An article as its page names it."""
    return tidy(
        Cited(
            article_id=page.article_id,
            headline=page.headline,
            dek=page.dek,
            authors=page.authors,
            publication=site.name,
            publisher=site.publisher,
            language=site.language,
            address=_address(site.url, page.article_id),
            issued=_day(page.published_at),
            updated=_day(page.revised_at) if page.revised_at else None,
            corrected=_last(correction.day for correction in page.corrections),
        )
    )


def _address(site_url: str, article_id: int) -> str:
    """Without the slug, which may change."""
    return f"{site_url}/articles/{article_id}/"


def _day(moment: datetime) -> date:
    return moment.astimezone(settings.BROADSHEET.zone).date()


def _last(days: Iterable[date]) -> date | None:
    return max(days, default=None)
