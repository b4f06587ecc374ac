"""The database: whether it answers, is whole, and has the tables that this version needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from broadsheet.conf.doctor import database_checks as checks
from broadsheet.conf.doctor.examination import examine_database
from broadsheet.conf.doctor.findings import Level, gravest

pytestmark = pytest.mark.django_db(transaction=True)


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def ask(question: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return int(cursor.fetchone()[0])


def test_good_database_passes_all() -> None:
    for check in (
        *(checks.check_database, checks.check_journal, checks.check_migrations, checks.check_cache_table),
        checks.check_size,
    ):
        assert check().level is Level.OK, check().what


def test_database_that_is_not_there_is_told_and_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    missing = tmp_path / "none.sqlite3"
    monkeypatch.setitem(connection.settings_dict, "NAME" if connection.vendor == "sqlite" else "HOST", str(missing))
    found = checks.check_database()
    assert found.level is Level.FAIL
    assert not missing.exists()


@pytest.mark.parametrize(("version", "level"), [("old", Level.FAIL), ("new", Level.OK)])
def test_version_is_judged(monkeypatch: pytest.MonkeyPatch, version: str, level: Level) -> None:
    bound = {"old": (99, 0), "new": (3, 0)}[version]
    monkeypatch.setattr(checks, "OLDEST_SQLITE", bound)
    monkeypatch.setattr(checks, "OLDEST_POSTGRESQL", bound[0])
    assert checks.check_database().level is level


def test_migrations_on_disk_are_those_that_django_knows() -> None:
    loader = MigrationLoader(None)
    assert checks.migrations_on_disk() == set(loader.disk_migrations)


def test_missing_migrations_are_named() -> None:
    execute("DELETE FROM django_migrations WHERE app = 'mail'")
    found = checks.check_migrations()
    assert found.level is Level.FAIL
    assert "mail.0001_initial" in found.what


def test_missing_cache_table_is_told() -> None:
    execute("DROP TABLE core_cache")
    assert checks.check_cache_table().level is Level.FAIL


def test_journal_without_write_ahead_log_is_told() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own")
    execute("PRAGMA journal_mode=DELETE")
    assert checks.check_journal().level is Level.FAIL


def test_whole_database_passes() -> None:
    assert checks.check_integrity().level in (Level.OK, Level.WARN)  # PostgreSQL's checksums are its owner's choice


def test_damaged_file_is_noticed() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL checks each page it reads")
    assert checks.check_integrity().level is Level.OK
    execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = Path(connection.settings_dict["NAME"])
    page_size = ask("PRAGMA page_size")
    asked = ask("SELECT rootpage FROM sqlite_master WHERE name = 'core_signingkey'")  # of a table that a check asks
    connection.close()
    with path.open("r+b") as file:
        for page in range(20, 40):
            file.seek(page * 4096 + 16)
            file.write(b"\xff" * 512)
        file.seek((asked - 1) * page_size)
        file.write(b"\xff" * 512)
    assert checks.check_integrity().level is Level.FAIL
    found = list(examine_database(integrity=True))
    assert gravest(found) is Level.FAIL
    assert "malformed" in " ".join(one.what for one in found), "whichever check meets it first says so, and none breaks off"
