"""Many readers at once: keep-alive connections that ask at a steady pace and judge every answer.

Written on asyncio's own protocol, because an HTTP client with everything would take more of the machine than the server it loads.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from threading import Thread

from tests.outage.answers import Answer

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
PASS = re.compile(r"broadsheet_pass=([^;]*)")
ANSWER_TIMEOUT_S = 30.0
Judge = Callable[["Visitor", int, Answer], str]


class HalfAnswer(Exception):
    """The connection ended after an answer had begun."""


class Link(asyncio.Protocol):
    """One connection with one request on its way at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._waiting: asyncio.Future[bytes] | None = None
        self.is_open = True
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._waiting is not None and not self._waiting.done() and self._is_complete():
            self._waiting.set_result(self._received)
            self._received = b""

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(HalfAnswer(self._received[:200]) if self._received else ConnectionResetError())

    async def ask(self, request: bytes) -> bytes:
        """Send a request and wait for the whole answer.

        Raises:
            HalfAnswer: only a part of it came.
            ConnectionResetError: none of it came.
        """
        if not self.is_open or self._transport is None:
            raise ConnectionResetError
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await asyncio.wait_for(self._waiting, ANSWER_TIMEOUT_S)

    def close(self) -> None:
        """Hang up."""
        self.is_open = False
        if self._transport is not None:
            self._transport.close()

    def _is_complete(self) -> bool:
        head, blank, body = self._received.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        return bool(blank) and length is not None and len(body) >= int(length[1])


@dataclass
class Visitor:
    """One browser: of a kind, with cookies of its own, going round the same pages."""

    kind: str
    cookies: dict[str, str]
    newest: dict[int, int] = field(default_factory=dict)

    def request(self, path: str, host: str) -> bytes:
        """The bytes that ask for a page."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        cookie = f"Cookie: {cookies}\r\n" if cookies else ""
        return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n{cookie}\r\n".encode()


@dataclass
class Crowd:
    """All visitors, and what became of their requests. `judge` says what is wrong with an answer; nothing if all is well."""

    port: int
    paths: Sequence[str]
    visitors: Sequence[Visitor]
    judge: Judge
    every_s: float
    counts: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    _stop: bool = False
    _thread: Thread | None = None

    def start(self) -> None:
        """Let them come, in a thread of its own."""
        self._thread = Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let each finish the page in hand, and go."""
        self._stop = True
        assert self._thread is not None
        self._thread.join()

    async def _run(self) -> None:
        await asyncio.gather(*(self._visit(visitor, Random(number)) for number, visitor in enumerate(self.visitors)))

    async def _visit(self, visitor: Visitor, random: Random) -> None:
        link = Link()
        link.is_open = False
        await asyncio.sleep(random.uniform(0, self.every_s))
        while not self._stop:
            place = random.randrange(len(self.paths))
            began = time.monotonic()
            try:
                if not link.is_open:
                    _, link = await asyncio.get_running_loop().create_connection(Link, "127.0.0.1", self.port)
                    self.counts["connections"] += 1
                self._note(visitor, place, began, await link.ask(visitor.request(self.paths[place], f"localhost:{self.port}")))
            except HalfAnswer as half:
                self._wrong(visitor, place, f"half an answer: {half}")
            except (TimeoutError, ConnectionError) as error:
                link.close()  # a late answer must not be taken for that to the next request
                self.counts[type(error).__name__] += 1
                await asyncio.sleep(0.05)
            await asyncio.sleep(max(0.0, began + random.uniform(0.5, 1.5) * self.every_s - time.monotonic()))
        link.close()

    def _note(self, visitor: Visitor, place: int, began: float, received: bytes) -> None:
        answer = read_answer(received, began, time.monotonic() - began)
        given = PASS.match(answer.headers.get("set-cookie", ""))
        if given is not None:
            self.counts["new passes"] += 1
            visitor.cookies["broadsheet_pass"] = given[1]
        self.counts[str(answer.status)] += 1
        self.seconds.append(answer.seconds)
        problem = self.judge(visitor, place, answer)
        if problem:
            self._wrong(visitor, place, problem)

    def _wrong(self, visitor: Visitor, place: int, problem: str) -> None:
        self.counts["wrong"] += 1
        if len(self.wrongs) < 20:
            self.wrongs.append(f"{visitor.kind} {self.paths[place]}: {problem}")


def read_answer(received: bytes, asked_at: float, seconds: float) -> Answer:
    """The bytes of an answer as its parts; of a header that comes several times the one about the pass, else the last."""
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    for name, _, value in (line.partition(":") for line in lines):
        if not headers.get(name.casefold(), "").startswith(" broadsheet_pass"):
            headers[name.casefold()] = value
    return Answer(int(first.split()[1]), {name: value.strip() for name, value in headers.items()}, body, asked_at, seconds)


def make_visitors(number: int, kinds: Sequence[tuple[str, Sequence[Mapping[str, str]]]]) -> list[Visitor]:
    """So many visitors, of all kinds in turn; each kind has several sets of cookies, also in turn."""
    visitors = []
    for at in range(number):
        kind, cookies = kinds[at % len(kinds)]
        visitors.append(Visitor(kind, dict(cookies[at // len(kinds) % len(cookies)])))
    return visitors


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which `part` of them lie; 0 of none."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else 0.0
