"""The edge's own way to the database: what it finds, and whether a database that fails is busy or away."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from django.db import connection

from broadsheet.edge.database import Database, DatabaseAway, DatabaseBusy
from broadsheet.library.models import Article
from tests.conf.serving import wait_for
from tests.edge.conftest import Process
from tests.subprocesses import child_environment

FEW = "reads_with_few_connections"


def url() -> str:
    return child_environment()["BROADSHEET_DATABASE_URL"]


def trouble(address: str) -> type[DatabaseAway] | None:
    """How a database fails that is asked for its change log."""
    with closing(Database(address)) as database:
        try:
            database.read_changes(None)
        except DatabaseAway as error:
            return type(error)
    return None


@pytest.mark.django_db(transaction=True)
def test_only_published_articles_are_found(make_article: Callable[..., Article]) -> None:
    article, draft = make_article(access="subscribers"), make_article(published=False)
    with closing(Database(url())) as database:
        found = database.find_article(article.pk)
        assert found is not None and (found[0], found[1].access) == (article.slug, "subscribers")
        article.unpublish()
        assert [database.find_article(pk) for pk in (article.pk, draft.pk, 999)] == [None] * 3


# -- SQLite ------------------------------------------------------------------------------------------------------------


def make_file(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as file:
        file.executescript(
            "CREATE TABLE core_change (id INTEGER PRIMARY KEY, kind TEXT, subject TEXT, at TEXT, place INTEGER);"
            "CREATE TABLE core_trimmedlog (up_to INTEGER, last_at TEXT);"
            "INSERT INTO core_change VALUES (7, 'pages', '', '2026-02-17 09:30:00', 0);"
        )
    return path


@pytest.mark.parametrize("name", ["plain.sqlite3", "with space", "50%25 off", "what?", "no#1", "a&b=c", "é"])
def test_file_is_found_whatever_its_name(name: str, tmp_path: Path) -> None:
    make_file(tmp_path / name)
    with closing(Database(f"sqlite:////{quote(str(tmp_path / name).lstrip('/'))}")) as database:
        assert database.read_changes(None).newest.id == 7


def test_missing_file_is_away_and_is_not_made(tmp_path: Path) -> None:
    assert trouble(f"sqlite:///{tmp_path}/none.sqlite3") is DatabaseAway
    assert not (tmp_path / "none.sqlite3").exists()


def test_damaged_file_is_away(tmp_path: Path) -> None:
    (tmp_path / "damaged.sqlite3").write_bytes(b"this is no database" * 100)
    assert trouble(f"sqlite:///{tmp_path}/damaged.sqlite3") is DatabaseAway


def test_locked_file_is_away_until_it_is_let_go(tmp_path: Path) -> None:
    path = make_file(tmp_path / "locked.sqlite3")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert trouble(f"sqlite:///{path}") is DatabaseAway
        other.execute("ROLLBACK")
        assert trouble(f"sqlite:///{path}") is None


def test_file_whose_tables_have_changed_is_not_away(tmp_path: Path) -> None:
    path = make_file(tmp_path / "changed.sqlite3")
    with closing(sqlite3.connect(path)) as file:
        file.execute("ALTER TABLE core_change RENAME COLUMN subject TO about")
    assert trouble(f"sqlite:///{path}") is DatabaseBusy


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


@pytest.fixture
def on_postgresql(transactional_db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("The server's own troubles.")


@contextmanager
def other_link(address: str = "") -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(address or url(), autocommit=True) as link:
        yield link


def wait_until_nobody_is_connected(role: str) -> None:
    """Wait for the server: a connection that was closed here ends there a moment later."""
    still_connected = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
    with other_link() as link:
        wait_for(lambda: link.execute(still_connected, [role]).fetchone() == (0,), f"nobody is connected as {role}")


@pytest.fixture
def few(on_postgresql: None) -> Iterator[str]:
    """The address under which somebody may have one connection only."""
    with other_link() as link:
        link.execute(f"DROP ROLE IF EXISTS {FEW}")
        link.execute(f"CREATE ROLE {FEW} LOGIN CONNECTION LIMIT 1")
        link.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {FEW}")
    parts = urlsplit(url())
    yield parts._replace(netloc=f"{FEW}@{parts.netloc.rpartition('@')[2]}").geturl()
    with other_link() as link:
        link.execute(f"DROP OWNED BY {FEW}")
        link.execute(f"DROP ROLE {FEW}")


@pytest.mark.django_db(transaction=True)
def test_server_that_has_no_connection_to_spare_is_busy(few: str) -> None:
    assert trouble(few) is None
    wait_until_nobody_is_connected(FEW)
    with other_link(few):
        assert trouble(few) is DatabaseBusy


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("on_postgresql")
def test_table_that_others_have_locked_is_busy() -> None:
    with other_link() as link, link.transaction():
        link.execute("LOCK TABLE core_change IN ACCESS EXCLUSIVE MODE")
        assert trouble(url()) is DatabaseBusy


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("on_postgresql")
def test_server_whose_tables_have_changed_is_not_away() -> None:
    assert trouble(urlsplit(url())._replace(path="/postgres").geturl()) is DatabaseBusy, "there are no tables of ours"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("on_postgresql")
def test_server_that_is_not_there_is_away(tmp_path: Path) -> None:
    assert trouble(f"postgres://broadsheet@{str(tmp_path).replace('/', '%2F')}/broadsheet") is DatabaseAway


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("on_postgresql")
def test_connection_that_is_cut_is_made_anew(process: Process) -> None:
    with other_link() as link:
        link.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    process.look()
    process.look()
    assert not process.holdings.is_away and process.holdings.is_current()


@pytest.mark.django_db(transaction=True)
def test_busy_server_sends_readers_to_django_and_never_counts_as_away(
    few: str, start_process: Callable[..., Process], make_article: Callable[..., Article]
) -> None:
    article, process = make_article(), start_process(url=few)
    visitor = process.visitor()
    assert visitor.get(article.get_absolute_url()).state == "wall stranger"
    assert not process.handed_over
    process.database.close()
    wait_until_nobody_is_connected(FEW)
    with other_link(few):
        article.unpublish()
        process.look()
        assert not process.holdings.is_away
        process.holdings.looked_at = float("-inf")  # two seconds later
        assert visitor.get(article.get_absolute_url()).status == 410
    process.look()
    assert visitor.get(article.get_absolute_url()).status == 410
