"""What this package keeps of people."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Subquery

from broadsheet.core import clock
from broadsheet.core.personal import REGISTER, Person, PersonalTable, delete_rows
from broadsheet.library.store import published_articles
from broadsheet.shelves.flows import merge_shelves
from broadsheet.shelves.history_flows import merge_histories
from broadsheet.shelves.models import Folder, Reading, ReadingHistory, SavedArticle


def register_tables() -> None:
    """Called once, when the app is ready."""
    REGISTER.add(
        PersonalTable(
            Folder,
            fields="reader name",
            find=lambda person: Folder.objects.filter(reader_id=person.reader_id),
            erase=delete_rows,
            name="folders_of_saved_articles",
            exported="name made_at removed_at",
            merge=_merge_saved,
        ),
        PersonalTable(
            SavedArticle,
            fields="reader note",
            find=lambda person: SavedArticle.objects.filter(reader_id=person.reader_id).annotate(headline=_known_headline()),
            erase=delete_rows,
            name="saved_articles",
            exported="article_id folder__name note saved_at removed_at",
            added="headline",
        ),
        PersonalTable(
            Reading,
            fields="history",
            find=lambda person: Reading.objects.filter(history_id=person.reader_id).annotate(headline=_known_headline()),
            erase=delete_rows,
            name="reading_history",
            exported="article_id first_opened_at last_opened_at paragraph paragraphs",
            added="headline",
            merge=_merge_read,
        ),
        PersonalTable(
            ReadingHistory,
            fields="reader",
            find=lambda person: ReadingHistory.objects.filter(reader_id=person.reader_id),
            erase=delete_rows,
            name="reading_history_wanted",
            exported="started_at",
        ),
    )


def _known_headline() -> Subquery:
    """The headline of a row's article, while readers may know of it."""
    return Subquery(published_articles(now=clock.now()).filter(pk=OuterRef("article_id")).values("headline"))


def _merge_saved(source: Person, target: Person, now: datetime) -> None:
    merge_shelves(source.reader_id, target.reader_id)


def _merge_read(source: Person, target: Person, now: datetime) -> None:
    merge_histories(source.reader_id, target.reader_id)
