"""`broadsheet render`: have every page ready before somebody asks for it."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from time import monotonic
from typing import Any

import django
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from broadsheet.core import clock
from broadsheet.pages.recipe import current_recipe
from broadsheet.pages.render_flows import Order, Outcome, ProgramReplaced, Report, begin_rendering, end_rendering, render_batch
from broadsheet.pages.wanted_store import Wanted, count_wanted, wanted_batches

AHEAD = 2  # batches that wait for each process, so that none is idle and few lie in memory
SHOWN_FAILURES = 20


class Command(BaseCommand):
    help = """Make the pages of every published article and of every list, newest first, with today's templates.

Readers notice nothing: pages that are there stay until the new ones are, and a page that is missing is made at its first
request. Broken off, the command goes on where it was when it is run again. Several may run at once.

Examples:
  broadsheet render                      what is missing: after an upgrade, an import, a change that shows everywhere
  broadsheet render --all --processes 4  everything again

Exit status: 0 every page is there, 1 some could not be made (the log says why)."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--missing", action="store_true", help="make what is missing (the default)")
        which.add_argument("--all", action="store_true", help="make everything again")
        parser.add_argument("--processes", type=int, default=1, metavar="N", help="processor cores to use (default: 1)")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        started = monotonic()
        try:
            report = render_everything(everything=options["all"], processes=options["processes"], shown=not options["json"])
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                f"The database does not answer: {error}. What was made is kept; run `broadsheet render` again and it goes on."
            ) from error
        except BrokenProcessPool as error:
            raise CommandError("A process ended before its time, perhaps for want of memory; run it again with fewer.") from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. What was made is kept; run `broadsheet render` again and it goes on.") from None
        except ProgramReplaced as error:
            raise CommandError(f"The program was replaced meanwhile; run `broadsheet render` again. {error}") from error
        told = describe_as_json if options["json"] else describe
        self.stdout.write(told(report, monotonic() - started))
        if report.failed:
            sys.exit(1)


def render_everything(*, everything: bool, processes: int, shown: bool) -> Report:
    """Make what is missing, or everything, in this process or in several; `shown`: draw a bar where a person watches."""
    order = begin_rendering(everything=everything, now=clock.now())
    report = Report()
    with _progress(count_wanted(now=clock.now()), shown=shown) as advance:
        batches = wanted_batches(now=clock.now())
        for part in _in_this_process(batches, order) if processes <= 1 else _in_processes(batches, order, processes):
            report += part
            advance(part.outcomes.total())
    end_rendering(order, now=clock.now())
    return report


def _in_this_process(batches: Iterable[list[Wanted]], order: Order) -> Iterator[Report]:
    for batch in batches:
        yield render_batch(batch, order, now=clock.now())


def _in_processes(batches: Iterable[list[Wanted]], order: Order, processes: int) -> Iterator[Report]:
    running: deque[Future[Report]] = deque()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=django.setup) as pool:
        for batch in batches:
            running.append(pool.submit(render_batch, batch, order, now=clock.now()))
            if len(running) >= processes * AHEAD:
                yield running.popleft().result()
        yield from (future.result() for future in running)


@contextmanager
def _progress(total: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, where a person watches."""
    console = Console(stderr=True)
    if not shown or not console.is_terminal:
        yield lambda count: None
        return
    columns = (TextColumn("Rendering"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield partial(progress.advance, progress.add_task("Rendering", total=total))


def describe(report: Report, seconds: float) -> str:
    """The report as a person reads it."""
    count = report.outcomes
    lines = [
        f"{count[Outcome.MADE]} pages made in {seconds:.0f} s ({count[Outcome.MADE] / seconds:.1f} a second), "
        f"{count[Outcome.PRESENT]} were there already."
    ]
    if count[Outcome.OUTRUN]:
        lines.append(f"{count[Outcome.OUTRUN]} changed all the while; their first reader's request makes them.")
    if report.failed:
        lines.append(f"{len(report.failed)} failed; the log says why:")
        lines += [f"  {path}" for path in report.failed[:SHOWN_FAILURES]]
    return "\n".join(lines)


def describe_as_json(report: Report, seconds: float) -> str:
    """The report as a program reads it."""
    counts = {str(outcome): report.outcomes[outcome] for outcome in Outcome}
    return json.dumps({**counts, "failures": report.failed, "seconds": round(seconds, 2), "recipe": current_recipe()})
