"""A breaker: while requests of one kind all hang, new ones are refused at once, so that threads are left for readers.

A web server has few threads, and finished pages are answered by the same ones. Without a breaker, forms that wait for a locked
table would take them all.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic

SLOW_AFTER_S = 1.0
# Half of the threads that `serve` gives each process.
OPENS_AT = 4
TRIALS = 2


class Breaker:
    """Opens when many requests have been going on for long; then lets two at a time try, and closes after one that was quick."""

    def __init__(self, *, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._begun: dict[object, float] = {}
        self._trials: set[object] = set()
        self._is_open = False

    def enter(self) -> object | None:
        """Begin a request: what to give to `leave`; None if it is refused."""
        entry = object()
        with self._lock:
            now = self._seconds()
            self._is_open = self._is_open or sum(now - begun >= SLOW_AFTER_S for begun in self._begun.values()) >= OPENS_AT
            if self._is_open:
                if len(self._trials) >= TRIALS:
                    return None
                self._trials.add(entry)
            self._begun[entry] = now
        return entry

    def leave(self, entry: object) -> None:
        """End a request, however it went."""
        with self._lock:
            self._trials.discard(entry)
            if self._seconds() - self._begun.pop(entry) < SLOW_AFTER_S:
                self._is_open = False
