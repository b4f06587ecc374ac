"""The thread that follows the change log, twenty times a second."""

from __future__ import annotations

import logging
import threading
import time

from broadsheet.edge.changes import ChangeCursor
from broadsheet.edge.database import DatabaseAway
from broadsheet.edge.holdings import Holdings

logger = logging.getLogger(__name__)

POLL_EVERY_S = 0.05
# How far below the newest line a new process begins: more than are ever written while one transaction runs.
START_BELOW = 10_000
# A process that slept longer than this has missed more than it can make good line by line.
LONGEST_SLEEP_S = 3600.0
FORGET_EVERY_S = 600.0


class ChangeTail:
    """Keeps one process's holdings true."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self._cursor: ChangeCursor | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._looked_at = time.time()
        self._forgot_at = time.monotonic()

    def start(self) -> None:
        """Begin following, in a thread of its own; a second call does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="change log", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop following; the holdings are no longer current two seconds later."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """Look at the log once and do what it says. Without a database the holdings are marked as held on their own."""
        try:
            if self._cursor is None or abs(time.time() - self._looked_at) > LONGEST_SLEEP_S:
                self._begin()
            else:
                self._follow(self._cursor)
        except DatabaseAway as error:
            if not self._holdings.is_away:
                logger.warning("The database does not answer; finished pages are served as they are held: %s", error)
            self._holdings.is_away = True
            return
        if self._holdings.is_away:
            logger.warning("The database answers again.")
        self._holdings.is_away = False
        self._looked_at = time.time()
        self._holdings.looked_at = time.monotonic()

    def _begin(self) -> None:
        floor = max(0, self._holdings.database.highest_change() - START_BELOW)
        self._cursor = ChangeCursor(self._holdings.database.read_changes(floor), floor=floor)
        self._holdings.forget_all()

    def _follow(self, cursor: ChangeCursor) -> None:
        news = cursor.take(self._holdings.database.read_changes(cursor.floor))
        if news.must_forget_all:
            self._holdings.forget_all()
        for line in news.lines:
            self._holdings.follow(line)
        if time.monotonic() - self._forgot_at > FORGET_EVERY_S:
            self._holdings.revocations.forget_old()
            self._forgot_at = time.monotonic()

    def _run(self) -> None:
        while not self._stop.wait(POLL_EVERY_S):
            try:
                self.look()
            except Exception:
                # Whatever it was: holdings that are not looked at go stale, and readers are sent to Django.
                logger.exception("The change log could not be followed.")
