"""Saving articles, folders, notes; removing, and undoing that for a day.

Each change holds the reader's row, so that two tabs and two presses at once come one after another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import QuerySet

from broadsheet.accounts.models import User
from broadsheet.library.store import published_articles
from broadsheet.shelves.models import LONGEST_NAME, Folder, SavedArticle, fold_name

MOST_SAVED = 5_000
MOST_FOLDERS = 200
LONGEST_NOTE = 2_000  # characters
UNDO_FOR = timedelta(days=1)


class Outcome(StrEnum):
    """What became of a reader's wish; all but DONE changed nothing."""

    DONE = "done"
    ALREADY = "already"
    GONE = "gone"
    FULL = "full"
    FOLDERS_FULL = "folders_full"
    NO_NAME = "no_name"
    NAME_TAKEN = "name_taken"
    NAME_TOO_LONG = "name_too_long"
    NOTE_TOO_LONG = "note_too_long"


def save_article(reader_id: int, article_id: int, *, now: datetime) -> Outcome:
    """Put an article on the reader's list, once; one that was removed a moment ago comes back with its note.

    ALREADY: it is there. GONE: readers may not know of such an article. FULL: there are MOST_SAVED already.
    """
    if not published_articles(now=now).filter(pk=article_id).exists():
        return Outcome.GONE
    with _shelf_of(reader_id):
        row = SavedArticle.objects.filter(reader_id=reader_id, article_id=article_id).first()
        if row is not None and row.removed_at is None:
            return Outcome.ALREADY
        if not _has_room(reader_id, 1):
            return Outcome.FULL
        if row is None:
            SavedArticle.objects.create(reader_id=reader_id, article_id=article_id, saved_at=now)
        else:
            SavedArticle.objects.filter(pk=row.pk).update(saved_at=now, removed_at=None)
    return Outcome.DONE


def remove_saved(reader_id: int, saved_ids: Collection[int], *, now: datetime) -> int:
    """Take these off the list, notes with them; returns how many. `undo_removal` of this moment brings them back."""
    with _shelf_of(reader_id):
        rows = SavedArticle.objects.filter(reader_id=reader_id, pk__in=saved_ids, removed_at__isnull=True)
        return rows.update(removed_at=now)


def move_saved(reader_id: int, saved_ids: Collection[int], folder_id: int | None) -> Outcome:
    """Put these into a folder (None: into none). GONE: the folder was deleted, perhaps in another tab."""
    with _shelf_of(reader_id):
        if folder_id is not None and not _folders(reader_id).filter(pk=folder_id).exists():
            return Outcome.GONE
        SavedArticle.objects.filter(reader_id=reader_id, pk__in=saved_ids, removed_at__isnull=True).update(folder_id=folder_id)
    return Outcome.DONE


def write_note(reader_id: int, saved_id: int, text: str) -> Outcome:
    """Keep the reader's note on a saved article; an empty text deletes it."""
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if len(text) > LONGEST_NOTE:
        return Outcome.NOTE_TOO_LONG
    rows = SavedArticle.objects.filter(reader_id=reader_id, pk=saved_id, removed_at__isnull=True)
    return Outcome.DONE if rows.update(note=text) else Outcome.GONE


def make_folder(reader_id: int, name: str, *, now: datetime) -> Outcome:
    """Make a folder with a name that no other of the reader's has. FOLDERS_FULL: there are MOST_FOLDERS already."""
    name = _tidy(name)
    with _shelf_of(reader_id):
        refused = _judge_name(reader_id, name)
        if refused is not None:
            return refused
        if _folders(reader_id).count() >= MOST_FOLDERS:
            return Outcome.FOLDERS_FULL
        Folder.objects.create(reader_id=reader_id, name=name, made_at=now)
    return Outcome.DONE


def rename_folder(reader_id: int, folder_id: int, name: str) -> Outcome:
    """Give a folder another name."""
    name = _tidy(name)
    with _shelf_of(reader_id):
        refused = _judge_name(reader_id, name, folder_id)
        if refused is not None:
            return refused
        return Outcome.DONE if _folders(reader_id).filter(pk=folder_id).update(name=name) else Outcome.GONE


def delete_folder(reader_id: int, folder_id: int, *, now: datetime) -> Outcome:
    """Delete a folder; what lay in it stays saved, in none. `undo_removal` of this moment brings it back."""
    return Outcome.DONE if _folders(reader_id).filter(pk=folder_id).update(removed_at=now) else Outcome.GONE


def undo_removal(reader_id: int, removed_at: datetime, *, now: datetime) -> Outcome:
    """Bring back what was removed at one moment.

    GONE: nothing was, or a day is over. FULL, FOLDERS_FULL: there is no room for articles, for folders any more.
    """
    if now - removed_at > UNDO_FOR:
        return Outcome.GONE
    with _shelf_of(reader_id):
        saved = SavedArticle.objects.filter(reader_id=reader_id, removed_at=removed_at)
        folder = Folder.objects.filter(reader_id=reader_id, removed_at=removed_at).first()
        number = saved.count()
        if folder is None and not number:
            return Outcome.GONE
        if not _has_room(reader_id, number):
            return Outcome.FULL
        if folder is not None and not _bring_back(folder):
            return Outcome.FOLDERS_FULL
        saved.update(removed_at=None)
    return Outcome.DONE


def merge_shelves(source_id: int, target_id: int) -> None:
    """Give one reader what another saved; folders of one name become one, and of two notes on one article both are kept."""
    theirs = {fold_name(folder.name): folder.pk for folder in _folders(target_id)}
    for folder in _folders(source_id):
        if fold_name(folder.name) in theirs:
            SavedArticle.objects.filter(folder=folder).update(folder_id=theirs[fold_name(folder.name)])
            folder.delete()
    Folder.objects.filter(reader_id=source_id).update(reader_id=target_id)
    held = {row.article_id: row for row in SavedArticle.objects.filter(reader_id=target_id, article__isnull=False)}
    for row in SavedArticle.objects.filter(reader_id=source_id, article__in=list(held)):
        _merge_saved(row, held[row.article_id])
    SavedArticle.objects.filter(reader_id=source_id).update(reader_id=target_id)


def forget_removed(*, now: datetime) -> int:
    """Delete what was removed more than a day ago; returns how many articles and folders."""
    old = now - UNDO_FOR
    return SavedArticle.objects.filter(removed_at__lt=old).delete()[0] + Folder.objects.filter(removed_at__lt=old).delete()[0]


@contextmanager
def _shelf_of(reader_id: int) -> Iterator[None]:
    """A transaction that nobody else's change of this reader's shelves runs beside."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).filter(pk=reader_id).values_list("pk").first()
        yield


def _folders(reader_id: int) -> QuerySet[Folder]:
    return Folder.objects.filter(reader_id=reader_id, removed_at__isnull=True)


def _has_room(reader_id: int, number: int) -> bool:
    return SavedArticle.objects.filter(reader_id=reader_id, removed_at__isnull=True).count() + number <= MOST_SAVED


def _tidy(name: str) -> str:
    return " ".join(name.replace("\x00", "").split())


def _judge_name(reader_id: int, name: str, own_id: int | None = None) -> Outcome | None:
    """Why a folder cannot have this name; None: it can."""
    if not name:
        return Outcome.NO_NAME
    if len(name) > LONGEST_NAME:
        return Outcome.NAME_TOO_LONG
    namesake = _find_namesake(reader_id, name)
    return Outcome.NAME_TAKEN if namesake is not None and namesake.pk != own_id else None


def _find_namesake(reader_id: int, name: str) -> Folder | None:
    return next((folder for folder in _folders(reader_id) if fold_name(folder.name) == fold_name(name)), None)


def _bring_back(folder: Folder) -> bool:
    """Undo a folder's deletion, if there is room; if another has its name by now, its articles go there, which needs none."""
    namesake = _find_namesake(folder.reader_id, folder.name)
    if namesake is not None:
        SavedArticle.objects.filter(folder=folder).update(folder=namesake)
    elif _folders(folder.reader_id).count() >= MOST_FOLDERS:
        return False
    else:
        Folder.objects.filter(pk=folder.pk).update(removed_at=None)
    return True


def _merge_saved(row: SavedArticle, held: SavedArticle) -> None:
    """Take a row into another of the same article; a removed one yields to one that is not."""
    if row.removed_at is None:
        notes = [held.note, row.note] if held.removed_at is None else [row.note]
        held.note = "\n\n".join(dict.fromkeys(note for note in notes if note))
        held.folder_id = (held.folder_id if held.removed_at is None else None) or row.folder_id
        held.removed_at = None
        held.save(update_fields=["note", "folder", "removed_at"])
    row.delete()
