"""The edge's own web server in a thread, with one page in its memory and something like Django behind it."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from zoneinfo import ZoneInfo

import uvloop

from broadsheet.core.counts import AnswerCounts
from broadsheet.edge.application import Edge
from broadsheet.edge.database import Database, FoundPage
from broadsheet.edge.held import HeldArticle, hold_page
from broadsheet.edge.holdings import Holdings, Terms
from broadsheet.edge.server import PageServer
from broadsheet.library.access import Access
from broadsheet.paywall.resolver import Asked

HELD, WALL = "/articles/7/held/", b"<p>The wall of article 7.</p>" * 50
PAGE = gzip.compress(WALL, mtime=0)
PATIENCE_S = 20.0


@dataclass
class Django:
    """What stands behind the edge: notes what it is asked, answers when it may."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)
    fails: bool = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(environ)
        assert self.may_answer.wait(PATIENCE_S)
        if self.fails:
            raise RuntimeError("a view failed")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"Django saw ", environ["PATH_INFO"].encode("latin-1")]


class Running:
    """A server in a thread of its own."""

    def __init__(self) -> None:
        self.django = Django()
        self.django.may_answer.set()
        holdings = Holdings(
            Database("sqlite:////nowhere/none.sqlite3"), Terms("recipe", ZoneInfo("UTC"), 3, []), max_bytes=10_000_000
        )
        holdings.looked_at = float("inf")
        self.holdings = holdings
        self.hold(7, "held", PAGE)
        self.edge = Edge(self.django, holdings, proxies=(), count_view=lambda *_: None, counts=AnswerCounts())
        self.server = PageServer(self.edge, threads=2)
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.run(self.server.listen("127.0.0.1", 0))
        self.port = self.server.address[1]

    def hold(self, article_id: int, slug: str, page: bytes) -> None:
        """Have a wall in memory, compressed as it is."""
        article = HeldArticle(slug, Asked(article_id, Access.METERED), datetime(2020, 1, 1, tzinfo=UTC))
        self.holdings.articles.put(article_id, article, turn=0)
        kind = "wall-stranger-stranger"
        found = FoundPage("text/html; charset=utf-8", "tag", page, None, frozenset({article_id}))
        self.holdings.pages.put((f"/articles/{article_id}/", kind, "gzip"), hold_page(found, kind, "gzip", []), turn=0)

    def run(self, work: Any) -> Any:
        """Do something in the server's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def start(self, work: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def pass_by(self, seconds: int) -> None:
        """Let time pass for the server."""

        async def later() -> None:
            self.server.seconds += seconds
            for each in tuple(self.server.connections):
                each.close_if_late()

        self.run(later())

    def close(self) -> None:
        self.django.may_answer.set()
        self.run(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
        link = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        with closing(link):
            link.request(method, path, headers={"Accept-Encoding": "gzip", **{k.replace("_", "-"): v for k, v in headers.items()}})
            answer = link.getresponse()
            return answer, answer.read()

    def tell(self, *parts: bytes) -> bytes:
        """Send bytes, and everything that comes until the server closes the connection."""
        with self.connect() as link:
            for part in parts:
                link.sendall(part)
            return read_all(link)


def read_all(link: socket.socket) -> bytes:
    got = b""
    while part := link.recv(65_536):
        got += part
    return got


def request(path: str = HELD, *lines: str, method: str = "GET") -> bytes:
    head = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept-Encoding: gzip", *lines]
    return "\r\n".join([*head, "", ""]).encode()


LAST = request(HELD, "Connection: close")
