"""No line of the log holds an address; JSON lines hold a closed set of fields."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from broadsheet.conf.watch.log_lines import EXTRA_FIELDS, REQUEST_ID, JsonFormatter, TextFormatter, without_addresses
from tests.architecture.sources import DOCS
from tests.architecture.test_docs import first_cells, section


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Key (email)=(a.b+c@example.org) already exists", "Key (email)=([address]) already exists"),
        ("550 5.1.1 <user@example.org>: unknown at 10:20:30", "550 5.1.1 <[address]>: unknown at 10:20:30"),
        ("from 203.0.113.9:5432, and 203.0.113.9.", "from [network]:5432, and [network]."),
        ("2001:db8::1: refused, [2001:db8::2]:443, ::ffff:203.0.113.9", "[network]: refused, [[network]]:443, [network]"),
        ("at 127.0.0.1:8000 and ::1 and 0.0.0.0", "at 127.0.0.1:8000 and ::1 and 0.0.0.0"),
        ("Internal Server Error: /confirm/Abc-123_x/", "Internal Server Error: /confirm/…/"),
        ("/library/?q=hidden&topic=x gave 500", "/library/?… gave 500"),
        ("2026-02-17T09:30:00+00:00 10:20:30.123 1.2.3.4.5 v3.2.1", "2026-02-17T09:30:00+00:00 10:20:30.123 1.2.3.4.5 v3.2.1"),
        ("postgres://user:secret@db.example.org/name", "postgres://user:[address]/name"),
    ],
)
def test_addresses_and_secrets_are_taken_out(text: str, hidden: str) -> None:
    assert without_addresses(text) == hidden


def test_long_word_costs_no_more_than_its_length() -> None:
    assert without_addresses("a" * 100_000 + "@") == "a" * 100_000 + "@"


def make_record(message: str, **extra: object) -> logging.LogRecord:
    """One line as a logger makes it."""
    record = logging.LogRecord("broadsheet.test", logging.WARNING, __file__, 1, message, (), None)
    record.__dict__ |= extra
    return record


def test_json_line_holds_time_level_logger_message_and_what_a_request_adds() -> None:
    token = REQUEST_ID.set("abc12345")
    try:
        line = json.loads(
            JsonFormatter().format(make_record("GET /", method="GET", path="/a@b.c/", status=200, reader=7, cookie="x", remote="y"))
        )
    finally:
        REQUEST_ID.reset(token)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "broadsheet.test",
        "message": "GET /",
        "request": "abc12345",
        "method": "GET",
        "path": "[address]/",
        "status": 200,
        "reader": 7,
    }, "what is not on the list of fields stays out"


def test_traceback_holds_no_address() -> None:
    try:
        raise ValueError("reader@example.org at 203.0.113.9")
    except ValueError:
        record = make_record("failed")
        record.exc_info = sys.exc_info()
    line = json.loads(JsonFormatter().format(record))
    assert "ValueError: [address] at [network]" in line["exception"]
    record.exc_text = None
    assert "ValueError: [address] at [network]" in TextFormatter("%(message)s").format(record)


def test_text_line_names_its_request() -> None:
    token = REQUEST_ID.set("abc12345")
    try:
        assert TextFormatter("%(levelname)s %(message)s").format(make_record("odd")) == "WARNING odd [abc12345]"
    finally:
        REQUEST_ID.reset(token)
    assert TextFormatter("%(message)s").format(make_record("odd")) == "odd"


def test_fields_are_documented() -> None:
    documented = set(first_cells(section((DOCS / "operator" / "watch.md").read_text("utf-8"), "Logs")))
    assert documented == {"time", "level", "logger", "message", "request", "exception", "stack", *EXTRA_FIELDS}
