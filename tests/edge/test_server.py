"""The edge's own web server: HTTP over real connections, the edge with a page in its memory, something like Django behind it."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.core.counts import AnswerCounts
from broadsheet.edge import connection
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
            Database("sqlite:////nowhere/none.sqlite3"), Terms("recipe", ZoneInfo("UTC"), 3, []), max_bytes=1_000_000
        )
        holdings.looked_at = float("inf")
        article = HeldArticle("held", Asked(7, Access.METERED), datetime(2020, 1, 1, tzinfo=UTC))
        holdings.articles.put(7, article, turn=0)
        kind = "wall-stranger-stranger"
        found = FoundPage("text/html; charset=utf-8", "tag", PAGE, None, frozenset({7}))
        holdings.pages.put(("/articles/7/", kind, "gzip"), hold_page(found, kind, "gzip", []), turn=0)
        self.holdings = holdings
        self.edge = Edge(self.django, holdings, proxies=(), count_view=lambda *_: None, counts=AnswerCounts())
        self.server = PageServer(self.edge, threads=2)
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.run(self.server.listen("127.0.0.1", 0))
        self.port = self.server.address[1]

    def run(self, work: Any) -> Any:
        """Do something in the server's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def start(self, work: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

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


@pytest.fixture
def running() -> Iterator[Running]:
    server = Running()
    yield server
    server.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    """For examples that leave nothing behind."""
    server = Running()
    yield server
    server.close()


def test_held_page_leaves_as_the_edge_gives_it(running: Running) -> None:
    told: list[Any] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": HELD, "HTTP_ACCEPT_ENCODING": "gzip"}
    body = b"".join(running.edge(environ, lambda *answer: told.append(answer)))
    answer, got = running.ask(HELD)
    sent = {name: value for name, value in answer.getheaders() if name != "Date"}
    assert (answer.status, sent, got) == (200, dict(told[0][1]), body)
    assert gzip.decompress(got) == WALL
    assert answer.headers["Date"].endswith("GMT")
    assert running.django.asked == []


def test_head_has_no_body_and_304_neither(running: Running) -> None:
    answer, got = running.ask(HELD, "HEAD")
    assert (answer.status, got, int(answer.headers["Content-Length"])) == (200, b"", len(PAGE))
    answer, got = running.ask(HELD, If_None_Match=answer.headers["ETag"])
    assert (answer.status, got) == (304, b"")


def test_what_is_not_held_is_asked_of_django_with_all_that_was_sent(running: Running) -> None:
    answer, got = running.ask("/search/%C3%A4/?q=a%20b", X_Request_ID="r1", Cookie="a=b")
    assert (answer.status, got.decode()) == (200, "Django saw /search/ä/")
    environ = running.django.asked[0]
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/search/ä/"
    wanted = {
        "QUERY_STRING": "q=a%20b",
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_X_REQUEST_ID": "r1",
        "HTTP_COOKIE": "a=b",
        "SERVER_PORT": str(running.port),
        "wsgi.url_scheme": "http",
    }
    assert {name: environ[name] for name in wanted} == wanted
    assert environ["wsgi.input"].read() == b""


def test_header_that_could_pass_for_another_is_left_out(running: Running) -> None:
    running.tell(request("/help/", "X-Forwarded-For: 5.6.7.8", "X_Forwarded_For: 1.2.3.4", "Connection: close"))
    assert running.django.asked[0]["HTTP_X_FORWARDED_FOR"] == "5.6.7.8"


def test_cookie_sent_in_two_headers_reaches_the_edge_as_one(running: Running) -> None:
    running.tell(request(HELD, "Cookie: a=1", "cOOKIE: broadsheet_session=s", "Connection: close"))
    assert running.django.asked[0]["HTTP_COOKIE"] == "a=1; broadsheet_session=s"


def test_held_page_does_not_wait_for_what_django_is_asked(running: Running) -> None:
    running.django.may_answer.clear()
    with running.connect() as slow:
        slow.sendall(request("/help/"))
        assert running.ask(HELD)[0].status == 200
        running.django.may_answer.set()
        assert slow.recv(65_536).startswith(b"HTTP/1.1 200 OK")


def test_held_page_does_not_wait_for_the_database_either(running: Running) -> None:
    asked, may_answer = threading.Event(), threading.Event()

    def find_article(article_id: int) -> None:
        asked.set()
        assert may_answer.wait(PATIENCE_S)

    running.holdings.database.find_article = find_article  # type: ignore[method-assign]
    with running.connect() as slow:
        slow.sendall(request("/articles/8/not-held/"))
        assert asked.wait(PATIENCE_S)
        assert running.ask(HELD)[0].status == 200
        may_answer.set()
        assert slow.recv(65_536).startswith(b"HTTP/1.1 200 OK")


def test_requests_sent_ahead_are_answered_in_their_order(running: Running) -> None:
    running.django.may_answer.clear()
    with running.connect() as link:
        link.sendall(request(HELD) + request("/help/") + request(HELD) + request("/about/") + LAST)
        running.django.may_answer.set()
        got = read_all(link)
    starts = [got.find(mark) for mark in (b"HTTP/1.1 200", b"Django saw /help/", b"Django saw /about/")]
    assert starts == sorted(starts)
    assert got.count(b"HTTP/1.1 200 OK") == 5
    assert got.count(PAGE) == 3
    assert got.endswith(PAGE)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 2 * len(LAST)), max_size=5))
def test_request_may_come_in_any_pieces(shared: Running, cuts: list[int]) -> None:
    sent = request(HELD) + LAST
    places = [0, *sorted(cut for cut in set(cuts) if cut < len(sent)), len(sent)]
    got = shared.tell(*(sent[start:end] for start, end in pairwise(places)))
    assert got.count(b"HTTP/1.1 200 OK\r\n") == got.count(PAGE) == 2


@pytest.mark.parametrize(
    ("sent", "status"),
    {
        "not HTTP": (b"\x16\x03\x01 hello\r\n\r\n", b"400"),
        "two lengths": (request(HELD, "Content-Length: 3", "Content-Length: 4") + b"abcd", b"400"),
        "length and chunks": (request(HELD, "Content-Length: 3", "Transfer-Encoding: chunked") + b"0\r\n\r\n", b"400"),
        "a body": (request(HELD, "Content-Length: 3") + b"abc", b"400"),
        "a form": (request(HELD, "Content-Length: 3", method="POST") + b"a=b", b"405"),
        "a form, and a page after it": (request(HELD, "Content-Length: 3", method="POST") + b"a=b" + request("/help/"), b"405"),
        "another protocol": (request(HELD, "Connection: Upgrade", "Upgrade: websocket"), b"400"),
        "a tunnel": (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"405"),
        "a huge head": (request(HELD, "X: " + "a" * 70_000), b"431"),
        "a head without end": (request(HELD)[:-2] + b"X: " + b"a" * 70_000, b"431"),
    }.values(),
)
def test_what_is_not_a_plain_request_is_refused_once_and_ends_the_connection(running: Running, sent: bytes, status: bytes) -> None:
    with running.connect() as link:
        link.sendall(sent)
        got = read_all(link)
    assert got.startswith(b"HTTP/1.1 " + status), got[:100]
    assert b"Connection: close" in got
    assert got.count(b"HTTP/1.1") == 1
    assert running.django.asked == []
    assert running.ask(HELD)[0].status == 200


def test_nothing_sent_after_the_last_request_is_answered(running: Running) -> None:
    got = running.tell(LAST + request("/help/"))
    assert got.count(b"HTTP/1.1 200 OK") == 1
    assert running.django.asked == []


def test_old_client_is_answered_and_let_go(running: Running) -> None:
    got = running.tell(b"GET " + HELD.encode() + b" HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200 OK")
    assert got.endswith(PAGE)


def test_view_that_fails_costs_its_own_request_only(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    running.django.fails = True
    got = running.tell(request("/help/") + LAST)
    assert got.startswith(b"HTTP/1.1 500")
    assert got.endswith(PAGE)
    assert "a view failed" in caplog.text


def test_client_that_says_nothing_more_is_let_go(running: Running) -> None:
    with running.connect() as silent, running.connect() as slow, running.connect() as waiting:
        running.django.may_answer.clear()
        slow.sendall(request(HELD)[:20])
        waiting.sendall(request("/help/"))
        while not running.django.asked or len(running.server.connections) < 3:
            pass

        async def later(seconds: int) -> None:
            running.server.seconds += seconds
            for each in tuple(running.server.connections):
                each.close_if_late()

        running.run(later(connection.HEAD_TIMEOUT_S + 1))
        assert slow.recv(1) == b""
        running.run(later(connection.IDLE_TIMEOUT_S))
        assert silent.recv(1) == b""
        running.django.may_answer.set()
        assert waiting.recv(65_536).startswith(b"HTTP/1.1 200 OK")


def test_stopping_finishes_what_has_begun_and_takes_nothing_new(running: Running) -> None:
    running.django.may_answer.clear()
    with running.connect() as begun, running.connect() as idle:
        begun.sendall(request("/help/"))
        idle.sendall(request(HELD))
        assert idle.recv(65_536).startswith(b"HTTP/1.1 200 OK")
        while not running.django.asked:
            pass
        stopping = running.start(running.server.stop())
        assert idle.recv(1) == b""
        assert not stopping.done()
        running.django.may_answer.set()
        got = read_all(begun)
    assert got.startswith(b"HTTP/1.1 200 OK")
    assert b"Connection: close" in got
    assert got.endswith(b"Django saw /help/")
    stopping.result(PATIENCE_S)
    with pytest.raises(ConnectionRefusedError):
        running.connect()
