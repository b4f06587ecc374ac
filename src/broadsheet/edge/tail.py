"""The thread that follows the change log, twenty times a second."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from broadsheet.core import clock
from broadsheet.core.change_cursor import ChangeCursor, ChangeLine, News, Reading
from broadsheet.core.counts import Spread
from broadsheet.edge.database import DatabaseAway, DatabaseBusy
from broadsheet.edge.holdings import Holdings

logger = logging.getLogger(__name__)

POLL_EVERY_S = 0.05
FORGET_EVERY_S = 600.0
WARN_EVERY_S = 10.0  # a trouble that lasts would write twenty lines a second


class ChangeTail:
    """Keeps one process's holdings true."""

    def __init__(self, holdings: Holdings, lag: Spread) -> None:
        """`lag` is where it notes how old a change was when it was seen."""
        self._holdings = holdings
        self._lag = lag
        self._cursor: ChangeCursor | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._forgot_at = time.monotonic()
        self._warned_at = float("-inf")

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
        """Look at the log once and do what it says.

        Without a database the holdings are marked as held on their own. With one that is only too busy they are
        not, and soon count as stale: readers are sent to Django.
        """
        looked_at = time.monotonic()
        try:
            self._follow()
        except DatabaseBusy as error:
            self._holdings.is_away = False
            if self._may_warn():
                logger.warning("The change log could not be read in time: %s", error)
            return
        except DatabaseAway as error:
            if not self._holdings.is_away:
                logger.warning("The database does not answer; finished pages are served as they are held: %s", error)
            self._holdings.is_away = True
            return
        if self._holdings.is_away:
            logger.warning("The database answers again.")
        self._holdings.is_away = False
        self._holdings.looked_at = looked_at

    def _follow(self) -> None:
        holdings, cursor = self._holdings, self._cursor
        reading = self._read()
        # Set again only when all of it is done; a failure half-way makes the next look begin anew.
        self._cursor = None
        news = News() if cursor is None else cursor.take(reading)
        if cursor is None or news.must_forget_all:
            # The reading first: what changes while everything is loaded is then read again, which does no harm.
            holdings.begin(now=clock.now(), has_missed_lines=news.must_forget_all)
            cursor = ChangeCursor(reading)
        holdings.follow(news.lines)
        self._note_lag(news.lines)
        self._cursor = cursor
        if time.monotonic() - self._forgot_at > FORGET_EVERY_S:
            holdings.revocations.forget_old()
            self._forgot_at = time.monotonic()

    def _read(self) -> Reading:
        cursor, holdings = self._cursor, self._holdings
        holdings.asked_at = time.monotonic()
        try:
            if cursor is None:
                return holdings.database.read_changes(None)
            return holdings.database.read_changes(cursor.place, cursor.known_id)
        finally:
            holdings.asked_at = float("inf")

    def _note_lag(self, lines: Sequence[ChangeLine]) -> None:
        now = clock.now()
        for line in lines:
            if line.at is not None:
                self._lag.add(max(0.0, (now - line.at).total_seconds()))

    def _may_warn(self) -> bool:
        """Whether the last warning is a while ago; this one counts as given."""
        now = time.monotonic()
        is_due = now - self._warned_at > WARN_EVERY_S
        if is_due:
            self._warned_at = now
        return is_due

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except Exception:
                # Whatever it was: holdings that are not looked at go stale, and readers are sent to Django.
                if self._may_warn():
                    logger.exception("The change log could not be followed.")
            if self._stop.wait(POLL_EVERY_S):
                self._holdings.database.close()  # this thread's connection
                return
