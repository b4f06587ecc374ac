"""`broadsheet reindex`: builds this host's search index anew; with `--follow` keeps it true."""

from __future__ import annotations

import logging
import signal
import threading
import time
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, close_old_connections
from rich.console import Console
from rich.progress import Progress as Bar

from broadsheet.library.search.folder import Progress, SearchFolder
from broadsheet.library.search.index_flows import FAULTS, POLL_EVERY_S, Indexer, search_folder

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.2
ANSWER_WITHIN_S = 30.0  # in which whoever follows the change log on this host begins what it is asked for
PAUSE_S = 5.0  # after a fault, so that a full disk does not fill the log


class Command(BaseCommand):
    help = (
        "Build this host's search index anew from the database. The one that is there is asked until the new one is done.\n\n"
        "Example: broadsheet reindex\n"
        "`broadsheet serve` runs `broadsheet reindex --follow`, which builds an index if there is none and then keeps it true."
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--follow", action="store_true", help="keep the index true until stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = search_folder()
        if options["follow"]:
            follow(folder)
            return
        with Bar(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("articles", total=None)
            count = rebuild(folder, lambda progress: bar.update(task, completed=progress.done, total=progress.total))
        self.stdout.write(f"The search index holds {count} articles." if count is not None else "The search index is built anew.")


def follow(folder: SearchFolder) -> None:
    """Keep this host's index true until SIGTERM or Ctrl-C; waits while another process does so."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        with folder.alone() as is_alone:
            if is_alone:
                _follow(Indexer(folder), stop)
        stop.wait(POLL_EVERY_S)


def rebuild(folder: SearchFolder, show: Callable[[Progress], object]) -> int | None:
    """Build the index here, or have it built by the process that follows; the number of articles, where it was built here."""
    with folder.alone() as is_alone:
        if is_alone:
            return Indexer(folder, on_progress=show).build()
    before = folder.read_current()
    folder.want_rebuild()
    began = time.monotonic()
    while folder.read_current() == before:
        progress = folder.read_progress()
        if progress is not None:
            began = time.monotonic()
            show(progress)
        elif time.monotonic() - began > ANSWER_WITHIN_S:
            raise CommandError("The process that keeps the search index does not answer; look at its log, or restart the service.")
        time.sleep(LOOK_EVERY_S)
    return None


def _follow(indexer: Indexer, stop: threading.Event) -> None:
    pause = 0.0
    while not stop.wait(pause or POLL_EVERY_S):
        pause = 0.0
        close_old_connections()
        try:
            indexer.step()
        except DatabaseError as error:
            logger.warning("The search index waits: the database does not answer: %s", error)
            pause = PAUSE_S / 5
        except FAULTS:
            logger.exception("The search index could not be written; it is tried again in %.0f s.", PAUSE_S)
            pause = PAUSE_S
    indexer.close()
