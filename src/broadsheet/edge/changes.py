"""Reading the change log without missing a line, although on PostgreSQL ids commit out of order.

A transaction takes its id when it inserts and shows it when it commits, so id 7 may appear after id 8.
The cursor therefore keeps a floor below which nothing can appear any more: the highest id it had seen at
some moment, once every transaction of that moment has ended (`pg_snapshot_xmin` has passed the moment's
`pg_snapshot_xmax`). On SQLite writers take turns, and the floor is simply the last id.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

# Between taking an id and being given a transaction number lie microseconds; a moment counts only when it is older than this.
SETTLING_POLLS = 20


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One line of the change log."""

    id: int
    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the log: the lines above the floor, and the transactions of that moment.

    `trimmed_to` is the highest id that has been deleted for its age. `oldest_running` and `next_transaction`
    are PostgreSQL's snapshot bounds; on SQLite both are None.
    """

    lines: Sequence[ChangeLine]
    trimmed_to: int = 0
    oldest_running: int | None = None
    next_transaction: int | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What a look brought: new lines in order of their ids, or that lines are gone unread and all must be forgotten."""

    lines: tuple[ChangeLine, ...] = ()
    must_forget_all: bool = False


class ChangeCursor:
    """Where one process stands in the log."""

    def __init__(self, start: Reading, *, floor: int) -> None:
        """Stand behind `start`: its lines count as read. Take `floor` far enough below for transactions still running."""
        self.floor = floor
        self._seen = {line.id for line in start.lines}
        self._moments: deque[tuple[int, int]] = deque()

    def take(self, reading: Reading) -> News:
        """The news in one look at the log above the floor."""
        if reading.trimmed_to > self.floor:
            return self._start_again(reading)
        fresh = tuple(sorted((line for line in reading.lines if line.id not in self._seen), key=lambda line: line.id))
        self._seen.update(line.id for line in fresh)
        self._raise_floor(reading)
        return News(fresh)

    def _start_again(self, reading: Reading) -> News:
        self.floor = reading.trimmed_to
        self._seen = {line.id for line in reading.lines}
        self._moments.clear()
        return News(must_forget_all=True)

    def _raise_floor(self, reading: Reading) -> None:
        highest = max(self._seen, default=self.floor)
        if reading.oldest_running is None or reading.next_transaction is None:
            self._settle(highest)
            return
        self._moments.append((highest, reading.next_transaction))
        while len(self._moments) > SETTLING_POLLS and self._moments[0][1] <= reading.oldest_running:
            settled, _ = self._moments.popleft()
            self._settle(settled)

    def _settle(self, id: int) -> None:
        if id > self.floor:
            self.floor = id
            self._seen = {seen for seen in self._seen if seen > id}
