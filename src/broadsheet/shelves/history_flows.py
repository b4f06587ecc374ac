"""Keeping what a reader opened and how far they came: only after they asked for it, and until they no longer want it."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, connection, transaction

from broadsheet.library.store import published_articles
from broadsheet.shelves.models import Reading, ReadingHistory

MOST_PARAGRAPHS = 5_000  # of one article; beyond is no position that a page of ours tells

# One statement for each leaving of a page: it writes nothing without the history's row, and never moves a reader back
# while the article has as many paragraphs as before.
_NOTE = """
    INSERT INTO shelves_reading (history_id, article_id, first_opened_at, last_opened_at, paragraph, paragraphs)
    SELECT reader_id, %(article)s, %(now)s, %(now)s, %(paragraph)s, %(paragraphs)s
    FROM shelves_readinghistory WHERE reader_id = %(reader)s
    ON CONFLICT (history_id, article_id) DO UPDATE SET
        last_opened_at = excluded.last_opened_at,
        paragraph = CASE WHEN excluded.paragraphs = shelves_reading.paragraphs AND excluded.paragraph < shelves_reading.paragraph
                    THEN shelves_reading.paragraph ELSE excluded.paragraph END,
        paragraphs = excluded.paragraphs
"""


def start_history(reader_id: int, *, now: datetime) -> None:
    """Begin to keep what the reader opens; asking twice changes nothing."""
    ReadingHistory.objects.get_or_create(reader_id=reader_id, defaults={"started_at": now})


def end_history(reader_id: int) -> None:
    """Keep nothing from now on, and erase what was kept.

    A position that comes in meanwhile waits for the history's row, and finds it gone.
    """
    with transaction.atomic():
        if ReadingHistory.objects.select_for_update().filter(pk=reader_id).exists():
            ReadingHistory.objects.filter(pk=reader_id).delete()


def note_place(reader_id: int, article_id: int, paragraph: int, paragraphs: int, *, now: datetime) -> bool:
    """Keep how far a reader came in an article, if they want it kept; whether it was.

    Args:
        paragraph: the one in the middle of the window, counted from 1.
        paragraphs: how many the article has.
    """
    if not 1 <= paragraph <= paragraphs <= MOST_PARAGRAPHS:
        return False
    if not published_articles(now=now).filter(pk=article_id).exists():
        return False
    values = {
        "reader": reader_id,
        "article": article_id,
        "paragraph": paragraph,
        "paragraphs": paragraphs,
        "now": connection.ops.adapt_datetimefield_value(now),
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, values)
            return cursor.rowcount == 1
    except IntegrityError:
        return False  # the history was switched off, or the article deleted, at this very moment


def forget_readings(reader_id: int, article_id: int | None = None) -> None:
    """Erase one article from the reader's history, or (None) all; it stays switched on."""
    rows = Reading.objects.filter(history_id=reader_id)
    (rows if article_id is None else rows.filter(article_id=article_id)).delete()


def merge_histories(source_id: int, target_id: int) -> None:
    """Take one reader's readings into another's history, if that is kept; else they end with the account.

    Whether reading is kept is what the account that stays has chosen.
    """
    if not ReadingHistory.objects.filter(pk=target_id).exists():
        return
    held = {row.article_id: row for row in Reading.objects.filter(history_id=target_id)}
    for row in Reading.objects.filter(history_id=source_id, article__in=list(held)):
        other = held[row.article_id]
        latest = max(row, other, key=lambda one: one.last_opened_at)
        other.first_opened_at = min(row.first_opened_at, other.first_opened_at)
        other.last_opened_at, other.paragraph, other.paragraphs = latest.last_opened_at, latest.paragraph, latest.paragraphs
        other.save()
        row.delete()
    Reading.objects.filter(history_id=source_id).update(history_id=target_id)
