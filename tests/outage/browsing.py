"""One reader's browser without scripts: cookies, one connection that stays open, forms."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from threading import Event, Thread
from urllib.parse import urlencode

from tests.outage.answers import Answer
from tests.outage.site import Host

TIMEOUT_S = 30
_opened: list[Browsing] = []


def close_all() -> None:
    """Close every browser that was opened."""
    while _opened:
        _opened.pop().close()


class Browsing:
    """A browser on one host; `cookies` may be taken to another."""

    def __init__(self, host: Host, cookies: Mapping[str, str] | None = None) -> None:
        self.host = host
        self.cookies = dict(cookies or {})
        self.connections = 0
        self._link: HTTPConnection | None = None
        _opened.append(self)

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self._ask("GET", path, {}, b"")

    def post(self, path: str, fields: Mapping[str, str] | None = None, *, origin: str = "") -> Answer:
        """Send a form of one of the site's own pages."""
        headers = {
            "Origin": origin or self.host.environment["BROADSHEET_SITE_URL"],
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self._ask("POST", path, headers, urlencode(fields or {}).encode())

    def sign_in(self, email: str, password: str) -> None:
        """Sign in by password, and read a page so that the pass is there."""
        assert self.post("/login/", {"email": email, "password": password}).status in (302, 303)
        assert "broadsheet_pass" in self.cookies

    def close(self) -> None:
        """Close the connection."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        headers = {"Host": f"localhost:{self.host.port}", "Accept-Encoding": "gzip", **headers}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self._link is None:
            self._link = HTTPConnection("127.0.0.1", self.host.port, timeout=TIMEOUT_S)
            self.connections += 1
        asked_at = time.monotonic()
        try:
            self._link.request(method, path, body or None, headers)
            response = self._link.getresponse()
            received = response.read()
        except (OSError, HTTPException):
            self.close()
            raise
        seconds = time.monotonic() - asked_at
        for given in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(given).items():
                if morsel["max-age"] == "0" or morsel["max-age"] == 0 or morsel.value == "":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        named = {name.casefold(): value for name, value in response.headers.items()}
        if named.get("connection", "").casefold() == "close":
            self.close()
        return Answer(response.status, named, received, asked_at, seconds)


class Reading:
    """Somebody who asks for the same pages again and again, until told to stop; keeps every answer."""

    def __init__(self, browsing: Browsing, paths: list[str], *, pause_s: float = 0.02) -> None:
        self.answers: list[Answer] = []
        self.failures: list[Exception] = []
        self._browsing, self._paths, self._pause_s = browsing, paths, pause_s
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the page in hand, and read no more."""
        self._stop.set()
        self._thread.join()

    def wait_for_a_round(self) -> None:
        """Wait until every page has been answered once."""
        deadline = time.monotonic() + TIMEOUT_S
        while len(self.answers) < len(self._paths) and time.monotonic() < deadline:
            time.sleep(self._pause_s)

    def between(self, since: float, until: float) -> list[Answer]:
        """The answers to what was asked in a span of the machine's steady clock."""
        return [answer for answer in list(self.answers) if since <= answer.asked_at < until]

    def _run(self) -> None:
        while not self._stop.is_set():
            for path in self._paths:
                try:
                    self.answers.append(self._browsing.get(path))
                except (OSError, HTTPException) as error:
                    self.failures.append(error)
                self._stop.wait(self._pause_s)
