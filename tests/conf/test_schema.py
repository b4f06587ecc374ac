"""Bringing tables up to date while the version before serves: all or nothing, and nobody waits for it. On both databases."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from tests.conf.late_app.tables import FirstTable
from tests.mail.servers import free_port
from tests.subprocesses import child_environment

ROOT = Path(__file__).parents[2]
PATIENCE_S = 240
# Both dropping the old index and building the new one wait for whoever wrote to the table before.
WAITING = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%INDEX CONCURRENTLY%late_harbour_name%' AND wait_event_type = 'Lock'"

pytestmark = pytest.mark.django_db(transaction=True)


def environment(migrations: str) -> dict[str, str]:
    """Of the version after, with one set of its migrations."""
    own = {
        "DJANGO_SETTINGS_MODULE": "tests.conf.late_settings",
        "LATE_MIGRATIONS": migrations,
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }
    return {**child_environment(), "BROADSHEET_ENV_FILE": "", **own}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "broadsheet.conf.command", *arguments]


def upgrade(migrations: str) -> subprocess.CompletedProcess[str]:
    """Run `broadsheet upgrade` of the version after; the connections of this process see what it did."""
    ran = subprocess.run(
        command("upgrade", "--no-backup", "--no-render"), env=environment(migrations), capture_output=True, text=True, check=False
    )
    connections.close_all()
    return ran


@pytest.fixture(autouse=True)
def harbours(transactional_db: None) -> None:
    """The tables of the version before, with rows in them."""
    connection.disable_constraint_checking()  # SQLite wants it so while tables are made
    with connection.schema_editor() as editor:
        FirstTable("0001_first", "late_app").apply(ProjectState(), editor)
    MigrationRecorder(connection).record_applied("late_app", "0001_first")
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO late_harbour (name) VALUES (%s)", [["Rotterdam"], ["Montreux"]])
    connections.close_all()


def ask(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def describe_database() -> dict[str, object]:
    """Every table with its columns and constraints, the applied migrations, and the rows that the migrations touch."""
    found: dict[str, object] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.get_table_list(cursor):
            columns = [column[:6] for column in connection.introspection.get_table_description(cursor, table.name)]
            found[table.name] = (columns, connection.introspection.get_constraints(cursor, table.name))
    found["migrations"] = ask("SELECT app, name FROM django_migrations ORDER BY id")
    found["harbours"] = ask("SELECT * FROM late_harbour ORDER BY id")
    return found


def test_missing_migrations_are_applied_and_then_none_is_missing() -> None:
    ran = upgrade("sound")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "late_app.0002_depths" in ran.stdout
    assert ask("SELECT name, depth_m FROM late_harbour ORDER BY id") == [("Rotterdam", 24), ("Montreux", 9)]
    again = upgrade("sound")
    assert again.returncode == 0 and "are as this version needs them" in again.stdout


def test_a_migration_that_fails_half_way_changes_nothing_nor_do_those_before_it() -> None:
    before = describe_database()
    ran = upgrade("failing")
    assert ran.returncode != 0
    assert "Migration late_app.0003_fails failed: ValueError: no such quay. Nothing was changed" in ran.stderr
    assert describe_database() == before


def test_serve_says_which_migration_failed_and_starts_nothing() -> None:
    before = describe_database()
    ran = subprocess.run(
        command("serve", "--port", str(free_port())), env=environment("failing"), capture_output=True, text=True, check=False
    )
    connections.close_all()
    assert ran.returncode != 0
    assert "Migration late_app.0003_fails failed: ValueError: no such quay. Nothing was changed" in ran.stderr
    assert describe_database() == before


def test_what_cannot_be_undone_together_is_told() -> None:
    ran = upgrade("beside_readers")
    assert ran.returncode != 0
    assert "Migration late_app.0003_fails failed" in ran.stderr
    assert "What came before it was applied (late_app.0002_index)" in ran.stderr
    with connection.cursor() as cursor:
        assert "late_harbour_name" in connection.introspection.get_constraints(cursor, "late_harbour")
    assert ("late_app", "0002_index") in ask("SELECT app, name FROM django_migrations")


# -- While others read and write -------------------------------------------------------------------------------------


@contextmanager
def upgrading(migrations: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command("upgrade", "--no-backup", "--no-render"), env=environment(migrations), stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def longest_read_s(until: Any) -> float:
    """Read the table again and again; the longest that one look took."""
    longest, deadline = 0.0, time.monotonic() + PATIENCE_S
    while not until() and time.monotonic() < deadline:
        started = time.monotonic()
        ask("SELECT count(*) FROM late_harbour")
        longest = max(longest, time.monotonic() - started)
        time.sleep(0.01)
    assert time.monotonic() < deadline
    return longest


def test_nobody_queues_up_behind_a_change_that_waits_for_a_long_reader() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite readers never wait for writers")
    holder = connection.copy()
    holder.set_autocommit(False)
    with holder.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM late_harbour")  # and then somebody thinks about it
    with upgrading("sound") as process:
        assert process.stdout is not None
        seen: list[str] = []
        deadline = time.monotonic() + PATIENCE_S
        while "in use" not in "".join(seen):
            assert time.monotonic() < deadline
            seen.append(process.stdout.readline())
        started = time.monotonic()
        longest = longest_read_s(lambda: time.monotonic() - started > 6)
        assert process.poll() is None
        holder.rollback()
        holder.close()
        longest = max(longest, longest_read_s(lambda: process.poll() is not None))
        assert process.returncode == 0
    connections.close_all()
    assert longest < 1.5
    assert ask("SELECT name, depth_m FROM late_harbour ORDER BY id") == [("Rotterdam", 24), ("Montreux", 9)]


@pytest.mark.parametrize("has_leftover", [False, True], ids=["at the first try", "after one that was broken off"])
def test_an_index_is_built_while_others_write(has_leftover: bool) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite writers wait, as they do for each other")
    if has_leftover:
        with connection.cursor() as cursor:
            cursor.execute("CREATE INDEX late_harbour_name ON late_harbour (id)")
    holder = connection.copy()
    holder.set_autocommit(False)
    with holder.cursor() as cursor:
        cursor.execute("UPDATE late_harbour SET name = 'Trieste' WHERE id = 1")
    with upgrading("beside_readers") as process:
        deadline = time.monotonic() + PATIENCE_S
        while not ask(WAITING):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        started = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO late_harbour (name) VALUES ('Odesa')")
        waited = time.monotonic() - started
        holder.commit()
        holder.close()
        process.wait(PATIENCE_S)
    connections.close_all()
    assert waited < 1
    with connection.cursor() as cursor:
        assert connection.introspection.get_constraints(cursor, "late_harbour")["late_harbour_name"]["columns"] == ["name"]


def test_two_upgrades_at_once_end_well() -> None:
    with upgrading("sound") as one, upgrading("sound") as other:
        assert (one.wait(PATIENCE_S), other.wait(PATIENCE_S)) == (0, 0)
    connections.close_all()
    assert ask("SELECT count(*) FROM django_migrations WHERE app = 'late_app'") == [(2,)]
