"""The library's queries: rows in, plain records out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from broadsheet.library.access import Access
from broadsheet.library.body import ComposedBody, TeaserRule
from broadsheet.library.models import (
    Article,
    ArticleCountry,
    ArticleRest,
    ArticleTeaser,
    ArticleText,
    OldAddress,
    Photo,
    Series,
    SeriesPart,
    StartSet,
)
from broadsheet.publication.store import load_publication


@dataclass(frozen=True, slots=True)
class ArticleAccess:
    """What the resolver needs to know of one published article."""

    article_id: int
    slug: str
    access: Access
    embargo_until: datetime | None


def published_articles(*, within: Q | None = None, now: datetime) -> QuerySet[Article]:
    """Articles that readers may know of at `now`: live, dated not later than now, not under embargo.

    Args:
        within: a part of the time, if only that is wanted. It goes first, because of two bounds SQLite begins at the one
            that it meets first: asked the other way round for 2005, it goes through all that is newer.
    """
    rows = Article.objects.filter(within or Q())
    return rows.filter(Q(embargo_until__isnull=True) | Q(embargo_until__lte=now), live=True, published_at__lte=now)


def names_known_article(*, now: datetime) -> Exists:
    """That readers may know of the article of a row (a correction, a part of a series) at `now`.

    Asked row by row: joined, SQLite would begin with the fifty thousand articles instead of the rows in question.
    """
    return Exists(published_articles(now=now).filter(pk=OuterRef("article_id")))


def next_change(*, now: datetime) -> datetime | None:
    """When an article next becomes known by itself: an embargo ends, or its date comes."""
    live = Article.objects.filter(live=True)
    dated = live.filter(published_at__gt=now).order_by("published_at").values_list("published_at", flat=True).first()
    embargoed = live.filter(embargo_until__gt=now).order_by("embargo_until").values_list("embargo_until", flat=True).first()
    return min((moment for moment in (dated, embargoed) if moment is not None), default=None)


def find_article_access(article_id: int, *, now: datetime) -> ArticleAccess | None:
    """The access of one article that is live at `now`, embargoed or not."""
    row = (
        Article.objects.filter(pk=article_id, live=True, published_at__lte=now)
        .values_list("id", "slug", "access", "embargo_until")
        .first()
    )
    return ArticleAccess(row[0], row[1], Access(row[2]), row[3]) if row else None


def find_old_address(path: str, *, now: datetime) -> str | None:
    """Where the article now is that had this address (with its query, if any) before it was imported."""
    bare = path.partition("?")[0]
    spellings = {path, bare, bare.rstrip("/"), f"{bare.rstrip('/')}/"} - {"", "/"}
    article_id = OldAddress.objects.filter(path__in=spellings).values_list("article_id", flat=True).first()
    if article_id is None:
        return None
    article = published_articles(now=now).filter(pk=article_id).only("id", "slug").first()
    return article.get_absolute_url() if article else None


def find_series(series_id: int) -> tuple[str, list[int]] | None:
    """The slug of a series and the articles in it, published or not."""
    slug = Series.objects.filter(pk=series_id).values_list("slug", flat=True).first()
    if slug is None:
        return None
    return slug, list(SeriesPart.objects.filter(series_id=series_id).values_list("article_id", flat=True))


def find_start_set_place(set_id: int) -> str | None:
    """The address of the topic or region that a set belongs to; the library's for one of the whole."""
    row = StartSet.objects.select_related("topic", "region").filter(pk=set_id).first()
    if row is None:
        return None
    return row.subject.get_absolute_url() if row.subject else "/library/"


def was_published(article_id: int) -> bool:
    """Whether an article with this id was live once and is no more."""
    return Article.objects.filter(pk=article_id, live=False, first_published_at__isnull=False).exists()


def load_article(article_id: int) -> Article:
    """One article, live or not.

    Raises:
        Article.DoesNotExist: there is none with that id.
    """
    return Article.objects.get(pk=article_id)


def load_teaser_rule() -> TeaserRule:
    """The publication's own rule for teasers."""
    publication = load_publication()
    return TeaserRule(
        paragraphs=publication.teaser_paragraphs,
        max_words=publication.teaser_max_words,
        max_percent=publication.teaser_max_percent,
    )


def set_first_publication(article: Article, *, now: datetime) -> None:
    """Give a just published article its date, unless an editor or an import already did."""
    if article.published_at is None:
        article.published_at = now
        Article.objects.filter(pk=article.pk).update(published_at=now)


def raw_body(article: Article) -> list[dict[str, Any]]:
    """The body's raw blocks."""
    return [dict(block) for block in article.body.raw_data]


def save_texts(article_id: int, body: ComposedBody) -> None:
    """Store the texts of a published article: teaser and rest apart."""
    ArticleTeaser.objects.update_or_create(article_id=article_id, defaults={"html": body.teaser_html, "text": body.teaser_text})
    ArticleRest.objects.update_or_create(article_id=article_id, defaults={"html": body.rest_html})
    ArticleText.objects.update_or_create(
        article_id=article_id,
        defaults={
            "body_text": body.body_text,
            "paragraphs": [list(span) for span in body.paragraphs],
            "teaser_end": body.teaser_end,
            "word_count": body.word_count,
            "photo_ids": list(body.photo_ids),
        },
    )


def delete_texts(article_id: int) -> None:
    """Forget the texts of an article that is no longer published."""
    for model in (ArticleTeaser, ArticleRest, ArticleText, ArticleCountry):
        model.objects.filter(article_id=article_id).delete()


def is_expired_picture(path: str, *, today: date) -> bool:
    """Whether the media file at `path` is a photo, or a size of one, whose licence ended before `today`."""
    expired = Photo.objects.filter(expires_on__lt=today)
    return expired.filter(Q(file=path) | Q(renditions__file=path)).exists()
