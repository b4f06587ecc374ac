"""Runs several processes as one: starts them, brings back those that die, stops all when asked to."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.1
# Web servers finish the answers they have begun; a worker finishes its letter. Then it is over.
STOP_TIMEOUT_S = 10.0
# A process that lived this long was well once; what ends sooner, again and again, waits longer each time.
STEADY_AFTER_S = 20.0
LONGEST_PAUSE_S = 30.0


class AddressTaken(Exception):
    """A port cannot be listened on; the message says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running: its name for the log, its command line, what is added to its environment, where it answers."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


def run_together(programs: Sequence[Program], *, tell: Callable[[str], object]) -> None:
    """Keep the programs running until SIGTERM, SIGHUP or Ctrl-C, then stop them all; `tell` is told what was started."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    kept = [_Kept(program) for program in programs]
    for each in kept:
        tell(each.start())
    while not stop.wait(LOOK_EVERY_S):
        for each in kept:
            each.look_after()
    _stop(kept)


def pause_before_start(deaths: int) -> float:
    """Seconds to wait before a program is started again that has died `deaths` times in a row soon after its start."""
    return min(LONGEST_PAUSE_S, 0.5 * 2 ** (deaths - 1)) if deaths else 0.0


def require_free(host: str, port: int) -> None:
    """Refuse an address that a web server could not listen on, or would have to share.

    Raises:
        AddressTaken: somebody else listens there, or this account may not.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        # As servers do: connections that are just closing do not count. Unlike them: no sharing with another listener.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
            trial.listen()
        except (OSError, OverflowError) as error:
            words = error.strerror if isinstance(error, OSError) else error
            raise AddressTaken(
                f"Port {port} of {host} cannot be listened on: {words}. Give another port, or stop what listens there "
                f"(`ss -ltnp sport = :{port}` names it)."
            ) from None


def broadsheet_command(*arguments: str) -> list[str]:
    """The command line that runs `broadsheet …` with this interpreter."""
    return [sys.executable, "-m", "broadsheet.conf.command", *arguments]


class _Kept:
    """One program, its process, and how often that has died lately."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths = 0
        self.started_at = 0.0
        self.due_at = 0.0

    def start(self) -> str:
        """Start a process; what there is to tell of it."""
        environment = {**os.environ, **self.program.environment}
        # A session of its own: Ctrl-C reaches this process only, which then stops the others in order.
        self.process = subprocess.Popen(self.program.command, env=environment, start_new_session=True)  # noqa: S603
        self.started_at = time.monotonic()
        return f"{self.program.name:<12} pid {self.process.pid:<8}{self.program.address}".rstrip()

    def look_after(self) -> None:
        """Notice a death, and start anew when it is time."""
        if self.process is None:
            if time.monotonic() >= self.due_at:
                logger.warning("started again: %s", self.start())
        elif self.process.poll() is not None:
            self._bury(self.process)

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        # What it leaves behind must not go on serving beside its successor.
        end_group(process, signal.SIGKILL)
        now = time.monotonic()
        self.deaths = self.deaths + 1 if now - self.started_at < STEADY_AFTER_S else 0
        pause = pause_before_start(self.deaths)
        self.due_at, self.process = now + pause, None
        logger.warning("%s ended (%s); it is started again in %.1f s", self.program.name, ending(process.returncode), pause)


def ending(status: int) -> str:
    """How a process ended, from its exit status as `subprocess` gives it."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def end_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a process and all that it started, as far as they are there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _stop(kept: Sequence[_Kept]) -> None:
    running = [each.process for each in kept if each.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in running:
        end_group(process, signal.SIGKILL)
        process.wait()
