"""Runs the benchmarks: every function named `measure_…` in `bench/*_bench.py`.

    make bench                                  # all of them
    .venv/bin/python bench/run.py unlock        # those whose name contains a word

A measurement gives a `Result`: a figure of ours beside the figure it is held against, both taken in the same run on the
same machine, because a time alone says nothing about another machine. The table is printed; `bench/results.json` holds
the same and is not committed. What a run showed is written into `docs/benchmarks.md` by hand.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement. `bar` is the least (or, with `at_most`, the greatest) ratio or figure that is good enough.

    `yardstick` is the other side's figure in the same unit, None where the bar is a bound and not a ratio. Without a bar
    the figure is only stated. `low` and `high` are the ends of the figure's 95% interval, where rounds were repeated; with
    `by_interval` it is enough that the interval touches the bar.
    """

    name: str
    unit: str
    ours: float
    bar: float | None
    yardstick: float | None = None
    at_most: bool = False
    note: str = ""
    low: float | None = None
    high: float | None = None
    by_interval: bool = False

    @property
    def figure(self) -> float:
        """What is held against the bar: the ratio to the yardstick, or our own figure."""
        return self.ours if self.yardstick is None else self.ours / self.yardstick

    @property
    def holds(self) -> bool:
        """Whether the bar is reached."""
        if self.bar is None:
            return True
        best = self.low if self.at_most else self.high
        figure = best if self.by_interval and best is not None else self.figure
        return figure <= self.bar if self.at_most else figure >= self.bar


Measurement = Callable[[], Result | list[Result]]


def find_measurements(word: str, folder: Path = HERE) -> Iterator[tuple[str, Measurement]]:
    """The measurements whose name contains `word`, file by file."""
    for path in sorted(folder.glob("*_bench.py")):
        spec = spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} cannot be imported")
        module = module_from_spec(spec)
        sys.modules[path.stem] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
        for name in sorted(vars(module)):
            if name.startswith("measure_") and word in f"{path.stem}.{name}":
                yield f"{path.stem}.{name}", vars(module)[name]


def make_table(results: list[Result]) -> Table:
    """The results for a terminal."""
    table = Table("what", "ours", "yardstick", "figure", "bar", "")
    for result in results:
        yardstick = "" if result.yardstick is None else f"{result.yardstick:,.3g} {result.unit}"
        sign = "<=" if result.at_most else ">="
        spread = "" if result.low is None or result.high is None else f" ({result.low:,.3g} to {result.high:,.3g})"
        table.add_row(
            result.name,
            f"{result.ours:,.3g} {result.unit}",
            yardstick,
            f"{result.figure:,.3g}{spread}",
            "" if result.bar is None else f"{sign} {result.bar:,.3g}",
            "" if result.bar is None else "holds" if result.holds else "MISSED",
        )
    return table


def main() -> int:
    """Run, print, write; 1 when a bar was missed."""
    from bench.needs import Missing

    word = sys.argv[1] if len(sys.argv) > 1 else ""
    console = Console()
    load_before = os.getloadavg()[0]
    results: list[Result] = []
    for name, measure in find_measurements(word):
        console.print(f"measuring {name}", style="dim")
        try:
            measured = measure()
        except Missing as missing:
            console.print(f"left out: {missing}", style="yellow")
            continue
        results.extend(measured if isinstance(measured, list) else [measured])
    if not results:
        console.print(f"No measurement{f' named like {word!r}' if word else ' yet'}: bench/*_bench.py holds them.")
        return 1 if word else 0
    console.print(make_table(results))
    machine = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load_before": load_before,
        "load_after": os.getloadavg()[0],
    }
    rows = [{**asdict(result), "figure": result.figure, "holds": result.holds} for result in results]
    (HERE / "results.json").write_text(json.dumps({"machine": machine, "results": rows}, indent=1), "utf-8")
    return 0 if all(result.holds for result in results) else 1


if __name__ == "__main__":
    sys.path[:0] = [str(HERE.parent), str(HERE)]
    raise SystemExit(main())
