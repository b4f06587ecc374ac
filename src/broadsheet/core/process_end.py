"""What a process still has to do when it ends."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import util


def at_process_end(act: Callable[[], object]) -> None:
    """Call `act` when this process ends in order: by itself, or because it was told to (SIGTERM in a web server).

    A web server's processes are children by `multiprocessing`, which end without `atexit`'s functions; its own
    finalizers run in both.
    """
    util.Finalize(None, act, exitpriority=0)
