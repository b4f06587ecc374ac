"""The only place that asks what time it is.

Flows ask once and pass the answer on, so that a decision never reads the clock itself. The demo's
clock can be moved: it runs as far ahead as the offset that the database holds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that can say what time it is, as an aware datetime in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock, moved ahead by `offset`."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


class StoppedClock:
    """A clock that stands still until somebody moves it; for tests."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


_clock: Clock = SystemClock()


def use(clock: Clock) -> Clock:
    """Make `clock` the process's clock and return the one it replaces."""
    global _clock
    replaced, _clock = _clock, clock
    return replaced


def current() -> Clock:
    """The process's clock."""
    return _clock


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _clock.now()
