"""The version before, which serves while another one is made ready; readers who read and unlock all the while."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_S = 120.0
PAUSE_S = 0.1  # between one article that is opened and the next
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Browser:
    """A reader's browser, by its cookies."""

    cookie: str = ""


@dataclass
class Readers:
    """What readers do: strangers read, members open articles one after the other, the last member not before the end."""

    port: int
    site_url: str
    paths: Sequence[str]
    members: Sequence[Browser]
    counts: Counter[str] = field(default_factory=Counter)
    longest_s: float = 0.0
    oddities: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def get(self, path: str, browser: Browser | None = None) -> tuple[int, str]:
        """One page as a browser gets it; (0, "") if there was no answer."""
        return self._ask("GET", path, browser or Browser())

    def unlock(self, path: str, browser: Browser) -> tuple[int, str]:
        """Press the button at the wall."""
        article_id = path.split("/")[2]
        return self._ask("POST", f"/articles/{article_id}/unlock/", browser)

    def last_opens(self, path: str) -> bool:
        """Whether the last member can open an article, and then read it."""
        member = self.members[-1]
        return self.unlock(path, member)[0] in (200, 302, 303) and 'data-reason="unlock"' in self.get(path, member)[1]

    @contextmanager
    def busy(self) -> Iterator[Readers]:
        """Let them read and unlock until the end of the block, as fast as they are answered."""
        threads = [threading.Thread(target=self._read), threading.Thread(target=self._open)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _read(self) -> None:
        while not self._stop.is_set():
            for path in (*self.paths, "/", "/library/"):
                self._note("read", *self.get(path), wanted="<html")

    def _open(self) -> None:
        for member in self.members[:-1]:
            for path in self.paths[:3]:
                if self._stop.is_set():
                    return
                time.sleep(PAUSE_S)
                self._note("unlocked", *self.unlock(path, member))
                self._note("read whole", *self.get(path, member), wanted='data-reason="unlock"')

    def _note(self, what: str, status: int, text: str, wanted: str = "") -> None:
        is_right = status in (200, 302, 303) and wanted in text
        self.counts[what if is_right else f"{what}: wrong"] += 1
        if not is_right:
            self.oddities.append(f"{what}: {status} {text[:300]}")

    def _ask(self, method: str, path: str, browser: Browser) -> tuple[int, str]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        headers = {"Host": "localhost", "Origin": self.site_url, **({"Cookie": browser.cookie} if browser.cookie else {})}
        started = time.monotonic()
        try:
            link.request(method, path, headers=headers)
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error)
        finally:
            self.longest_s = max(self.longest_s, time.monotonic() - started)
            link.close()


@contextmanager
def serving(environment: Mapping[str, str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the web server of whatever version the environment's PYTHONPATH and settings name."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--runtime-mode", "mt", "--blocking-threads", "4", "--no-ws", "broadsheet.conf.wsgi:application"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        _wait_until_it_answers(port, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            link.request("GET", "/robots.txt", headers={"Host": "localhost"})
            link.getresponse().read()
            return
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        finally:
            link.close()
