"""Runs several processes as one: starts them, brings back those that die, stops all when asked to."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

logger = logging.getLogger(__name__)

RESTART_DELAY_S = 1.0
STOP_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running: its name for the log, its command line, what is added to its environment."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


def run_together(programs: Sequence[Program], *, started: threading.Event | None = None) -> None:
    """Keep the programs running until SIGTERM or Ctrl-C, then stop them all."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    running = {program.name: _start(program) for program in programs}
    if started is not None:
        started.set()
    while not stop.wait(RESTART_DELAY_S):
        for program in programs:
            if running[program.name].poll() is not None:
                logger.warning("%s ended with status %s; starting it again", program.name, running[program.name].returncode)
                running[program.name] = _start(program)
    for process in running.values():
        process.terminate()
    for process in running.values():
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()


def broadsheet_command(*arguments: str) -> list[str]:
    """The command line that runs `broadsheet …` with this interpreter."""
    return [sys.executable, "-m", "broadsheet.conf.command", *arguments]


def _start(program: Program) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches this process only, which then stops the others in order.
    return subprocess.Popen(program.command, env={**os.environ, **program.environment}, start_new_session=True)  # noqa: S603
