"""Browsers that talk WSGI to an application, so that the edge and Django alone can be asked the same."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import brotli
from django.conf import settings

Application = Callable[..., Iterable[bytes]]

# What a browser or a cache acts upon; the lengths of bodies that are not sent are left to each server.
TELLING = (
    *("cache-control", "vary", "etag", "content-encoding", "set-cookie", "location", "retry-after"),
    *("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy", "cross-origin-opener-policy"),
)


@dataclass(frozen=True)
class Answer:
    """One answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: SimpleCookie = field(repr=False, compare=False)

    @property
    def text(self) -> str:
        """The page, unpacked."""
        unpack = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[self.headers.get("content-encoding", "")]
        return bytes(unpack(self.body)).decode()

    @property
    def state(self) -> str:
        """`wall meter 2`, `open unlock 1`: what `<html data-…>` says; the status where it is no article's page."""
        tag = re.search(r"<html[^>]*>", self.text) if self.status == 200 else None
        found = re.findall(r'data-(?:access|reason|remaining)="([^"]*)"', tag[0]) if tag else []
        return " ".join(found) or str(self.status)

    @property
    def telling(self) -> dict[str, str]:
        """Status, and every header that says who may keep the answer, in which form, and how a browser must treat it."""
        shown = {name: self.headers[name] for name in TELLING if name in self.headers}
        if self.status == 200:
            shown["content-type"] = self.headers["content-type"]
            shown["content-length"] = self.headers["content-length"]
        return {"status": str(self.status), **shown}


class Visitor:
    """One browser with its cookies."""

    def __init__(self, application: Application, *, address: str = "127.0.0.1", cookies: dict[str, str] | None = None) -> None:
        self.application, self.address, self.cookies = application, address, dict(cookies or {})

    def get(self, path: str, **headers: str) -> Answer:
        """GET; `accept_encoding="br"` and the like are headers."""
        return self.ask("GET", path, headers)

    def head(self, path: str, **headers: str) -> Answer:
        return self.ask("HEAD", path, headers)

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form as a browser does from our own page."""
        return self.ask("POST", path, {"origin": settings.BROADSHEET.site_url}, urlencode(fields).encode())

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        bare, _, query = path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": bare,
            "QUERY_STRING": query,
            "SCRIPT_NAME": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self.address,
            "HTTP_HOST": "localhost",
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if body else "",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        if self.cookies and "cookie" not in headers:
            environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return self._read(environ)

    def _read(self, environ: dict[str, Any]) -> Answer:
        given: list[Any] = []
        chunks = self.application(environ, lambda status, headers, exc_info=None: given.append((status, headers)))
        body = b"".join(chunks)
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
        status, headers = given[-1]
        cookies = SimpleCookie()
        for name, value in headers:
            if name.lower() == "set-cookie":
                cookies.load(value)
        self._keep(cookies)
        return Answer(int(status.split()[0]), {name.lower(): value for name, value in headers}, body, cookies)

    def _keep(self, cookies: SimpleCookie) -> None:
        for name, morsel in cookies.items():
            if morsel["max-age"] == 0 or morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
