"""The migrated, empty database that every test process starts from.

Migrating takes twenty seconds, so it is done once for each state of the migrations; each process, and each test that
commits, gets a copy. The template lies in `.cache/tests/`, or on the PostgreSQL server of the run.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, connections

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "tests"
_copies = count(1)


def restore() -> None:
    """Give this process a fresh copy of the template; makes the template first if nobody has."""
    if connection.vendor == "sqlite":
        _restore_sqlite()
    else:
        _restore_postgresql()


def remove() -> None:
    """Delete this process's copy from the PostgreSQL server; SQLite's goes with its directory."""
    if connection.vendor == "postgresql":
        connections.close_all()
        with _maintenance() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{connection.settings_dict["NAME"]}" WITH (FORCE)')


def _fingerprint() -> str:
    digest = sha256((ROOT / "requirements.lock").read_bytes())
    package = ROOT / "src" / "broadsheet"
    for pattern in ("*/migrations/*.py", "*/apps.py", "desk/setup.py", "desk/roles.py"):  # the last three act after `migrate`
        for path in sorted(package.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


FINGERPRINT = _fingerprint()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    """Let Django's connection mean another database for a while."""
    own = connection.settings_dict["NAME"]
    connections.close_all()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = own


def _migrate() -> None:
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


def sqlite_template() -> Path:
    """The migrated, empty SQLite database; for tests on SQLite that run an installation of their own."""
    template = CACHE / f"{FINGERPRINT}.sqlite3"
    if not template.exists():
        with one_at_a_time():
            if not template.exists():
                _make_sqlite(template)
    return template


def _restore_sqlite() -> None:
    template = sqlite_template()
    connections.close_all()
    # Each copy gets a name of its own. A request that outlives its test may still hold the last one open, and SQLite,
    # closing a file, deletes the write-ahead log that lies beside its name, whosever that is by then.
    old = Path(connection.settings_dict["NAME"])
    fresh = old.with_name(f"tests-{next(_copies)}.sqlite3")
    shutil.copyfile(template, fresh)
    connection.settings_dict["NAME"] = str(fresh)
    old.unlink(missing_ok=True)


def _make_sqlite(template: Path) -> None:
    for old in CACHE.glob("*.sqlite3*"):
        old.unlink()
    unfinished = template.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with _connected_to(str(unfinished)):
        _migrate()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.replace(unfinished, template)


def _restore_postgresql() -> None:
    template, own = f"template_{FINGERPRINT}", connection.settings_dict["NAME"]
    connections.close_all()
    with one_at_a_time(), _maintenance() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate", [template])
        if not cursor.fetchone():
            cursor.execute(f'DROP DATABASE IF EXISTS "{template}"')
            cursor.execute(f'CREATE DATABASE "{template}"')
            with _connected_to(template):
                _migrate()
            cursor.execute(f'ALTER DATABASE "{template}" IS_TEMPLATE true')
        cursor.execute(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{own}" TEMPLATE "{template}" STRATEGY file_copy')


@contextmanager
def _maintenance() -> Iterator[Any]:
    """A cursor on the server's own database, outside any transaction."""
    import psycopg

    settings = connection.settings_dict
    address = {"host": settings["HOST"], "port": settings["PORT"] or None, "user": settings["USER"], "dbname": "postgres"}
    with psycopg.connect(**address, password=settings["PASSWORD"] or None, autocommit=True) as link, link.cursor() as cursor:
        yield cursor
