"""Keeping this host's index true: built when there is none, and then following the change log.

An index holds nothing that the database does not; whatever befalls it, it is built anew.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from django.conf import settings

from broadsheet.core import clock
from broadsheet.core.change_cursor import ChangeCursor, ChangeLine, Reading
from broadsheet.core.change_rows import BEYOND
from broadsheet.core.flows import ChangeKind
from broadsheet.library.search import index_store
from broadsheet.library.search.engine import EngineAway
from broadsheet.library.search.finder import Finder
from broadsheet.library.search.folder import Current, Followed, Progress, SearchFolder, read_followed, write_followed
from broadsheet.library.search.tantivy_engine import LAYOUT, TantivyEngine, TantivyWriter
from broadsheet.library.store import next_change

logger = logging.getLogger(__name__)

BATCH = 500
POLL_EVERY_S = 0.1
FAULTS = (OSError, ValueError, EngineAway)  # what tantivy raises of files that are not as they should be


def search_folder() -> SearchFolder:
    """Where this host keeps its index."""
    return SearchFolder(Path(settings.BROADSHEET.data_dir) / "search")


def find_finder() -> Finder:
    """The finder of this process."""
    return _finder_of(search_folder().root)


@cache
def _finder_of(root: Path) -> Finder:
    return Finder(SearchFolder(root))


@dataclass(slots=True)
class _Opened:
    """The index that is asked, open for writing, and where it stands in the change log.

    It holds what readers may know of at `known_at`; at `next_known` they may know of more (None: of nothing that is dated).
    """

    path: Path
    language: str
    writer: TantivyWriter
    cursor: ChangeCursor
    known_at: datetime
    next_known: datetime | None


class Indexer:
    """Writes this host's index; one process at a time."""

    def __init__(self, folder: SearchFolder, *, on_progress: Callable[[Progress], object] | None = None) -> None:
        self._folder = folder
        self._on_progress = on_progress
        self._opened: _Opened | None = None
        self._has_failed = False

    def step(self) -> int:
        """Do what is due: build the index, or take in what has changed. Returns how many articles were looked at.

        Whatever is raised, the next step begins where the last commit stands. An index that cannot be written twice in a
        row is built anew.
        """
        if self._opened is not None and read_followed(self._opened.path) is None:
            self.close()  # somebody took the files away
        self._opened = self._opened or self._open()
        if self._opened is None or self._folder.is_rebuild_wanted():
            return self.build()
        try:
            count = self._follow(self._opened)
        except BaseException as error:
            self.close()
            if isinstance(error, FAULTS):
                if self._has_failed:
                    self._folder.want_rebuild()
                self._has_failed = not self._has_failed
            raise
        self._has_failed = False
        return count

    def build(self) -> int:
        """Build a new index beside the one that is asked, then let it be asked. Returns how many articles it holds.

        Where that fails for want of space the one that is asked is followed further, and nobody tries again unasked.
        """
        self.close()
        self._folder.tidy()
        now = clock.now()
        meanwhile, language = _Meanwhile(index_store.read_changes(None)), index_store.load_language()
        path = self._folder.make_next()
        try:
            count = self._fill(path, language, meanwhile, now)
            write_followed(path, Followed(meanwhile.reading, now))
        except BaseException as error:
            shutil.rmtree(path, ignore_errors=True)
            if isinstance(error, FAULTS):
                self._folder.note_rebuild()
            raise
        finally:
            self._folder.write_progress(None)
        self._folder.note_rebuild()
        self._folder.switch(Current(path.name, LAYOUT, language))
        logger.info("The search index holds %d articles.", count)
        return count

    def close(self) -> None:
        """Let go of the index; what was not committed is taken in again."""
        if self._opened is not None:
            with suppress(*FAULTS):
                self._opened.writer.close()
        self._opened = None

    def _fill(self, path: Path, language: str, meanwhile: _Meanwhile, now: datetime) -> int:
        total, done, last = index_store.count_published(now=now), 0, 0
        writer = TantivyWriter(path, language=language)
        try:
            while True:
                meanwhile.look(last)  # first, so that what changes from here on is noticed by the next look
                ids = index_store.list_published(after=last, limit=BATCH, now=now)
                if not ids:
                    break
                writer.replace((), index_store.load_indexed(ids, now=now))
                done, last = done + len(ids), ids[-1]
                self._tell(Progress(done, max(done, total)))
            meanwhile.look(BEYOND)
            _take_in(writer, meanwhile.behind, now)
            writer.commit()
        finally:
            writer.close()
        return done

    def _tell(self, progress: Progress) -> None:
        self._folder.write_progress(progress)
        if self._on_progress is not None:
            self._on_progress(progress)

    def _open(self) -> _Opened | None:
        """The index that is asked, to go on where it stands; None if it cannot be gone on with."""
        current, language = self._folder.read_current(), index_store.load_language()
        if current is None or (current.layout, current.language) != (LAYOUT, language):
            return None
        path = self._folder.path_of(current)
        followed = read_followed(path)
        if followed is None:
            return None
        try:
            TantivyEngine(path, language=language)  # whether it can be read at all
            writer = TantivyWriter(path, language=language)
        except FAULTS as error:
            logger.warning("The search index cannot be read and is built anew: %s", error)
            return None
        known_at = followed.known_at
        return _Opened(path, language, writer, ChangeCursor(followed.reading), known_at, next_change(now=known_at))

    def _follow(self, opened: _Opened) -> int:
        reading = index_store.read_changes(opened.cursor.place, opened.cursor.known_id)
        news = opened.cursor.take(reading)
        if news.must_forget_all or _has_other_language(news.lines, opened.language):
            return self.build()
        now = clock.now()
        is_due = opened.next_known is not None and opened.next_known <= now
        if not news.lines and not is_due:
            return 0
        known = index_store.list_become_known(opened.known_at, now) if is_due else []
        ids = _find_articles(news.lines, opened).union(known)
        _take_in(opened.writer, ids, now)
        if ids:
            opened.writer.commit()
        write_followed(opened.path, Followed(reading, now))
        opened.known_at, opened.next_known = now, next_change(now=now)
        return len(ids)


class _Meanwhile:
    """What happens to articles while an index is filled in order of their numbers, so that nothing is taken in twice.

    `reading` is where whoever follows has to go on, `behind` are the articles that changed after they were taken in. Where
    more changed than single articles, all that happened since the start is left to whoever follows.
    """

    def __init__(self, start: Reading) -> None:
        self.reading = self._start = start
        self.behind: set[int] = set()
        self._cursor = ChangeCursor(start)
        self._is_left = False

    def look(self, last: int) -> None:
        """Take note of what has changed; articles beyond `last` are yet to be read from the database, as they are then."""
        if self._is_left:
            return
        self.reading = index_store.read_changes(self._cursor.place, self._cursor.known_id)
        news = self._cursor.take(self.reading)
        if news.must_forget_all or any(line.kind in (ChangeKind.SUBJECT, ChangeKind.PUBLICATION) for line in news.lines):
            self.reading, self._is_left = self._start, True
        self.behind.update(pk for line in news.lines for pk in _named_in(line) if pk <= last)


def _take_in(writer: TantivyWriter, article_ids: Collection[int], now: datetime) -> None:
    """Let an index hold these articles as they are now."""
    ids = sorted(article_ids)
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        writer.replace(some, index_store.load_indexed(some, now=now))


def _has_other_language(lines: Sequence[ChangeLine], language: str) -> bool:
    return any(line.kind == ChangeKind.PUBLICATION for line in lines) and index_store.load_language() != language


def _find_articles(lines: Sequence[ChangeLine], opened: _Opened) -> set[int]:
    """The articles that lines are about; for a subject, those it has and those the index still holds under its address."""
    found: set[int] = set()
    for line in lines:
        found.update(_named_in(line))
        if line.kind == ChangeKind.SUBJECT:
            facet, pk, slug = line.subject.split(":", 2)
            found.update(index_store.find_articles_of(facet, int(pk)))
            found.update(TantivyEngine(opened.path, language=opened.language).find_with(facet, slug))
    return found


def _named_in(line: ChangeLine) -> list[int]:
    """The articles that a line names by their numbers."""
    return [int(pk) for pk in line.subject.split(",")] if line.kind in (ChangeKind.ARTICLE, ChangeKind.ARTICLES) else []
