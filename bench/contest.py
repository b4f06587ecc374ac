"""Contestants that take turns, and what comes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from bench.load import BUSY_TURNS, CONNECTIONS, Outcome, Request, send, write_requests
from bench.servers import Server
from bench.spread import ratio_of_rounds

if TYPE_CHECKING:
    from bench.run import Result

ROUNDS = int(os.environ.get("BENCH_EDGE_ROUNDS", "7"))
SECONDS = 2.0  # of one contestant in one round


@dataclass(frozen=True, slots=True)
class Contestant:
    """One server with one kind of request; the requests are written anew each round, because passes age.

    `name` is the server's and what is asked for. Requests are sent in an order that is the same in each run.
    """

    name: tuple[str, str]
    server: Server
    core: int
    write: Callable[[], list[Request]]
    status: int = 200
    connections: int = CONNECTIONS

    def run(self, folder: Path, *, seconds: float = SECONDS, work: int = BUSY_TURNS, think_ms: float = 0.0) -> Outcome:
        """One run of some seconds."""
        requests = write_requests(folder / "requests.txt", shuffled(self.write()))
        return send(
            self.server,
            requests,
            core=self.core,
            seconds=seconds,
            status=self.status,
            connections=self.connections,
            work=work,
            think_ms=think_ms,
        )


def run_rounds(folder: Path, entered: Sequence[Contestant], *, warm_s: float = SECONDS) -> dict[tuple[str, str], list[Outcome]]:
    """Warm each up, then let them take turns; the outcomes of each, round by round."""
    for contestant in entered:
        contestant.run(folder, seconds=warm_s)
    outcomes: dict[tuple[str, str], list[Outcome]] = {contestant.name: [] for contestant in entered}
    for _ in range(ROUNDS):
        for contestant in entered:
            outcomes[contestant.name].append(contestant.run(folder))
    return outcomes


def compare(name: str, ours: list[Outcome], theirs: list[Outcome], bar: float) -> Result:
    """How many requests a second of CPU answers, as a ratio."""
    from bench.run import Result

    ours_us, theirs_us = [outcome.cpu_us for outcome in ours], [outcome.cpu_us for outcome in theirs]
    ratio = ratio_of_rounds(theirs_us, ours_us)
    note = f"CPU of a request {describe(ours_us)} against {describe(theirs_us)} µs, {len(ours)} rounds of {SECONDS:.0f} s in turn"
    return Result(
        name,
        "requests a CPU second",
        1e6 / median(ours_us),
        bar,
        1e6 / median(theirs_us),
        note=note,
        low=ratio.low,
        high=ratio.high,
    )


def describe(values: Sequence[float]) -> str:
    """Median and range."""
    return f"{median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def shuffled(requests: Iterable[Request]) -> list[Request]:
    """In an order that is the same in each run."""
    ordered = list(requests)
    Random(1).shuffle(ordered)
    return ordered
