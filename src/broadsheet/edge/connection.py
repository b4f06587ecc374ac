"""One client's connection: reads requests, and answers them in the order in which they came.

httptools (llhttp) reads; what it takes for broken, and what is longer than it should be, ends the connection. A body, which
means nothing with GET and HEAD, is read and thrown away. The bounds lie above those of the proxy: whatever gets through it
is answered, because a proxy takes a connection that breaks for a server that is gone.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import deque
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote_to_bytes

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from broadsheet.edge.application import Environ
from broadsheet.edge.held import write_head
from broadsheet.edge.holdings import NotHeld

if TYPE_CHECKING:
    from broadsheet.edge.server import Called, PageServer

logger = logging.getLogger(__name__)

LONGEST = 1_000_000  # bytes of a request, its body included; nginx lets through a head of 64 KB and a body of 256 KB
MAX_HEADERS = 100
REQUEST_TIMEOUT_S = 10  # from a request's first byte to its last
LINGER_S = 2  # for what a client still sends after it has been refused
IDLE_TIMEOUT_S = 75  # longer than a proxy keeps its connections, so that none is closed under a request
MAX_WAITING = 16  # requests that came on one connection before those before them were answered, or while nobody took the answers
_METHODS = {b"GET": "GET", b"HEAD": "HEAD"}
# All that finished pages depend on.
_READ = (
    (b"accept-encoding", "HTTP_ACCEPT_ENCODING"),
    (b"cookie", "HTTP_COOKIE"),
    (b"if-none-match", "HTTP_IF_NONE_MATCH"),
    (b"x-forwarded-for", "HTTP_X_FORWARDED_FOR"),
)


class Connection(asyncio.Protocol):
    """Answers from memory at once; while a thread is asked, or answers are not taken, later requests of the connection wait."""

    def __init__(self, server: PageServer) -> None:
        self._server = server
        self._parser = HttpRequestParser(self)
        self._waiting: deque[tuple[Environ, Mapping[bytes, bytes], bool]] = deque()
        self._is_busy = self._is_full = self._is_over = False
        self._idle_since, self._patience_s = server.seconds, IDLE_TIMEOUT_S
        self._url: bytes
        self._headers: dict[bytes, bytes]
        self._began_at: int | None
        self._forget_request()

    def _forget_request(self) -> None:
        self._url, self._headers = b"", {}
        self._repeated: list[tuple[bytes, bytes]] = []
        self._received, self._began_at = 0, None

    # -- What the event loop calls ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._client = str((transport.get_extra_info("peername") or ("",))[0])
        self._server.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._is_over = True
        self._server.connections.discard(self)

    def data_received(self, received: bytes) -> None:
        if self._is_over:
            return
        self._received += len(received)
        if self._received > LONGEST:
            self._refuse("413 Content Too Large")
            return
        try:
            self._parser.feed_data(received)
        except HttpParserCallbackError:
            logger.exception("A request could not be taken.")
            self._refuse("500 Internal Server Error")
        except (HttpParserError, HttpParserUpgrade):
            self._refuse("400 Bad Request")
        if len(self._waiting) > MAX_WAITING:
            self._refuse("429 Too Many Requests")

    def pause_writing(self) -> None:
        self._is_full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._is_full = False
        self._go_on()

    # -- What the parser calls -------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._began_at = self._server.seconds

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name, headers = name.lower(), self._headers
        if name in headers:
            self._repeated.append((name, value))
        else:
            headers[name] = value

    def on_message_complete(self) -> None:
        if self._is_over:  # sent ahead, after what ends the connection
            return
        method = _METHODS.get(self._parser.get_method())
        if method is None:
            self._refuse("405 Method Not Allowed", "Allow: GET, HEAD\r\n")
            return
        if self._parser.should_upgrade() or not self._url.startswith(b"/"):
            self._refuse("400 Bad Request")
            return
        if len(self._headers) + len(self._repeated) > MAX_HEADERS:
            self._refuse("431 Request Header Fields Too Large")
            return
        for name, value in self._repeated:
            self._headers[name] += (b"; " if name == b"cookie" else b", ") + value
        request = (read_head(method, self._url, self._headers, self._client), self._headers, self._parser.should_keep_alive())
        self._forget_request()
        if self._is_busy or self._is_full:
            self._waiting.append(request)
        else:
            self._answer(*request)

    # -- Answering -------------------------------------------------------------------------------------------------------

    def _answer(self, environ: Environ, headers: Mapping[bytes, bytes], keeps: bool) -> None:
        try:
            answer = self._server.edge.find_answer(environ, may_wait=False)
        except NotHeld:
            answer = None
        except Exception:
            logger.exception("A page could not be answered.")
            self._refuse("500 Internal Server Error")
            return
        if answer is None:
            self._ask(environ, headers, keeps)
            return
        body = b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body
        self._write(answer.head, body, keeps)

    def _ask(self, environ: Environ, headers: Mapping[bytes, bytes], keeps: bool) -> None:
        self._is_busy = True
        self._transport.pause_reading()
        asked = self._server.call(complete(environ, headers, self._server.address))
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        asked.add_done_callback(lambda done: self._take(done, is_head, keeps))

    def _take(self, done: asyncio.Future[Called], is_head: bool, keeps: bool) -> None:
        self._is_busy = False
        if self._is_over:
            return
        if done.cancelled():
            self._close()
            return
        called = done.result()
        self._write(write_head(called.status, called.framed_headers()), b"" if is_head else called.body, keeps)
        self._go_on()

    def _go_on(self) -> None:
        while self._waiting and not (self._is_busy or self._is_full or self._is_over):
            self._answer(*self._waiting.popleft())
        if not (self._is_busy or self._is_full or self._is_over):
            if self._began_at is not None:
                self._began_at = self._server.seconds  # the rest of it lay unread meanwhile
            self._transport.resume_reading()

    def _write(self, head: bytes, body: bytes, keeps: bool) -> None:
        server = self._server
        keeps = keeps and not server.is_stopping
        self._transport.write(b"".join((head, server.date_end if keeps else server.last_end, body)))
        self._idle_since = server.seconds
        if not keeps:
            self._close()

    def _refuse(self, status: str, line: str = "") -> None:
        if self._is_over:
            return
        self._transport.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n{line}".encode() + self._server.last_end)
        # To close while the client still sends would reset the connection, and the answer with it.
        self._transport.write_eof()
        self._transport.resume_reading()
        self._is_over = True
        self._idle_since, self._patience_s = self._server.seconds, LINGER_S

    # -- Ending ----------------------------------------------------------------------------------------------------------

    def close_if_idle(self) -> None:
        """Close unless an answer is being made; what is being made is sent first."""
        if not self._is_busy:
            self._close()

    def close_if_late(self) -> None:
        """Close if the client has been silent for too long, or takes too long over a request or an answer."""
        seconds = self._server.seconds
        is_slow = self._began_at is not None and seconds - self._began_at > REQUEST_TIMEOUT_S
        if not self._is_busy and (is_slow or seconds - self._idle_since > self._patience_s):
            self._is_over = True
            self._transport.abort()

    def _close(self) -> None:
        self._is_over = True
        self._transport.close()


def read_head(method: str, url: bytes, headers: Mapping[bytes, bytes], client: str) -> Environ:
    """What finished pages depend on, as WSGI names it. The path is not decoded: theirs need no `%`, all others are Django's."""
    path, _, query = url.decode("latin-1").partition("?")
    head = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "REMOTE_ADDR": client}
    for name, key in _READ:
        value = headers.get(name)
        if value is not None:
            head[key] = value.decode("latin-1")
    return head


def complete(head: Environ, headers: Mapping[bytes, bytes], address: tuple[str, int]) -> Environ:
    """The environ of one request as PEP 3333 wants it. Headers with `_` in their names are left out: they could pass for others."""
    sent = {
        "HTTP_" + name.decode("latin-1").upper().replace("-", "_"): value.decode("latin-1")
        for name, value in headers.items()
        if b"_" not in name
    }
    return {
        **{name: value for name, value in head.items() if not name.startswith("HTTP_")},
        **sent,
        "PATH_INFO": unquote_to_bytes(head["PATH_INFO"]).decode("latin-1"),
        "SCRIPT_NAME": "",
        "SERVER_NAME": address[0],
        "SERVER_PORT": str(address[1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
