"""A breaker: once requests have waited for the database in vain, new ones are refused at once.

A web server has few threads, and finished pages are answered by the same ones. Without a breaker, forms that wait for a locked
table would take them all again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic

SLOW_AFTER_S = 1.0
OPENS_AT = 2  # one may have had bad luck
TRIALS = 2  # of the eight threads that `serve` gives each process


class Breaker:
    """Opens when requests have failed after a long wait; then lets two at a time try, and closes when one gets through."""

    def __init__(self, *, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._failures = 0
        self._trials: set[object] = set()

    def enter(self) -> Entry | None:
        """Begin a request: what to give to `leave`; None if it is refused."""
        entry = Entry(self._seconds())
        with self._lock:
            if self._failures >= OPENS_AT:
                if len(self._trials) >= TRIALS:
                    return None
                self._trials.add(entry)
        return entry

    def leave(self, entry: Entry, *, has_failed: bool) -> None:
        """End a request. One that failed without waiting tells nothing."""
        with self._lock:
            self._trials.discard(entry)
            if not has_failed:
                self._failures = 0
            elif self._seconds() - entry.begun >= SLOW_AFTER_S:
                self._failures += 1


class Entry:
    """One request that was let in."""

    def __init__(self, begun: float) -> None:
        self.begun = begun
