"""An HTTP/1.1 server for finished pages: one event loop that answers from memory, threads for everything else.

A server that hands each request to a thread and takes the answer back spends more on that than the edge on the answer
(docs/benchmarks.md). Here a held page leaves in the same turn of the loop; what needs the database or Django is called as
any WSGI application is, in a thread. GET and HEAD only: it stands behind a proxy that sends everything else elsewhere,
keeps slow clients away and speaks TLS and HTTP/2.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import formatdate

from broadsheet.core import clock
from broadsheet.edge.application import Application, Edge, Environ
from broadsheet.edge.connection import Connection

logger = logging.getLogger(__name__)

BACKLOG = 1024
STOP_TIMEOUT_S = 7.0
# How long a thread that computes may go on before the loop gets its turn (Python's own is ten times as long): with four
# threads at work half of all held pages waited for 15 ms, now for one or two.
TURN_S = 0.0005


@dataclass(frozen=True, slots=True)
class Called:
    """What a WSGI application answered, whole."""

    status: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    def framed_headers(self) -> Sequence[tuple[str, str]]:
        """The headers, with the body's length if the application left it to the server."""
        has_length = any(name.lower() == "content-length" for name, _ in self.headers)
        if has_length or self.status.startswith(("204", "304")):
            return self.headers
        return [*self.headers, ("Content-Length", str(len(self.body)))]


class PageServer:
    """Listens, tells connections the time, and lends them threads."""

    def __init__(self, edge: Edge, *, threads: int) -> None:
        self.edge = edge
        self.connections: set[Connection] = set()
        self.address = ("", 0)
        self.is_stopping = False
        self.seconds = 0  # since it began, for timeouts
        self.date_end, self.last_end = head_ends()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answer")

    async def serve(self, host: str, port: int) -> None:
        """Answer until SIGTERM or Ctrl-C, then finish what has begun. Several processes may share one port."""
        sys.setswitchinterval(TURN_S)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await self.listen(host, port)
        await stop.wait()
        await self.stop()

    async def listen(self, host: str, port: int) -> None:
        """Begin to answer; with port 0 on a free one, which `address` then names."""
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(lambda: Connection(self), host, port, reuse_port=True, backlog=BACKLOG)
        self.address = self._listening.sockets[0].getsockname()[:2]
        self._ticking = loop.create_task(self._tick())

    async def stop(self) -> None:
        """Take no more requests, finish what has begun, and close every connection."""
        self._listening.close()
        self.is_stopping = True
        for connection in tuple(self.connections):
            connection.close_if_idle()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + STOP_TIMEOUT_S
        while self.connections and loop.time() < deadline:
            await asyncio.sleep(0.02)
        self._ticking.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def call(self, environ: Environ) -> asyncio.Future[Called]:
        """Have the edge asked in a thread, where it may wait for the database and for Django."""
        return asyncio.get_running_loop().run_in_executor(self._pool, call, self.edge, environ)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.seconds += 1
            self.date_end, self.last_end = head_ends()
            for connection in tuple(self.connections):
                connection.close_if_late()


def call(application: Application, environ: Environ) -> Called:
    """Call a WSGI application (PEP 3333)."""
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        told.append((status, headers))

    try:
        body = _join(application(environ, start_response))
    except Exception:
        logger.exception("A page could not be answered.")
        return Called("500 Internal Server Error", [("Content-Length", "0")], b"")
    status, headers = told[-1]
    return Called(status, headers, body)


def _join(parts: Iterable[bytes]) -> bytes:
    try:
        return b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()


def head_ends() -> tuple[bytes, bytes]:
    """The end of every answer's head just now: of one that others may follow on its connection, and of the last."""
    date = f"Date: {formatdate(clock.now().timestamp(), usegmt=True)}\r\n".encode()
    return date + b"\r\n", date + b"Connection: close\r\n\r\n"
