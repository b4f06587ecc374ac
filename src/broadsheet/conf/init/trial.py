"""`python -m broadsheet.conf.init.trial`: whether this account can work with a database. Reads its address from standard input."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

LEAST_POSTGRESQL = 140000  # Django 5.2's least, as server_version gives it
CONNECT_TIMEOUT_S = 10


def find_problem(url: str) -> str:
    """What is wrong with a database, in a sentence; empty if nothing is."""
    if urlsplit(url).scheme == "sqlite":
        return _try_sqlite(Path(unquote(urlsplit(url).path)[1:]))
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            return _try_postgresql(connection)
    except psycopg.Error as error:
        return f"PostgreSQL cannot be reached: {' '.join(str(error).split())}"


def _try_sqlite(path: Path) -> str:
    if not path.exists():
        is_writable = os.access(path.parent, os.W_OK | os.X_OK)
        return "" if is_writable else f"{path.parent} is no folder that the service's account may write to."
    try:
        connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=CONNECT_TIMEOUT_S)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        connection.close()
    except sqlite3.Error as error:
        return f"{path} cannot be used: {error}."
    return ""


def _try_postgresql(connection: psycopg.Connection) -> str:
    if connection.info.server_version < LEAST_POSTGRESQL:
        return f"PostgreSQL is version {connection.info.server_version // 10000}; Broadsheet needs 14 or newer."
    row = connection.execute(
        "SELECT current_database(), current_user, getdatabaseencoding(), has_schema_privilege(current_schema(), 'CREATE')"
    ).fetchone()
    assert row is not None  # noqa: S101 (a SELECT without FROM gives one row)
    database, user, encoding, may_create = row
    if encoding != "UTF8":
        return f"The database {database} is in {encoding}; make one in UTF8: createdb --encoding UTF8 --template template0 …"
    if not may_create:
        return f"{user} may not make tables in {database}; make it the owner: ALTER DATABASE {database} OWNER TO {user};"
    return ""


if __name__ == "__main__":
    print(find_problem(sys.stdin.read().strip()))
