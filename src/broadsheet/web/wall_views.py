"""Counts how often walls were shown: in memory, written to the event log in batches.

A view costs no query; what is waiting is written every few seconds by the next request, and at the end
of the process.
"""

from __future__ import annotations

import atexit
import logging
from collections import Counter
from datetime import datetime, timedelta
from threading import Lock

from django.db import DatabaseError

from broadsheet.core import clock
from broadsheet.core.flows import EventKind, record_event

logger = logging.getLogger(__name__)

WRITE_EVERY = timedelta(seconds=5)


class WallViews:
    """The views of one process that are not yet in the event log, by article and reason."""

    def __init__(self) -> None:
        self._waiting: Counter[tuple[int, str]] = Counter()
        self._lock = Lock()
        self._due: datetime | None = None

    def count(self, article_id: int, reason: str, *, now: datetime) -> None:
        """Count one view; every few seconds this also writes what is waiting."""
        with self._lock:
            self._waiting[article_id, reason] += 1
            if self._due is None:
                self._due = now + WRITE_EVERY
            is_due = now >= self._due
        if is_due:
            self.write(now=now)

    def write(self, *, now: datetime) -> None:
        """Write what is waiting; if the database does not answer, keep it for the next time."""
        with self._lock:
            waiting, self._waiting, self._due = self._waiting, Counter(), None
        while waiting:
            (article_id, reason), number = waiting.popitem()
            try:
                record_event(EventKind.WALL_SHOWN, now=now, article_id=article_id, source=reason, count=number)
            except DatabaseError as error:
                logger.warning("Views of walls wait in memory: %s", error)
                waiting[article_id, reason] = number
                with self._lock:
                    self._waiting.update(waiting)
                return


WALL_VIEWS = WallViews()


@atexit.register
def _write_at_exit() -> None:
    WALL_VIEWS.write(now=clock.now())
