"""Connections that give up on PostgreSQL, on a real one that takes its time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from broadsheet.conf.databases import database_settings, limit_waiting
from broadsheet.core import outage
from broadsheet.core.postgresql.connection import LimitedConnection

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL")
SLEEP = "SELECT pg_sleep(20)"
# Far below the sleep; the machine may be busy.
SOON_S = 5.0


@pytest.fixture
def link(db: None) -> Iterator[LimitedConnection[tuple[object, ...]]]:
    """A connection of the edge's kind."""
    opened: LimitedConnection[tuple[object, ...]] = LimitedConnection.connect(
        os.environ["BROADSHEET_DATABASE_URL"], autocommit=True
    )
    yield opened
    opened.close()


@pytest.fixture
def web(db: None) -> Iterator[BaseDatabaseWrapper]:
    """Django's connection as a web server has it."""
    handler = ConnectionHandler({"default": limit_waiting(database_settings(os.environ["BROADSHEET_DATABASE_URL"]))})
    yield handler["default"]
    handler["default"].close()


def test_connection_waits_no_longer_than_told(link: LimitedConnection[tuple[object, ...]]) -> None:
    assert link.execute("SELECT pg_sleep(0.3)").fetchall()
    link.answer_within_s = 0.3
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError, match="does not answer"):
        link.execute(SLEEP)
    assert time.monotonic() - began < SOON_S and link.closed


def test_connection_stops_waiting_once_the_database_is_known_to_be_away(link: LimitedConnection[tuple[object, ...]]) -> None:
    asked = iter([False, False, True])
    link.is_away = lambda: next(asked)  # type: ignore[method-assign]
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError, match="does not answer"):
        link.execute(SLEEP)
    assert time.monotonic() - began < SOON_S and link.closed


def test_django_asks_no_database_that_is_known_to_be_away(web: BaseDatabaseWrapper) -> None:
    replaced = outage.watch(lambda: True)
    try:
        with pytest.raises(OperationalError, match="away"), web.cursor():
            pass
    finally:
        outage.watch(replaced)
    with web.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_web_servers_statements_locks_and_idle_transactions_end(web: BaseDatabaseWrapper) -> None:
    limits = {"statement_timeout": "10s", "lock_timeout": "3s", "idle_in_transaction_session_timeout": "1min"}
    with web.cursor() as cursor:
        for name, limit in limits.items():
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == (limit,)


def test_django_goes_on_after_an_answer_that_never_came(web: BaseDatabaseWrapper) -> None:
    web.ensure_connection()
    assert web.connection is not None
    web.connection.answer_within_s = 0.3
    with pytest.raises(OperationalError, match="does not answer"), web.cursor() as cursor:
        cursor.execute(SLEEP)
    web.close_if_unusable_or_obsolete()
    with web.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
