"""`broadsheet serve` as a process of its own, looked at from outside: what it prints, its processes, what readers get."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# The machine may be busy; nothing here waits longer than it has to.
PATIENCE_S = 120.0
WORDS = "strait treaty envoy border summit cabinet tanker ceasefire parliament embargo harbour delegation ministry reactor"


def broadsheet(*arguments: str, environment: Mapping[str, str], **options: object) -> subprocess.CompletedProcess[str]:
    """Run one command of the house to its end."""
    command = [sys.executable, "-m", "broadsheet.conf.command", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


def wait_for(is_so: Callable[[], object], what: str, *, seconds: float = PATIENCE_S) -> None:
    """Look again and again until it is so, or fail."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not after {seconds:.0f} s"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def write_article(folder: Path) -> None:
    """An article of some 15 KB, to be imported."""
    text = "\n\n".join(" ".join([WORDS] * 10) + f" {number}." for number in range(12))
    item = {"id": "one", "headline": "One article", "body_text": text, "access": "free", "date": "2026-01-01T09:00:00Z"}
    (folder / "one.jsonl").write_text(json.dumps(item) + "\n")


@dataclass
class Serving:
    """A server that runs: its process, ports, and what it has printed so far."""

    process: subprocess.Popen[bytes]
    port: int
    edge_port: int
    log: Path
    environment: Mapping[str, str]

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def pid(self, name: str) -> int:
        """The newest process of one program, as it was told."""
        found = re.findall(rf"^(?:.*started again: )?{name} +pid (\d+)", self.printed, re.MULTILINE)
        assert found, self.printed
        return int(found[-1])

    def get(self, path: str, *, port: int | None = None) -> tuple[int, bytes]:
        """One answer over a connection of its own; (0, b"") if there was none."""
        link = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20)
        try:
            link.request("GET", path, headers={"Host": "localhost"})
            answer = link.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            link.close()

    def answers(self, path: str = "/", *, port: int | None = None) -> bool:
        return self.get(path, port=port)[0] == 200

    def wait_until_ready(self) -> None:
        wait_for(
            lambda: self.process.poll() is not None or (self.answers() and self.answers(port=self.edge_port)), "both ports answer"
        )
        assert self.process.poll() is None, self.printed

    def stop(self) -> float:
        """SIGTERM, and how many seconds it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)
        return time.monotonic() - started


@contextmanager
def serving(environment: Mapping[str, str], log: Path, *, port: int, edge_port: int, edge_workers: int = 1) -> Iterator[Serving]:
    """Run `broadsheet serve` on two ports; what it leaves behind is ended."""
    ports = ("--port", str(port), "--edge-port", str(edge_port), "--edge-workers", str(edge_workers))
    command = [sys.executable, "-m", "broadsheet.conf.command", "serve", *ports]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    server = Serving(process, port, edge_port, log, environment)
    try:
        yield server
    finally:
        started = [int(pid) for pid in re.findall(r"pid (\d+)", server.printed)]
        if process.poll() is None:
            server.stop()
        for pid in started:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)


@dataclass
class Load:
    """Readers who ask again and again over connections that they keep; counts what they got."""

    port: int
    path: str
    whole: bytes
    counts: Counter[str] = field(default_factory=Counter)
    oddities: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def read_on(self) -> None:
        """One reader."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        while not self._stop.is_set():
            try:
                link.request("GET", self.path, headers={"Host": "localhost"})
                answer = link.getresponse()
            except (OSError, http.client.HTTPException):
                self.counts["no answer"] += 1
                link.close()
                time.sleep(0.01)
                continue
            try:
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.counts["half"] += 1
                self.oddities.append(repr(error))
                link.close()
                continue
            is_right = answer.status == 200 and body == self.whole
            self.counts["right" if is_right else "wrong"] += 1
            if not is_right:
                self.oddities.append(f"{answer.status} {body[:200]!r}")
        link.close()

    @contextmanager
    def running(self, readers: int = 8) -> Iterator[Load]:
        threads = [threading.Thread(target=self.read_on) for _ in range(readers)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def wait_for_right(self, more: int) -> None:
        """Until so many more answers were right."""
        wanted = self.counts["right"] + more
        wait_for(lambda: self.counts["right"] >= wanted, f"{more} more right answers, so far {dict(self.counts)}")
