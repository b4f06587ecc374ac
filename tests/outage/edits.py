"""An editor who changes one article after another, and what readers may still be shown of what was before."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from tests.outage.answers import Answer
from tests.outage.conftest import article_id
from tests.outage.desk import Desk, Refused
from tests.outage.load import Visitor

# No process shows what it holds if it has not looked at the change log for two seconds, however busy the machine is.
SEEN_WITHIN_S = 2.5
# Until it has looked, Django may show what is new and the edge, a moment later, what is held.
LOOKED_WITHIN_S = 1.0


@dataclass
class Edits:
    """Changes one article each second, in turn; each version's number stands at the end of its headline."""

    desk: Desk
    paths: list[str]
    every_s: float = 1.0
    lags_s: dict[int, float] = field(default_factory=dict)
    _committed: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _stop: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def start(self) -> None:
        """Give every article its first version, then go on in a thread of its own."""
        for place in range(len(self.paths)):
            self._edit(place, place + 1)
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the change in hand."""
        self._stop.set()
        assert self._thread is not None
        self._thread.join()

    @property
    def number(self) -> int:
        """How many changes were published."""
        return len(self.lags_s)

    def judge(self, visitor: Visitor, place: int, answer: Answer) -> str:
        """What is wrong with the version that was shown: that it is out of date for a second, or for less after a newer one.

        Notes for each change how long after it the version before was still shown.
        """
        version = int(answer.facts.heading.rpartition(" ")[2])
        with self._lock:
            missed = [
                (newer, answer.asked_at - at) for at, newer in self._committed[place] if newer > version and at < answer.asked_at
            ]
            for newer, late_s in missed:
                self.lags_s[newer] = max(self.lags_s[newer], late_s)
        newest = visitor.newest[place] = max(version, visitor.newest.get(place, 0))
        for newer, late_s in missed:
            if late_s > SEEN_WITHIN_S or (newer <= newest and late_s > LOOKED_WITHIN_S):
                return f"version {version}, {late_s:.2f} s after version {newer}"
        return ""

    def _run(self) -> None:
        version = len(self.paths)
        while not self._stop.wait(self.every_s):
            version += 1
            self._edit(version % len(self.paths), version)

    def _edit(self, place: int, version: int) -> None:
        try:
            self.desk.ask("edit", article_id(self.paths[place]), f"Article {place}, version {version}")
        except Refused:
            return  # it may have been published all the same
        with self._lock:
            self._committed.setdefault(place, []).append((time.monotonic(), version))
            self.lags_s[version] = 0.0
