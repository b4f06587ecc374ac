"""What each process counts, where the others find it: one small file per process in DATA_DIR/metrics.

A process rewrites its file once a second. Files of processes that have ended are added up into one, so that
totals never fall and files never pile up; what they held (bytes, pages) went with them.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from broadsheet.core.clock import SystemClock
from broadsheet.core.counts import ANSWER_BOUNDS_S, LAG_BOUNDS_S, SEARCH_BOUNDS_S, Counts, Spread
from broadsheet.core.process_end import at_process_end

logger = logging.getLogger(__name__)

WRITE_EVERY_S = 1.0
# A process that has not written for so long is hung or gone: what it last held counts no more.
LIVE_FOR_S = 10.0
ENDED = "ended.json"
BOUNDS_S = {"edge": ANSWER_BOUNDS_S, "django": ANSWER_BOUNDS_S, "change_lag": LAG_BOUNDS_S, "search": SEARCH_BOUNDS_S}

Gauges = Mapping[str, float]
AnswerKey = tuple[str, str, str]


@dataclass(slots=True)
class Totals:
    """Counts of one process, or of several added up."""

    answers: Counter[AnswerKey] = field(default_factory=Counter)
    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    spreads: dict[str, tuple[list[int], float]] = field(default_factory=dict)

    def add(self, other: Totals) -> None:
        """Add another process's counts to these."""
        self.answers.update(other.answers)
        self.events.update(other.events)
        for name, (numbers, sum_s) in other.spreads.items():
            own, own_sum_s = self.spreads.get(name, ([0] * len(numbers), 0.0))
            self.spreads[name] = ([a + b for a, b in zip(own, numbers, strict=True)], own_sum_s + sum_s)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One process at one moment: its role, its number, seconds since the epoch, what it counted and what it holds."""

    role: str
    process_id: int
    written_at_s: float
    totals: Totals
    gauges: Gauges

    def is_live(self, now_s: float) -> bool:
        """Whether the process was at work just now."""
        return abs(now_s - self.written_at_s) < LIVE_FOR_S


def totals_of(counts: Counts) -> Totals:
    """A copy of what this process has counted."""
    totals = Totals()
    for name, answers in (("edge", counts.edge), ("django", counts.django)):
        for (variant, status), number in dict(answers.numbers).items():
            totals.answers[name, variant, status[:3]] += number
        totals.spreads[name] = _spread(answers.durations)
    totals.spreads["change_lag"] = _spread(counts.change_lag)
    totals.spreads["search"] = _spread(counts.search)
    totals.events.update(dict(counts.events.numbers))
    return totals


class SnapshotWriter:
    """Writes one process's file, once a second, from a thread of its own."""

    def __init__(self, folder: Path, role: str, counts: Counts, gauges: Callable[[], Gauges] = dict) -> None:
        self._folder = folder
        self._role = role
        self._counts = counts
        self.gauges = gauges
        self._path = folder / f"{role}-{os.getpid()}-{SystemClock().now():%Y%m%d%H%M%S}.json"
        self._stop = threading.Event()
        self._failed = False

    def start(self) -> None:
        """Add up what ended processes have left, then write every second, and once more when the process ends."""
        try:
            fold_ended(self._folder, now_s=SystemClock().now().timestamp())
        except OSError as error:
            logger.warning("Figures of earlier processes in %s could not be read: %s", self._folder, error)
        threading.Thread(target=self._run, name="metrics", daemon=True).start()
        at_process_end(self.stop)

    def stop(self) -> None:
        """Stop the thread and write a last time."""
        self._stop.set()
        self.write()

    def write(self) -> None:
        """Write what stands now. A full disk costs the figures, never an answer."""
        snapshot = Snapshot(self._role, os.getpid(), SystemClock().now().timestamp(), totals_of(self._counts), dict(self.gauges()))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(self._path, snapshot)
        except OSError as error:
            if not self._failed:
                logger.warning("Figures for /metrics cannot be written to %s: %s", self._folder, error)
            self._failed = True
        else:
            self._failed = False

    def _run(self) -> None:
        self.write()
        while not self._stop.wait(WRITE_EVERY_S):
            self.write()


def read_snapshots(folder: Path) -> list[Snapshot]:
    """Every process's newest file, those of ended processes as one."""
    if not folder.is_dir():
        return []
    with _lock(folder, fcntl.LOCK_SH):
        return [snapshot for _, snapshot in _read_all(folder)]


def fold_ended(folder: Path, *, now_s: float) -> None:
    """Add the files of processes that have ended to one file, and delete them."""
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder, fcntl.LOCK_EX):
        ended = [(path, found) for path, found in _read_all(folder) if path.name != ENDED and not _runs(found, now_s)]
        if not ended:
            return
        kept = _read(folder / ENDED)
        sum_of_all = kept.totals if kept is not None else Totals()
        for _, snapshot in ended:
            sum_of_all.add(snapshot.totals)
        _write(folder / ENDED, Snapshot("ended", 0, 0.0, sum_of_all, {}))
        for path, _ in ended:
            path.unlink(missing_ok=True)


def _runs(snapshot: Snapshot, now_s: float) -> bool:
    if snapshot.is_live(now_s):
        return True
    try:
        os.kill(snapshot.process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _spread(spread: Spread) -> tuple[list[int], float]:
    return list(spread.numbers), spread.sum_s


def _write(path: Path, snapshot: Snapshot) -> None:
    totals = snapshot.totals
    written = {
        "role": snapshot.role,
        "process_id": snapshot.process_id,
        "written_at_s": snapshot.written_at_s,
        "answers": [[*key, number] for key, number in totals.answers.items()],
        "events": [[*key, number] for key, number in totals.events.items()],
        "spreads": totals.spreads,
        "gauges": dict(snapshot.gauges),
    }
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(written), "utf-8")
    os.replace(unfinished, path)


def _read_all(folder: Path) -> Iterator[tuple[Path, Snapshot]]:
    for path in sorted(folder.glob("*.json")):
        snapshot = _read(path)
        if snapshot is not None:
            yield path, snapshot


def _read(path: Path) -> Snapshot | None:
    try:
        written = json.loads(path.read_text("utf-8"))
        totals = Totals(
            Counter({(by, variant, status): number for by, variant, status, number in written["answers"]}),
            Counter({(what, how): number for what, how, number in written["events"]}),
            # Those of another version, with other bounds, cannot be added to ours.
            {name: (numbers, sum_s) for name, (numbers, sum_s) in written["spreads"].items() if _fits(name, numbers)},
        )
        return Snapshot(written["role"], written["process_id"], written["written_at_s"], totals, written["gauges"])
    except (OSError, ValueError, KeyError, TypeError):  # of another version, or cut short by a full disk
        return None


def _fits(name: str, numbers: list[int]) -> bool:
    return name in BOUNDS_S and len(numbers) == len(BOUNDS_S[name]) + 1


@contextmanager
def _lock(folder: Path, mode: int) -> Iterator[None]:
    with open(folder / "lock", "a") as lock:
        fcntl.flock(lock, mode)
        yield
