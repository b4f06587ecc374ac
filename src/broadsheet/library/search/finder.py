"""The engine that a process asks: opened once, looked at anew when the index has been written to. Pure."""

from __future__ import annotations

import os
from threading import Lock

from broadsheet.library.search.engine import EngineAway
from broadsheet.library.search.folder import Current, SearchFolder
from broadsheet.library.search.tantivy_engine import LAYOUT, TantivyEngine


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
        current = self._folder.read_current()
        if current is None or current.layout != LAYOUT:
            raise EngineAway("The index is being built.")
        try:
            with self._lock:
                return self._look(current)
        except EngineAway:
            self.give_up()
            raise

    def give_up(self) -> None:
        """Say that the index cannot be read: it is not asked again before it has been built anew."""
        with self._lock:
            self._engine = None
        self._folder.want_rebuild()

    def _look(self, current: Current) -> TantivyEngine:
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
