"""Writes items into the library: in batches, each in one transaction with its source records.

Killed at any moment, an import leaves whole batches; run again, it finds them by their source records and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import DataError, IntegrityError, connection, transaction

from broadsheet.library import signals
from broadsheet.library.access import Access
from broadsheet.library.flows import announce_imported
from broadsheet.library.importing import plain_pages, rows
from broadsheet.library.importing.items import Item, LeftOut, Reading, Refusal, Refused
from broadsheet.library.importing.place import missing_pictures, place_photos
from broadsheet.library.importing.prepare import Prepared, compose, digest_of, identity_key, prepare_body
from broadsheet.library.importing.report import Report, Tally
from broadsheet.library.models import Article, SourceRecord
from broadsheet.library.store import load_teaser_rule

# What the database says of a value it does not take; that it is locked or full is no item's fault and ends the import.
_ITEM_ERRORS = (DataError, IntegrityError, ValueError, OverflowError)
BATCH_ITEMS = 200
# A batch of long items is closed earlier, so that memory stays flat.
BATCH_CHARACTERS = 6_000_000


def import_items(
    items: Iterable[Reading],
    *,
    now: datetime,
    access: Access = Access.METERED,
    overwrite: bool = False,
    dry_run: bool = False,
    on_read: Callable[[int], None] | None = None,
) -> Report:
    """Import what readers give; nothing is dropped without being counted.

    Args:
        items: items, refusals and things left out, as readers give them.
        now: the moment of the import.
        access: the access of new articles whose source names none.
        overwrite: also replace articles that editors have changed since they were imported.
        dry_run: find out what would happen, and write nothing.
        on_read: told how many more have been dealt with, for a progress bar.

    Returns:
        What was done with each.
    """
    writer = Writer(now=now, access=access, overwrite=overwrite, dry_run=dry_run)
    with _rare_checkpoints():
        for batch in _batches(items, writer.tally):
            before = writer.tally.read
            writer.write(batch)
            if on_read is not None:
                on_read(writer.tally.read - before)
    if not dry_run and writer.tally.imported + writer.tally.changed:
        analyze()
    return writer.tally.close(dry_run=dry_run)


@contextmanager
def _rare_checkpoints() -> Iterator[None]:
    """Let SQLite's log grow to 40 MB before it is copied into the database, so that a page is copied once for many batches."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_autocheckpoint = 10000")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_autocheckpoint = 1000")


def analyze() -> None:
    """Let the database count its tables anew: without statistics its plans for large ones are poor."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA analysis_limit = 1000")  # rows looked at in each index; enough to plan by, whatever the size
        cursor.execute("ANALYZE")


def _batches(readings: Iterable[Reading], tally: Tally) -> Iterator[list[Item]]:
    batch: list[Item] = []
    characters = 0
    for reading in readings:
        if isinstance(reading, Refusal):
            tally.refusals.append(reading)
        elif isinstance(reading, LeftOut):
            tally.left_out[reading.kind] += reading.count
        else:
            batch.append(reading)
            characters += len(reading.body_html)
        if len(batch) >= BATCH_ITEMS or characters > BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    yield batch


class Writer:
    """One import: what it was told, what it has seen, and the count of what it did."""

    def __init__(self, *, now: datetime, access: Access, overwrite: bool, dry_run: bool) -> None:
        self.tally = Tally()
        self._now = now
        self._access = access
        self._overwrite = overwrite
        self._dry_run = dry_run
        self._seen: dict[str, str] = {}
        self._rule = load_teaser_rule()
        self._registers = rows.Registers()

    def write(self, items: list[Item]) -> None:
        """Import one batch: what needs no transaction first, so that editors wait for as little as possible."""
        pages = [item for item in items if item.is_page]
        created, changed = self._sort([item for item in items if not item.is_page])
        created, changed = self._made_ready(created), self._made_ready(changed)
        for page in pages:
            self._write_page(page)
        if created or changed:
            self._store(created, changed)

    def _sort(self, items: list[Item]) -> tuple[list[Prepared], list[Prepared]]:
        """The new and the changed of `items`; unchanged and repeated ones are counted here."""
        prepared = [Prepared(item, identity_key(item), digest_of(item)) for item in items]
        known = {
            identity: (digest, article_id)
            for identity, digest, article_id in SourceRecord.objects.filter(
                identity__in=[one.identity for one in prepared]
            ).values_list("identity", "digest", "article_id")
        }
        created: list[Prepared] = []
        changed: list[Prepared] = []
        taken: set[str] = set()
        for one in prepared:
            digest, one.article_id = known.get(one.identity, ("", None))
            seen = self._seen.setdefault(one.identity, one.digest)
            if seen != one.digest:
                self._refuse(one.item, "another item of this import has the same identity")
            elif digest == one.digest or one.identity in taken:
                self.tally.unchanged += 1
            else:
                taken.add(one.identity)
                (created if one.article_id is None else changed).append(one)
        return created, changed

    def _made_ready(self, prepared: list[Prepared]) -> list[Prepared]:
        ready = []
        for one in prepared:
            try:
                prepare_body(one)
            except Refused as refused:
                self._refuse(one.item, str(refused))
            else:
                ready.append(one)
        return ready

    def _store(self, created: list[Prepared], changed: list[Prepared]) -> None:
        """Store a batch; if the database refuses it, each item on its own, so that only the bad one stays out."""
        try:
            self._store_together(created, changed)
        except _ITEM_ERRORS as error:
            self._registers.load()
            if len(created) + len(changed) == 1:
                self._refuse((*created, *changed)[0].item, f"the database refused it: {' '.join(str(error).split())[:200]}")
                return
            for one in created:
                self._store([one], [])
            for one in changed:
                self._store([], [one])

    def _store_together(self, created: list[Prepared], changed: list[Prepared]) -> None:
        if self._dry_run:
            kept, refused = self._unedited(changed)
            for one in (*created, *kept):
                one.warnings.extend([*missing_pictures(one), *self._registers.unknown(one)])
            self._count(created, kept, refused, 0)
            return
        before = [(one, list(one.warnings), one.blocks) for one in (*created, *changed)]
        try:
            with transaction.atomic():
                kept, refused = self._unedited(changed)
                photos = place_photos([*created, *kept])
                self._write_rows(created, kept)
        except _ITEM_ERRORS:
            for one, warnings, blocks in before:
                one.warnings, one.blocks, one.lead_photo_id = warnings, blocks, None
            raise
        self._count(created, kept, refused, photos)

    def _write_rows(self, created: list[Prepared], changed: list[Prepared]) -> None:
        both = [*created, *changed]
        if not both:
            return
        for one in both:
            compose(one, self._rule)
        rows.find_topics(both, self._registers)
        rows.create_articles(created, access=self._access, now=self._now)
        if changed:
            rows.update_articles(changed, now=self._now)
            rows.delete_parts([one.article_id for one in changed if one.article_id is not None])
        rows.write_texts(both)
        rows.write_countries(both)
        rows.write_parts(both, self._registers)
        rows.write_old_addresses(both)
        rows.write_records(created, changed, now=self._now)
        self._follow_revisions(changed)
        self._tell(both)

    def _unedited(self, changed: list[Prepared]) -> tuple[list[Prepared], list[tuple[Prepared, str]]]:
        """Those of `changed` that may be replaced, and the others with the reason."""
        reasons = {} if self._overwrite else find_edited(one.article_id for one in changed if one.article_id is not None)
        kept = [one for one in changed if one.article_id not in reasons]
        return kept, [(one, reasons[one.article_id]) for one in changed if one.article_id in reasons]

    def _follow_revisions(self, changed: list[Prepared]) -> None:
        """An article that has revisions gets one of the new state, so that the desk does not open an older one."""
        ids = [one.article_id for one in changed]
        for article in Article.objects.filter(pk__in=ids, latest_revision__isnull=False):
            revision = article.save_revision(clean=False)
            Article.objects.filter(pk=article.pk).update(
                live_revision=revision if article.live else None, has_unpublished_changes=not article.live
            )

    def _tell(self, prepared: list[Prepared]) -> None:
        for one in prepared:
            if one.item.is_draft and one.article_id is not None:
                signals.article_withdrawn.send(None, article_id=one.article_id, now=self._now)
        announce_imported([one.article_id for one in prepared if one.article_id is not None], now=self._now)
        ids = [one.article_id for one in prepared if not one.item.is_draft]
        if ids:
            signals.articles_imported.send(None, article_ids=ids, now=self._now)

    def _write_page(self, item: Item) -> None:
        try:
            outcome = plain_pages.write_page(item, overwrite=self._overwrite, dry_run=self._dry_run)
        except (Refused, *_ITEM_ERRORS) as refused:
            self._refuse(item, str(refused))
            return
        setattr(self.tally, outcome.done, getattr(self.tally, outcome.done) + 1)
        self._warn(item, [*item.warnings, *outcome.warnings])

    def _count(self, created: list[Prepared], changed: list[Prepared], refused: list[tuple[Prepared, str]], photos: int) -> None:
        self.tally.imported += len(created)
        self.tally.changed += len(changed)
        self.tally.photos += photos
        for one in (*created, *changed):
            self._warn(one.item, one.warnings)
        for one, reason in refused:
            self._refuse(one.item, reason)

    def _warn(self, item: Item, warnings: list[str]) -> None:
        self.tally.warnings.extend(Refusal(item.source, warning, item.line) for warning in dict.fromkeys(warnings))

    def _refuse(self, item: Item, reason: str) -> None:
        self.tally.refusals.append(Refusal(item.source, reason, item.line))


def find_edited(article_ids: Iterable[int]) -> dict[int, str]:
    """Which of these articles an editor has changed or withdrawn since they were imported, with the reason not to touch them."""
    reasons: dict[int, str] = {}
    records = SourceRecord.objects.filter(article_id__in=list(article_ids)).values_list(
        "article_id", "imported_at", "article__latest_revision__created_at", "article__live", "article__first_published_at"
    )
    for article_id, imported_at, edited_at, live, first_published_at in records:
        if edited_at is not None and edited_at > imported_at:
            reasons[article_id] = "an editor has changed the article since it was imported; --overwrite replaces it"
        elif not live and first_published_at is not None:
            reasons[article_id] = "an editor has taken the article down; --overwrite publishes it again"
    return reasons
