"""What follows when a photo changes or its licence ends: every page that shows it is made anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.library import signals
from broadsheet.library.models import Article, ArticleText, Author, Photo

# How long before its end a licence is reported to the editors.
EXPIRING_SOON = timedelta(days=30)


def announce_photos(photo_ids: Iterable[int], *, now: datetime) -> int:
    """Tell the pages that these photos changed; returns how many live articles show one of them."""
    ids = set(photo_ids)
    with transaction.atomic():
        article_ids = find_articles_with(ids)
        for article_id in article_ids:
            record_change(ChangeKind.ARTICLE, str(article_id), now=now)
            signals.article_published.send(None, article_id=article_id, now=now)
        if Author.objects.filter(picture_id__in=ids).exists():
            signals.lists_changed.send(None, now=now)
    return len(article_ids)


def find_articles_with(photo_ids: set[int]) -> list[int]:
    """The live articles that show one of these photos, at the head or in the body."""
    found = set(Article.objects.filter(live=True, lead_photo_id__in=photo_ids).values_list("pk", flat=True))
    bodies = ArticleText.objects.exclude(photo_ids=[]).values_list("article_id", "photo_ids")
    found.update(article_id for article_id, shown in bodies.iterator() if photo_ids.intersection(shown))
    return sorted(found)


def withdraw_expired_photos(*, now: datetime) -> int:
    """Take photos whose licence ended from every page, once each; the worker calls it often. Returns how many."""
    today = now.astimezone(settings.BROADSHEET.zone).date()
    with transaction.atomic():
        ids = list(
            _expired(today)
            .filter(Q(expiry_followed_on=None) | Q(expiry_followed_on__lte=F("expires_on")))
            .values_list("pk", flat=True)
        )
        if ids:
            announce_photos(ids, now=now)
            Photo.objects.filter(pk__in=ids).update(expiry_followed_on=today)
    return len(ids)


def find_expiring_photos(*, today: date) -> list[Photo]:
    """Photos whose licence has ended or ends within 30 days, the soonest first."""
    return list(Photo.objects.filter(expires_on__lte=today + EXPIRING_SOON).order_by("expires_on", "pk"))


def _expired(today: date) -> QuerySet[Photo]:
    return Photo.objects.filter(expires_on__lt=today)
