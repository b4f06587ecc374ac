"""The edge's own web server: HTTP over real connections, the edge with a page in its memory, something like Django behind it."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.edge import connection
from broadsheet.edge.server import PageServer
from tests.conf.serving import wait_for
from tests.edge.page_server import HELD, LAST, PAGE, PATIENCE_S, WALL, Running, read_all, request
from tests.nginx import RunningNginx, free_ports, make_site, running_nginx


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
        "length and chunks, the other way round": (
            request(HELD, "Transfer-Encoding: chunked", "Content-Length: 3") + b"0\r\n\r\n",
            b"400",
        ),
        "chunks under another name": (request(HELD, "Transfer-Encoding: xchunked") + b"0\r\n\r\n", b"400"),
        "chunks, and something after them": (request(HELD, "Transfer-Encoding: chunked, gzip") + b"0\r\n\r\n", b"400"),
        "chunks of no number": (request(HELD, "Transfer-Encoding: chunked") + b"0x1\r\na\r\n0\r\n\r\n", b"400"),
        "a length with a sign": (request(HELD, "Content-Length: +3") + b"abc", b"400"),
        "a length beyond all numbers": (request(HELD, f"Content-Length: {2**64 + 3}") + b"abc", b"400"),
        "a blank before the colon": (request(HELD, "Content-Length : 3") + b"abc", b"400"),
        "a header that goes on in the next line": (request(HELD, "X: a", " Content-Length: 3") + b"abc", b"400"),
        "lines that end in LF": (request(HELD).replace(b"\r\n", b"\n"), b"400"),
        "a header that ends in LF": (request(HELD, "X: a\nContent-Length: 3") + b"abc", b"400"),
        "a header that ends in CR": (request(HELD, "X: a\rContent-Length: 3") + b"abc", b"400"),
        "a NUL": (request(HELD, "X: a\0b"), b"400"),
        "a control character": (request(HELD, "Cookie: a=\x01"), b"400"),
        "HTTP/2 unasked": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400"),
        "another server's page": (request("http://elsewhere.example" + HELD), b"400"),
        "no path": (request("*"), b"400"),
        "a form": (request(HELD, "Content-Length: 3", method="POST") + b"a=b", b"405"),
        "a form, and a page after it": (request(HELD, "Content-Length: 3", method="POST") + b"a=b" + request("/help/"), b"405"),
        "another protocol": (request(HELD, "Connection: Upgrade", "Upgrade: websocket"), b"400"),
        "a tunnel": (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"405"),
        "too many headers": (request(HELD, *(f"X-{number}: a" for number in range(connection.MAX_HEADERS))), b"431"),
        "one header too often": (request(HELD, *["X:"] * 50_000), b"431"),
        "a huge head": (request(HELD, "X: " + "a" * connection.LONGEST), b"413"),
        "a head without end": (request(HELD)[:-2] + b"X: " + b"a" * connection.LONGEST, b"413"),
        "a huge body": (request(HELD, f"Content-Length: {4 * connection.LONGEST}") + b"a" * 2 * connection.LONGEST, b"413"),
        "a body without end": (
            request(HELD, "Transfer-Encoding: chunked") + b"8000\r\n" + b"a" * 2 * connection.LONGEST,
            b"400",
        ),
    }.values(),
)
def test_what_is_not_a_plain_request_is_refused_once_and_ends_the_connection(running: Running, sent: bytes, status: bytes) -> None:
    got = running.tell(sent)
    assert got.startswith(b"HTTP/1.1 " + status), got[:100]
    assert b"Connection: close" in got
    assert got.count(b"HTTP/1.1") == 1
    assert running.django.asked == []
    assert running.ask(HELD)[0].status == 200


@pytest.mark.parametrize(
    "with_body",
    [
        request(HELD, "Content-Length: 30") + request("/admin/")[:30],
        request(HELD, "Content-Length: 0"),
        request(HELD, "Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n",
        request(HELD, "Content-Length: 300000") + b"a" * 300_000,
        request(HELD, "Content-Length: 3", "Expect: 100-continue") + b"abc",
    ],
)
def test_body_is_thrown_away_and_is_no_request(running: Running, with_body: bytes) -> None:
    got = running.tell(with_body, request("/help/"), LAST)
    assert (got.count(b"HTTP/1.1 200 OK"), got.count(PAGE)) == (3, 2)
    [environ] = running.django.asked
    assert (environ["PATH_INFO"], environ["wsgi.input"].read()) == ("/help/", b"")


def test_refusal_arrives_although_the_client_sends_on(running: Running) -> None:
    with running.connect() as link:
        link.sendall(request(HELD, "Content-Length : 3"))
        assert read_all(link).startswith(b"HTTP/1.1 400"), "and that was all"
        for _ in range(20):
            link.sendall(b"a" * 100_000)
        running.pass_by(connection.LINGER_S + 1)
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            while True:
                link.sendall(b"a" * 100_000)


def test_client_that_takes_no_answers_is_given_no_more_of_them(running: Running) -> None:
    size, number = 4_000_000, 8
    running.hold(8, "large", b"\0" * size)
    with running.connect() as link:
        link.sendall(request("/articles/8/large/") * number)
        wait_for(lambda: unsent_bytes(running), "the first answer waits")
        assert unsent_bytes(running) <= 2 * size
        got = b""
        while got.count(b"HTTP/1.1 200 OK") < number or not got.endswith(b"\0" * size):
            got += link.recv(1_000_000)
        link.sendall(LAST)
        assert read_all(link).endswith(PAGE)


def unsent_bytes(running: Running) -> int:
    return sum(each._transport.get_write_buffer_size() for each in running.server.connections)


def test_requests_that_nobody_waits_for_are_not_heaped_up(running: Running) -> None:
    running.django.may_answer.clear()
    with running.connect() as link:
        link.sendall(request("/help/") * (connection.MAX_WAITING + 2))
        assert link.recv(65_536).startswith(b"HTTP/1.1 429")


def test_nothing_sent_after_the_last_request_is_answered(running: Running) -> None:
    got = running.tell(LAST + request("/help/"))
    assert got.count(b"HTTP/1.1 200 OK") == 1
    assert running.django.asked == []


def test_old_client_is_answered_and_let_go(running: Running) -> None:
    got = running.tell(b"GET " + HELD.encode() + b" HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200 OK")
    assert got.endswith(PAGE)


def test_page_that_cannot_be_answered_ends_its_own_connection_only(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    find_answer = running.edge.find_answer

    def fail(environ: Any, **options: Any) -> Any:
        if environ["PATH_INFO"] == "/broken/":
            raise RuntimeError("the edge failed")
        return find_answer(environ, **options)

    running.edge.find_answer = fail  # type: ignore[method-assign]
    for ahead in (b"", request("/help/")):
        got = running.tell(ahead + request("/broken/") + request(HELD))
        assert got.endswith(b"Connection: close\r\n\r\n")
        assert (got.count(b"HTTP/1.1 200"), got.count(b"HTTP/1.1 500")) == (1 if ahead else 0, 1)
    assert "the edge failed" in caplog.text
    assert running.ask(HELD)[0].status == 200


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

        running.pass_by(connection.REQUEST_TIMEOUT_S + 1)
        assert slow.recv(1) == b""
        running.pass_by(connection.IDLE_TIMEOUT_S)
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


def test_process_ends_when_told_and_lets_no_thread_keep_the_loop_waiting(running: Running) -> None:
    server, before = PageServer(running.edge, threads=1), sys.getswitchinterval()

    async def serve() -> None:
        serving = asyncio.create_task(server.serve("127.0.0.1", 0))
        while not server.address[1]:
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, PATIENCE_S)

    # A browser that another test has opened keeps a loop of its own in this thread.
    others = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        uvloop.run(serve())
        assert sys.getswitchinterval() <= before / 5
    finally:
        sys.setswitchinterval(before)
        asyncio._set_running_loop(others)


# -- Behind nginx ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nginx(shared: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNginx]:
    """The site that `init` writes, before the edge; nobody listens where Django should."""
    directory = tmp_path_factory.mktemp("nginx")
    with running_nginx(make_site(directory, django_port=free_ports(1)[0], edge_port=shared.port)) as nginx:
        yield nginx


@pytest.mark.parametrize(
    ("lines", "body", "status"),
    [
        ({}, b"a" * 250_000, 200),
        ({f"X-{letter}": letter * 16_000 for letter in "abc"}, None, 200),
        ({f"X-{number}": "a" for number in range(500)}, None, 431),
        ({"Cookie": "a=\x01"}, None, 400),
        ({"Cookie": "a=\x01", "X-A": "a" * 16_000, "X-B": "b" * 16_000}, b"a" * 250_000, 400),
        ({"Upgrade": "h2c", "Connection": "Upgrade"}, None, 200),
        ({"Transfer-Encoding": "chunked"}, b"3\r\nabc\r\n0\r\n\r\n", 200),
    ],
)
def test_no_request_makes_nginx_take_the_edge_for_gone(
    nginx: RunningNginx, lines: dict[str, str], body: bytes | None, status: int
) -> None:
    """It would send everybody to Django for two seconds."""
    for _ in range(20):
        assert nginx.ask(HELD, headers={"Accept-Encoding": "gzip", **lines}, body=body).status == status
        after = nginx.ask(HELD, headers={"Accept-Encoding": "gzip"})
        assert (after.status, after.body) == (200, PAGE)
