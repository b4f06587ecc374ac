"""The engine that a process asks: opened once, looked at anew when the index has been written to. Pure."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from threading import Lock

from broadsheet.library.search.engine import EngineAway
from broadsheet.library.search.folder import Current, SearchFolder
from broadsheet.library.search.tantivy_engine import LAYOUT, TantivyEngine

logger = logging.getLogger(__name__)


class Finder:
    """Gives the engine over the index that is asked on this host."""

    def __init__(self, folder: SearchFolder) -> None:
        self._folder = folder
        self._lock = Lock()
        self._current: Current | None = None
        self._engine: TantivyEngine | None = None
        self._written_at = 0

    def find(self) -> TantivyEngine:
        """The engine, as of the last commit.

        Raises:
            EngineAway: there is no index of this layout yet, or it cannot be read; then it is being built anew.
        """
        current = self._read_current()
        try:
            return self._look(current)
        except EngineAway:
            after = self._read_current()
            if after == current:
                self._give_up()
                raise
        return self._look(after)  # the folder went because a new index was asked from then on

    @contextlib.contextmanager
    def asking(self) -> Iterator[TantivyEngine]:
        """The engine; if it turns out that it cannot be read, it is built anew. Raises `EngineAway`."""
        engine = self.find()
        try:
            yield engine
        except EngineAway:
            self._give_up()
            raise

    def _read_current(self) -> Current:
        current = self._folder.read_current()
        if current is None or current.layout != LAYOUT:
            raise EngineAway("The index is being built.")
        return current

    def _give_up(self) -> None:
        with self._lock:
            self._engine = None
        try:
            self._folder.want_rebuild()
        except OSError as error:
            logger.error("The search index cannot be read, and nobody can be told: %s", error)

    def _look(self, current: Current) -> TantivyEngine:
        with self._lock:
            return self._look_alone(current)

    def _look_alone(self, current: Current) -> TantivyEngine:
        path = self._folder.path_of(current)
        try:
            written_at = os.stat(path / "meta.json").st_mtime_ns
        except OSError as error:
            raise EngineAway(str(error)) from error
        if self._engine is None or current != self._current:
            self._engine = TantivyEngine(path, language=current.language)
        elif written_at != self._written_at:
            self._engine.reload()
        self._current, self._written_at = current, written_at
        return self._engine
