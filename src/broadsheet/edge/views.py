"""Counts walls shown, in memory, and writes them to the event log in batches from a thread of its own."""

from __future__ import annotations

import atexit
import logging
import threading
from collections import Counter
from datetime import datetime

from broadsheet.core import clock
from broadsheet.edge.database import Database, DatabaseAway
from broadsheet.edge.holdings import Holdings

logger = logging.getLogger(__name__)

WRITE_EVERY_S = 5.0


class WallViews:
    """The views of one process that are not yet in the event log."""

    def __init__(self, database: Database, holdings: Holdings) -> None:
        self._database = database
        self._holdings = holdings
        self._waiting: Counter[tuple[int, str]] = Counter()
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def start(self) -> None:
        """Write what is waiting every few seconds, and once more when the process ends."""
        threading.Thread(target=self._run, name="wall views", daemon=True).start()
        atexit.register(self.stop)

    def stop(self) -> None:
        """Stop the thread and write what is waiting."""
        self._stop.set()
        self.write()

    def count(self, article_id: int, reason: str, now: datetime) -> None:
        """Count one wall shown."""
        with self._lock:
            self._waiting[article_id, reason] += 1

    def write(self) -> None:
        """Write what is waiting, all or none; if the database does not answer it waits on."""
        with self._lock:
            waiting, self._waiting = self._waiting, Counter()
        if not waiting:
            return
        now = clock.now()
        views = [(article_id, reason, number) for (article_id, reason), number in waiting.items()]
        try:
            self._database.add_wall_views(views, month=self._holdings.month(now), now=now)
        except DatabaseAway as error:
            logger.warning("Views of walls wait in memory: %s", error)
            with self._lock:
                self._waiting.update(waiting)

    def _run(self) -> None:
        while not self._stop.wait(WRITE_EVERY_S):
            self.write()
