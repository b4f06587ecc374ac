"""The load client: wrk on a core of its own, sending prepared requests."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.needs import need_command
from bench.servers import Server

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 64
BUSY_TURNS = 3_000  # about 27 µs for each answer on a 2.6 GHz core: slower than any server here


@dataclass(frozen=True, slots=True)
class Request:
    """One request, but for the headers that every browser sends."""

    path: str
    cookie: str = ""
    headers: tuple[str, ...] = ()
    method: str = "GET"

    def line(self) -> str:
        """As `load.lua` reads it."""
        return f"{self.method}\t{self.path}\t{self.cookie}\t{'|'.join(self.headers)}\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. `cpu_us` is the server's CPU for each request; times are of requests, in microseconds."""

    requests: int
    seconds: float
    cpu_us: float
    p50_us: int
    p99_us: int

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def write_requests(path: Path, requests: Iterable[Request]) -> Path:
    """The file that a run sends from, over and over."""
    with path.open("w") as file:
        file.writelines(request.line() for request in requests)
    return path


def send(
    server: Server,
    requests: Path,
    *,
    core: int,
    seconds: float,
    status: int = 200,
    connections: int = CONNECTIONS,
    work: int = BUSY_TURNS,
    think_ms: float = 0.0,
) -> Outcome:
    """Send requests for some seconds and see what they cost the server.

    Raises:
        RuntimeError: an answer was missing or had another status.
    """
    command = [
        *(need_command("wrk", "wrk"), "--threads", "1", "--connections", str(connections), "--duration", f"{seconds:.0f}s"),
        *("--timeout", "20s", "--script", str(SCRIPT), f"http://127.0.0.1:{server.port}/"),
    ]
    environment = {
        **os.environ,
        "LOAD_REQUESTS": str(requests),
        "LOAD_STATUS": str(status),
        "LOAD_WORK": str(work),
        "LOAD_THINK_MS": str(think_ms),
    }
    before = server.cpu_s()
    ran = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    used = server.cpu_s() - before
    told = json.loads(ran.stdout.strip().splitlines()[-1])
    if told["bad"] or not told["requests"]:
        raise RuntimeError(f"{told['bad']} of {told['requests']} answers of {server.name} were wrong: {ran.stdout}{ran.stderr}")
    return Outcome(told["requests"], told["seconds"], used / told["requests"] * 1e6, told["p50_us"], told["p99_us"])
