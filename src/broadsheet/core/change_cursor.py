"""Reading the change log without missing a line, although on PostgreSQL ids commit out of order.

A transaction takes its id when it inserts and shows it when it commits, so id 7 may appear after id 8. Each
line therefore also has a place: on PostgreSQL the number of its transaction, on SQLite, where writers take turns,
its id. One look at the log brings a horizon with it: below it no line can appear any more, because every
transaction below `pg_snapshot_xmin` has ended. The next look reads from that horizon on and passes over
what it has seen. Source: PostgreSQL 15 manual, 9.27.1 and 73.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One line of the change log; `place` orders it as far as the database can, `at` is when the change was made."""

    id: int
    kind: str
    subject: str
    place: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One line by its id and the moment it was made, by which another log that has come as far is told apart."""

    id: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the log: the lines from a place on, all of one moment.

    `horizon` is the place below which the log is final, `newest` the line with the highest id, `trimmed_to` the
    highest id that has been deleted for its age. `known_at` is when the line was made whose id the reader named;
    None if there is none.
    """

    lines: Sequence[ChangeLine]
    horizon: int
    newest: Mark
    trimmed_to: int = 0
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What a look brought: new lines in order of their ids, or that the log cannot tell and all must be forgotten."""

    lines: tuple[ChangeLine, ...] = ()
    must_forget_all: bool = False


class ChangeCursor:
    """Where one process stands in the log."""

    def __init__(self, start: Reading) -> None:
        """Stand behind `start`: its lines count as read."""
        self._place = start.horizon
        self._newest = start.newest
        self._trimmed_to = start.trimmed_to
        self._seen = _ids_from(start, start.horizon)

    @property
    def place(self) -> int:
        """From where on the next look has to read."""
        return self._place

    @property
    def known_id(self) -> int:
        """The line whose moment the next look has to bring."""
        return self._newest.id

    def take(self, reading: Reading) -> News:
        """The news in one look at the log from `place` on. When all must be forgotten, a new cursor has to be made."""
        if reading.trimmed_to > max(self._newest.id, self._trimmed_to) or self._is_another_log(reading):
            return News(must_forget_all=True)
        fresh = tuple(sorted((line for line in reading.lines if line.id not in self._seen), key=lambda line: line.id))
        self._place = reading.horizon
        self._newest = max(self._newest, reading.newest, key=lambda mark: mark.id)
        self._trimmed_to = reading.trimmed_to
        self._seen = _ids_from(reading, self._place)
        return News(fresh)

    def _is_another_log(self, reading: Reading) -> bool:
        """Whether a copy was restored: what only grows has shrunk, or the newest line that was known is another now.

        Copies on another PostgreSQL server have the same lines and may count transactions from far lower.
        """
        has_shrunk = reading.horizon < self._place or reading.trimmed_to < self._trimmed_to
        is_known_line_kept = reading.trimmed_to < self._newest.id
        return has_shrunk or (is_known_line_kept and reading.known_at != self._newest.at)


def _ids_from(reading: Reading, place: int) -> set[int]:
    return {line.id for line in reading.lines if line.place >= place}
