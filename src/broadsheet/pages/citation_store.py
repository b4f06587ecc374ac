"""What a citation of an article names: read for its file, or taken from its page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.conf import settings
from django.db.models import Max

from broadsheet.library.models import Byline, Correction
from broadsheet.library.store import published_articles
from broadsheet.pages.citations import Cited, tidy
from broadsheet.pages.records import ArticlePage, Person
from broadsheet.pages.site import Site
from broadsheet.publication.store import load_publication


def find_cited(article_id: int, *, now: datetime) -> Cited | None:
    """An article as its citation's files name it; None if readers may not know of it."""
    return load_cited([article_id], now=now).get(article_id)


def load_cited(article_ids: Collection[int], *, now: datetime) -> dict[int, Cited]:
    """Articles as the files of their citations name them, by their numbers; those that readers may not know of are left out."""
    rows = published_articles(now=now).filter(pk__in=article_ids)
    authors: dict[int, list[Person]] = {}
    bylines = Byline.objects.filter(article_id__in=article_ids).order_by("sort_order", "id").select_related("author")
    for byline in bylines:
        authors.setdefault(byline.article_id, []).append(Person(byline.author.name, byline.author.get_absolute_url()))
    corrected = dict(Correction.objects.filter(article_id__in=article_ids).values_list("article_id").annotate(last=Max("date")))
    publication = load_publication()
    return {
        article_id: tidy(
            Cited(
                article_id=article_id,
                headline=headline,
                dek=dek,
                authors=tuple(authors.get(article_id, ())),
                publication=publication.name,
                publisher=publication.publisher or publication.name,
                language=publication.language,
                address=_address(settings.BROADSHEET.site_url, article_id),
                issued=_day(published_at),
                updated=_day(revised_at) if revised_at else None,
                corrected=corrected.get(article_id),
            )
        )
        for article_id, headline, dek, published_at, revised_at in rows.values_list(
            "id", "headline", "dek", "published_at", "revised_at"
        )
    }


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
