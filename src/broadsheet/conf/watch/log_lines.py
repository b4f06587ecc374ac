"""Log lines as JSON or as text. Neither ever holds an address, of a mailbox or of a network, nor a reader's secret.

What a request is known by is its id: the same stands in the answer's X-Request-ID and on the error page.
"""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from ipaddress import ip_address

from django.http import HttpRequest
from django.urls import ResolverMatch

from broadsheet.core.counts import COUNTS

# The id of the request that this thread answers; empty outside a request.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
# What `extra=` may add to a line; anything else that a library adds stays out. `docs/operator/watch.md` lists them.
EXTRA_FIELDS = ("method", "path", "status", "milliseconds", "reader")
# Bounded, so that a long word costs no more than its length.
_MAILBOX = re.compile(r"[^\s<>\"'(),;:=\[\]{}|]{1,64}@[^\s<>\"'(),;:=\[\]{}|/]{1,255}")
_NETWORK = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w)"
    r"|(?<![\w:.])(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)(?:[0-9A-Fa-f:]*[0-9A-Fa-f](?:\.\d{1,3}){0,3}|[0-9A-Fa-f:]*::)(?!\w)"
)
# Parts of addresses that open something to whoever knows them.
SECRET_PARTS = frozenset({"token", "key", "code"})
LONGEST_PATH = 200  # characters of a path that are logged
_SECRET_PATH = re.compile(r"(?<=/confirm/)[^/\s\"']+")
_QUERY = re.compile(r"(?<=[\w/-])\?[^\s\"'>]*=[^\s\"'>]*")


def logged_path(path: str, match: ResolverMatch | None) -> str:
    """The path as the log may hold it: without query, without parts that open something."""
    for name, value in (match.kwargs if match is not None else {}).items():
        if name in SECRET_PARTS:
            path = path.replace(str(value), "…")
    return "".join(letter if letter.isprintable() else "?" for letter in path[:LONGEST_PATH])


def without_addresses(text: str) -> str:
    """The text with mailboxes, network addresses other than this machine's own, query strings and letters' tokens taken out."""
    text = _QUERY.sub("?…", _SECRET_PATH.sub("…", text))
    return _NETWORK.sub(_hide_network, _MAILBOX.sub("[address]", text))


def _without_secret_path(record: logging.LogRecord, text: str) -> str:
    """A line of Django's own about a request, with the path as we log it."""
    request = getattr(record, "request", None)
    return (
        text.replace(request.path, logged_path(request.path, request.resolver_match)) if isinstance(request, HttpRequest) else text
    )


def _hide_network(match: re.Match[str]) -> str:
    try:
        address = ip_address(match[0])
    except ValueError:  # a time of day, a version
        return match[0]
    return match[0] if address.is_loopback or address.is_unspecified else "[network]"


class TextFormatter(logging.Formatter):
    """A line for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        line = without_addresses(_without_secret_path(record, super().format(record)))
        return f"{line} [{REQUEST_ID.get()}]" if REQUEST_ID.get() else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, what a request adds, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_addresses(_without_secret_path(record, record.getMessage())),
        }
        if REQUEST_ID.get():
            line["request"] = REQUEST_ID.get()
        for name in EXTRA_FIELDS:
            value = getattr(record, name, None)
            if value is not None:
                line[name] = without_addresses(value) if isinstance(value, str) else value
        if record.exc_info:
            line["exception"] = without_addresses(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = without_addresses(record.stack_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class HasTraceback(logging.Filter):
    """Lets lines through that say why something broke, not only that it did."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.exc_info)


class CountingHandler(logging.Handler):
    """Counts lines by level, for /metrics."""

    def emit(self, record: logging.LogRecord) -> None:
        COUNTS.events.count("log", record.levelname.lower())
