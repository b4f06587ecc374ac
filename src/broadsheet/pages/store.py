"""The variant table: finished pages in, finished pages out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import islice
from operator import or_

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import F, Q, Subquery

from broadsheet.pages.models import Epoch, RecipeUse, Variant, VariantMention
from broadsheet.pages.variants import ARTICLES, FinishedPage, floor_of, kept_as, read_ads

_EPOCH_ROW = 1
_DELETED_AT_ONCE = 500
_HURRY_MS = 100
_KEY = ("path", "kind")
_CONTENT = ("recipe", "content_type", "etag", "body_gzip", "body_brotli", "valid_until", "built_at", "epoch", "ads")
# Asked for every shared page. Written out, because composing it anew costs five times what running it does.
_FIND = """
    SELECT body_gzip, body_brotli, etag, content_type, ads FROM pages_variant
    WHERE path = %s AND kind = %s AND recipe = %s AND (valid_until IS NULL OR valid_until > %s)
    AND epoch >= (SELECT {floor} FROM pages_epoch)
"""


def find_page(path: str, kind: str, *, recipe: str, now: datetime) -> FinishedPage | None:
    """The finished page at `path`, if it was made by today's recipe and is still valid."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FIND.format(floor=floor_of(path)), (path, kept_as(kind, recipe), recipe, connection.ops.adapt_datetimefield_value(now))
        )
        row = cursor.fetchone()
    return FinishedPage(bytes(row[0]), bytes(row[1]), row[2], row[3], read_ads(row[4])) if row else None


def find_kept(paths: Collection[str], *, recipe: str, since: datetime | None, now: datetime) -> set[tuple[str, str]]:
    """Which of these pages are there in which forms: made by this recipe, still valid, and made at `since` or later, if given."""
    ending = kept_as("", recipe)
    rows = Variant.objects.filter(path__in=paths, kind__endswith=ending, recipe=recipe)
    rows = rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=now), _counts())
    if since is not None:
        rows = rows.filter(built_at__gte=since)
    return {(path, kind.removesuffix(ending)) for path, kind in rows.values_list("path", "kind")}


def read_epoch() -> int:
    """Read before loading what a page is made of."""
    return Epoch.objects.filter(pk=_EPOCH_ROW).values_list("value", flat=True).first() or 0


def ensure_epoch() -> None:
    """Make the one row; called after each migration, so that it can always be locked."""
    Epoch.objects.get_or_create(pk=_EPOCH_ROW)


def move_epoch() -> None:
    """Say that pages have changed. The row stays locked until the caller's transaction ends."""
    Epoch.objects.filter(pk=_EPOCH_ROW).update(value=F("value") + 1)


@dataclass(frozen=True, slots=True)
class NewPage:
    """A finished page to keep: its place in the table, every article that it names, and until when it stands."""

    path: str
    kind: str
    page: FinishedPage
    mentions: Collection[int]
    valid_until: datetime | None


def save_pages(pages: Collection[NewPage], *, recipe: str, epoch: int, now: datetime, is_in_a_hurry: bool = False) -> bool:
    """Keep finished pages, all or none; none if something has changed since `epoch` was read. Returns whether they were kept.

    The epoch's row is locked for the few milliseconds that writing takes; compressing was done before. Whoever
    publishes locks it until all is written, and would make the wait vain: somebody in a hurry gets an OperationalError.
    """
    with _brief_transaction() if is_in_a_hurry else transaction.atomic():
        present = Epoch.objects.select_for_update().filter(pk=_EPOCH_ROW).values_list("value", flat=True).first() or 0
        if present != epoch:
            return False
        rows = [_row(page, recipe=recipe, epoch=epoch, now=now) for page in pages]
        rows = Variant.objects.bulk_create(rows, update_conflicts=True, unique_fields=_KEY, update_fields=_CONTENT)
        VariantMention.objects.filter(variant__in=rows).delete()
        VariantMention.objects.bulk_create(
            VariantMention(variant=row, article_id=article_id)
            for row, page in zip(rows, pages, strict=True)
            for article_id in page.mentions
        )
    return True


@contextmanager
def _brief_transaction() -> Iterator[None]:
    """A transaction that waits for other writers hardly at all."""
    if connection.vendor == "sqlite":
        usual_ms = int(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000)
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {_HURRY_MS}")
            try:
                with transaction.atomic():
                    yield
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {usual_ms}")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{_HURRY_MS}ms"])
            yield


def _row(page: NewPage, *, recipe: str, epoch: int, now: datetime) -> Variant:
    return Variant(
        path=page.path,
        kind=kept_as(page.kind, recipe),
        recipe=recipe,
        content_type=page.page.content_type,
        etag=page.page.etag,
        body_gzip=page.page.body_gzip,
        body_brotli=page.page.body_brotli,
        valid_until=page.valid_until,
        built_at=now,
        epoch=epoch,
        ads=",".join(map(str, page.page.ads)) or None,
    )


def drop_pages_naming(article_ids: Collection[int]) -> None:
    """Forget every page that names one of these articles, whatever its recipe; the epoch moves with it."""
    move_epoch()
    _delete(VariantMention.objects.filter(article_id__in=article_ids).values_list("variant_id", flat=True).distinct())


def drop_pages_at(paths: Collection[str]) -> None:
    """Forget the pages at these addresses, whatever their recipe; the epoch moves with it."""
    move_epoch()
    _delete(Variant.objects.filter(path__in=paths).values_list("id", flat=True))


def outdate_list_pages() -> None:
    """Let no page count any more but the articles' own: lists, feeds, sitemaps are made anew."""
    Epoch.objects.filter(pk=_EPOCH_ROW).update(value=F("value") + 1, lists_from=F("value") + 1)


def outdate_all_pages() -> None:
    """Let no page count any more: something that shows everywhere has changed."""
    Epoch.objects.filter(pk=_EPOCH_ROW).update(value=F("value") + 1, lists_from=F("value") + 1, articles_from=F("value") + 1)


def use_recipe(recipe: str, *, now: datetime) -> RecipeUse:
    """Note that a recipe is in use."""
    use, _ = RecipeUse.objects.update_or_create(recipe=recipe, defaults={"used_at": now})
    return use


def end_rendering(recipe: str) -> None:
    """Note that no `render --all` with this recipe is under way any more."""
    RecipeUse.objects.filter(recipe=recipe).update(rendering_since=None)


def forget_pages(*, before: datetime, at_most: int) -> int:
    """Delete pages made before a moment by recipes that nobody has used since; returns how many."""
    endings = [kept_as("", recipe) for recipe in RecipeUse.objects.filter(used_at__gte=before).values_list("recipe", flat=True)]
    others = Variant.objects.exclude(reduce(or_, (Q(kind__endswith=ending) for ending in endings), Q(pk__in=[])))
    forgotten = list(others.filter(built_at__lt=before).values_list("id", flat=True)[:at_most])
    for start in range(0, len(forgotten), _DELETED_AT_ONCE):
        with transaction.atomic():
            # Whoever writes pages holds this row, so that no two of them wait for each other.
            Epoch.objects.select_for_update().filter(pk=_EPOCH_ROW).first()
            _delete(forgotten[start : start + _DELETED_AT_ONCE])
    RecipeUse.objects.filter(used_at__lt=before).delete()
    return len(forgotten)


def _counts() -> Q:
    """Which rows of the table have not been outdated."""
    floors = Epoch.objects.filter(pk=_EPOCH_ROW)
    is_article = Q(path__startswith=ARTICLES)
    return (is_article & Q(epoch__gte=Subquery(floors.values("articles_from")))) | (
        ~is_article & Q(epoch__gte=Subquery(floors.values("lists_from")))
    )


def _delete(variant_ids: Iterable[int]) -> None:
    """Delete variants without reading them, which Django would do: together they may be larger than memory."""
    left = iter(variant_ids)
    while some := list(islice(left, _DELETED_AT_ONCE)):
        VariantMention.objects.filter(variant_id__in=some).delete()
        Variant.objects.filter(pk__in=some)._raw_delete(DEFAULT_DB_ALIAS)
