"""A crowd of all kinds of readers on a site that changes, and how its processes bear it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, median
from threading import Event, Thread

from tests.outage.answers import Answer
from tests.outage.browsing import Browsing
from tests.outage.conftest import Site, article_id
from tests.outage.edits import Edits
from tests.outage.load import Crowd, Visitor, make_visitors, quantile
from tests.outage.site import Host
from tests.outage.story import state

ARTICLES = 12
READERS_OF_A_KIND = 4
# In turn. Whoever shows a pass that counts for nothing is Django's to answer each time, so there are few of them.
KINDS = ("stranger", "subscriber", "stranger", "metered") * 10 + ("impostor",)
# What each kind is shown of the first article, which the metered readers have opened, and of the others.
SHOWN = {
    "stranger": (("wall", "stranger", ""), ("wall", "stranger", "")),
    "impostor": (("wall", "stranger", ""), ("wall", "stranger", "")),
    "subscriber": (("open", "subscription", ""), ("open", "subscription", "")),
    "metered": (("open", "unlock", "2"), ("wall", "meter", "2")),
}
SAMPLE_EVERY_S = 1.0


@dataclass
class Endurance:
    """Everything that goes on at once during a long test."""

    site: Site
    host: Host
    readers: int
    every_s: float
    is_troubled: bool = False
    edits: Edits = field(init=False)
    crowd: Crowd = field(init=False)
    memory: Memory = field(init=False)

    def __post_init__(self) -> None:
        paths = self.site.write(ARTICLES)
        self.edits = Edits(self.site.desk, paths)
        cookies = {kind: self._cookies(kind, paths) for kind in SHOWN}
        visitors = make_visitors(self.readers, [(kind, cookies[kind]) for kind in KINDS])
        self.crowd = Crowd(self.host.port, paths, visitors, self.judge, self.every_s)
        self.memory = Memory(lambda: self.host.workers)

    def start(self) -> None:
        """Begin to edit, to read and to measure."""
        self.edits.start()
        self.crowd.start()
        self.memory.start()

    def stop(self) -> None:
        """End all of it."""
        self.memory.stop()
        self.crowd.stop()
        self.edits.stop()

    def judge(self, visitor: Visitor, place: int, answer: Answer) -> str:
        """What is wrong with an answer, if anything. While there is trouble a page may be missing or old, never another's."""
        if answer.status == 503 and self.is_troubled:
            return ""
        if answer.status != 200:
            return f"status {answer.status}"
        expected = SHOWN[visitor.kind][0 if place == 0 else 1]
        if state(answer.facts) != expected:
            return f"{state(answer.facts)} instead of {expected}"
        return "" if self.is_troubled else self.edits.judge(visitor, place, answer)

    def report(self) -> str:
        """The figures, for a person."""
        seconds, lags = self.crowd.seconds, list(self.edits.lags_s.values())
        return "\n".join(
            [
                f"requests    {len(seconds)}, of them " + ", ".join(f"{name} {n}" for name, n in sorted(self.crowd.counts.items())),
                f"answered in {quantile(seconds, 0.5) * 1000:.1f} ms (median), {quantile(seconds, 0.99) * 1000:.1f} ms (99 %), "
                f"{max(seconds) * 1000:.0f} ms (longest)",
                f"edits       {self.edits.number}, last missed after {quantile(lags, 0.5) * 1000:.0f} ms (median), "
                f"{quantile(lags, 0.99) * 1000:.0f} ms (99 %), {max(lags) * 1000:.0f} ms (longest)",
                f"memory      {self.memory.report()}",
            ]
        )

    def _cookies(self, kind: str, paths: list[str]) -> list[dict[str, str]]:
        if kind == "stranger":
            return [{}]
        return [self._sign_in(kind, paths) for _ in range(READERS_OF_A_KIND)]

    def _sign_in(self, kind: str, paths: list[str]) -> dict[str, str]:
        _, email = self.site.enroll(is_subscriber=kind != "metered")
        browsing: Browsing = self.site.browse(email)
        if kind == "metered":
            assert browsing.post(f"/articles/{article_id(paths[0])}/unlock/").status == 303
        cookies = dict(browsing.cookies)
        if kind == "impostor":
            del cookies["broadsheet_session"]
        return cookies


class Memory:
    """Samples what the processes of a web server hold, once a second."""

    def __init__(self, processes: Callable[[], list[int]]) -> None:
        self.samples: list[tuple[float, float]] = []
        self._processes = processes
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more samples."""
        self._stop.set()
        self._thread.join()

    @property
    def growth_mb(self) -> float:
        """By how much the last fifth of the samples lies above those just after the first two fifths, when all is warm."""
        held = [megabytes for _, megabytes in self.samples]
        fifth = max(1, len(held) // 5)
        return median(held[-fifth:]) - median(held[2 * fifth : 3 * fifth])

    @property
    def slope_mb_per_hour(self) -> float:
        """The line through the samples of the second half."""
        late = self.samples[len(self.samples) // 2 :]
        return linear_regression([at for at, _ in late], [held for _, held in late]).slope * 3600

    def report(self) -> str:
        """The figures, for a person."""
        held = [megabytes for _, megabytes in self.samples]
        return (
            f"{held[0]:.1f} MB at the start, {max(held):.1f} MB at most, {held[-1]:.1f} MB at the end; "
            f"{self.growth_mb:+.1f} MB since it was warm, {self.slope_mb_per_hour:+.1f} MB an hour in the second half"
        )

    def _run(self) -> None:
        while not self._stop.wait(SAMPLE_EVERY_S):
            self.samples.append((time.monotonic(), sum(map(resident_mb, self._processes()))))


def resident_mb(process: int) -> float:
    """The memory that one process holds; none if it has ended."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * 4096 / 1024 / 1024
