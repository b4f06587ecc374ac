"""The variant table: finished pages in, finished pages out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from broadsheet.pages.models import Epoch, Variant, VariantMention
from broadsheet.pages.variants import FinishedPage

_EPOCH_ROW = 1
# Asked for every shared page. Written out, because composing it anew costs five times what running it does.
_FIND = """
    SELECT body_gzip, body_brotli, etag, content_type FROM pages_variant
    WHERE path = %s AND kind = %s AND recipe = %s AND (valid_until IS NULL OR valid_until > %s)
"""


def find_page(path: str, kind: str, *, recipe: str, now: datetime) -> FinishedPage | None:
    """The finished page at `path`, if it was made by today's recipe and is still valid."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, (path, kind, recipe, connection.ops.adapt_datetimefield_value(now)))
        row = cursor.fetchone()
    return FinishedPage(bytes(row[0]), bytes(row[1]), row[2], row[3]) if row else None


def read_epoch() -> int:
    """Read before loading what a page is made of."""
    return Epoch.objects.filter(pk=_EPOCH_ROW).values_list("value", flat=True).first() or 0


def ensure_epoch() -> None:
    """Make the one row; called after each migration, so that it can always be locked."""
    Epoch.objects.get_or_create(pk=_EPOCH_ROW)


def move_epoch() -> None:
    """Say that pages have changed. The row stays locked until the caller's transaction ends."""
    Epoch.objects.filter(pk=_EPOCH_ROW).update(value=F("value") + 1)


def save_page(
    path: str,
    kind: str,
    page: FinishedPage,
    *,
    recipe: str,
    mentions: Collection[int],
    valid_until: datetime | None,
    epoch: int,
    now: datetime,
) -> bool:
    """Keep a finished page, unless something has changed since `epoch` was read; returns whether it was kept."""
    with transaction.atomic():
        present = Epoch.objects.select_for_update().filter(pk=_EPOCH_ROW).values_list("value", flat=True).first() or 0
        if present != epoch:
            return False
        variant, _ = Variant.objects.update_or_create(
            path=path,
            kind=kind,
            defaults={
                "recipe": recipe,
                "content_type": page.content_type,
                "etag": page.etag,
                "body_gzip": page.body_gzip,
                "body_brotli": page.body_brotli,
                "valid_until": valid_until,
                "built_at": now,
            },
        )
        VariantMention.objects.filter(variant=variant).delete()
        VariantMention.objects.bulk_create(VariantMention(variant=variant, article_id=article_id) for article_id in mentions)
    return True


def drop_pages_naming(article_ids: Collection[int]) -> None:
    """Forget every page that names one of these articles; the epoch moves with it."""
    move_epoch()
    Variant.objects.filter(mentions__article_id__in=article_ids).delete()


def drop_list_pages() -> None:
    """Forget every page but the articles' own: lists, feeds, sitemaps."""
    move_epoch()
    Variant.objects.exclude(path__startswith="/articles/").delete()


def drop_all_pages() -> None:
    """Forget every page: a setting that shows everywhere has changed."""
    move_epoch()
    Variant.objects.all().delete()
