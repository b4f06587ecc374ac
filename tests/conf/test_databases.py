"""How long web servers, and they alone, wait for the database; what a new file of SQLite is like."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from broadsheet.conf.databases import database_settings, limit_waiting

POSTGRESQL = "postgres://broadsheet:secret@db.example/broadsheet"


def test_commands_and_the_worker_wait_as_long_as_it_takes() -> None:
    options = database_settings(POSTGRESQL)["OPTIONS"]
    assert "options" not in options and "connect_timeout" not in options and "answer_within_s" not in options
    assert database_settings("sqlite:////srv/b.sqlite3")["OPTIONS"]["timeout"] == 20


def test_a_web_server_waits_for_seconds() -> None:
    limited = limit_waiting(database_settings(POSTGRESQL))
    assert limited["ENGINE"] == "broadsheet.core.postgresql" and limited["HOST"] == "db.example"
    options = limited["OPTIONS"]
    assert options["connect_timeout"] == 2 and options["answer_within_s"] > 10
    assert "statement_timeout=10s" in options["options"] and "lock_timeout=3s" in options["options"]
    sqlite = limit_waiting(database_settings("sqlite:////srv/b.sqlite3"))
    assert sqlite["OPTIONS"]["timeout"] == 3 and sqlite["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_what_the_operators_address_says_counts_more() -> None:
    url = f"{POSTGRESQL}?sslmode=require&connect_timeout=7&options=-c%20statement_timeout%3D30s"
    options = limit_waiting(database_settings(url))["OPTIONS"]
    assert options["sslmode"] == "require" and int(options["connect_timeout"]) == 7
    assert options["options"].endswith("-c statement_timeout=30s")  # of two, PostgreSQL takes the last


def test_a_new_file_has_pages_that_hold_a_body(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "new.sqlite3")) as database:
        database.executescript(database_settings("sqlite:////srv/b.sqlite3")["OPTIONS"]["init_command"])
        database.execute("CREATE TABLE one (id INTEGER)")
        assert database.execute("PRAGMA page_size").fetchone() == (8192,)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
