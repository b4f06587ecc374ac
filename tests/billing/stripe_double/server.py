"""A small Stripe over HTTP, for tests: the calls that our gateway makes, Checkout and portal pages, signed events.

`StripeDouble(now)` runs in a thread; `books` is what it holds, `faults` what goes wrong next.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import stripe

from broadsheet.billing.stripe_client import API_VERSION
from tests.billing.stripe_double.books import Books
from tests.billing.stripe_double.forms import parse_form
from tests.billing.stripe_double.routes import find_route, pay_checkout
from tests.billing.stripe_double.shapes import WrongShape, check_params
from tests.billing.stripe_double.things import Stripe400

SECRET_KEY = "sk_test_double"
WEBHOOK_SECRET = "whsec_double"


class StripeDouble:
    """The server. `faults` holds what happens to the next requests: a status to answer with, or "lose the answer"."""

    def __init__(self, now: datetime) -> None:
        self.books = Books(now)
        self.faults: deque[int | str] = deque()
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.answers: dict[str, tuple[str, dict[str, Any], int, dict[str, Any]]] = {}
        self.broken: list[Exception] = []
        self.lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.double = self  # type: ignore[attr-defined]
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @contextmanager
    def running(self) -> Iterator[StripeDouble]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        if self.broken:
            raise self.broken[0]

    def answer(self, method: str, path: str, params: dict[str, Any], key: str | None) -> tuple[int, dict[str, Any]]:
        """One call of the API."""
        self.asked.append((method, path, params))
        if key and key in self.answers:
            known_path, known_params, status, body = self.answers[key]
            if (known_path, known_params) != (path, params):
                message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
                return 400, Stripe400(message, kind="idempotency_error").body
            return status, body
        try:
            shape, handle, parts = find_route(method, path)
            check_params(params, shape)
            status, body = 200, handle(self.books, params, self.base, *parts)
        except WrongShape as error:
            status, body = 400, Stripe400(str(error), code="parameter_unknown", param=error.param).body
        except Stripe400 as error:
            status, body = error.status, error.body
        except Exception as error:  # the double itself is wrong: the test is told at its end
            self.broken.append(error)
            status, body = 400, Stripe400(f"The double broke: {error!r}").body
        body = json.loads(json.dumps(body))
        if key and method == "POST":
            self.answers[key] = (path, params, status, body)
        return status, body

    def sign(
        self, event: dict[str, Any], *, secret: str = WEBHOOK_SECRET, at: datetime | None = None
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of one event as it is sent."""
        body = json.dumps(event)
        signed_at = int(at.timestamp()) if at else self.books.now
        header = stripe.WebhookSignature.generate_signature_header(body, secret, signed_at)
        return {"Stripe-Signature": header, "Content-Type": "application/json"}, body.encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_DELETE(self) -> None:
        self._handle("DELETE")

    def _handle(self, method: str) -> None:
        double: StripeDouble = self.server.double  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        with double.lock:
            if not parts.path.startswith("/v1/"):
                self._page(double, method, parts.path, parse_form(text))
                return
            fault = double.faults.popleft() if double.faults else None
            if isinstance(fault, int):
                self._send(fault, json.dumps({"error": {"type": "api_error", "message": "trouble"}}), "application/json")
                return
            status, body = self._answer(double, method, parts.path, parse_form(text or parts.query))
        if fault is not None:  # the work is done, and nobody hears of it
            self.close_connection = True
            return
        self._send(status, json.dumps(body), "application/json")

    def _answer(self, double: StripeDouble, method: str, path: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.headers.get("Authorization") != f"Bearer {SECRET_KEY}":
            return 401, Stripe400("Invalid API Key provided").body
        if self.headers.get("Stripe-Version") != API_VERSION:
            return 400, Stripe400("Another version of the API than ours").body
        return double.answer(method, path, params, self.headers.get("Idempotency-Key"))

    def _page(self, double: StripeDouble, method: str, path: str, form: dict[str, Any]) -> None:
        """Checkout and portal, each with a button for a card that works and one for a card that does not."""
        thing = double.books.things.get(path.rpartition("/")[2])
        if thing is None:
            self._send(404, "There is no such page.", "text/html")
            return
        card = form.get("card", "")
        if method == "POST" and thing["object"] == "billing_portal.session":
            double.books.mend_card(thing["customer"], card)
            self._send(303, "", "text/html", location=thing["return_url"])
        elif method == "POST" and pay_checkout(double.books, thing, card):
            self._send(303, "", "text/html", location=thing["success_url"])
        else:
            note = "<p role=alert>Your card was declined.</p>" if method == "POST" else ""
            self._send(200, PAGE.format(note=note, path=escape(path)), "text/html")

    def _send(self, status: int, text: str, kind: str, *, location: str = "") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Request-Id", "req_double")
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)


PAGE = """<!doctype html><html lang=en><title>Pay</title><h1>Pay</h1>{note}<form method=post action="{path}">
<button name=card value=works>Pay</button> <button name=card value=declines>Pay with a card that is declined</button></form>"""
