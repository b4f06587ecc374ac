"""Taking a snapshot of a PostgreSQL database with pg_dump, and putting one in place with pg_restore.

PostgreSQL's own tools are asked because they alone know everything a database can hold, and write each table as a stream.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from psycopg import pq

from broadsheet.conf.backup.exceptions import BackupError, Refused
from broadsheet.conf.backup.folder import Room
from broadsheet.conf.backup.inventory import Contents, Snapshot, Tell, read_contents, tables_left_out

_SCHEMA = "public"
_ASIDE = "replaced_"
_LOOK_EVERY_S = 0.2
# Beside the PATH: Debian keeps each version's programs in a folder of its own.
_DEBIAN = Path("/usr/lib/postgresql")
_DUMP_OPTIONS = (
    *("--format=custom", "--no-owner", "--no-privileges", "--no-comments", "--no-password"),
    *(f"--exclude-schema={_ASIDE}*", "--lock-wait-timeout=60s"),
)
_RESTORE_OPTIONS = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments", "--no-password")


class PostgresqlCatalogue:
    """The database of Django's connection as an inventory reads it."""

    def tables(self) -> list[str]:
        found = self.rows(f"SELECT tablename FROM pg_tables WHERE schemaname = '{_SCHEMA}' ORDER BY tablename")  # noqa: S608
        return [str(row[0]) for row in found]

    def columns(self, table: str) -> set[str]:
        where = f"table_schema = '{_SCHEMA}' AND table_name = '{table}'"
        found = self.rows(f"SELECT column_name FROM information_schema.columns WHERE {where}")  # noqa: S608 (a table's own name)
        return {str(row[0]) for row in found}

    def rows(self, statement: str) -> Sequence[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()


def take_snapshot(folder: Path, *, room: Room, tell: Tell) -> Snapshot:
    """A dump of the database as it stands now; others go on writing meanwhile.

    What is counted and what is dumped are of the same moment: pg_dump works in the snapshot of our own transaction.

    Raises:
        Refused: pg_dump is missing, or older than the server.
    """
    packed = folder / "database"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_export_snapshot(), pg_database_size(current_database())")
            snapshot, size = cursor.fetchone()
        version = connection.connection.info.server_version
        dump = find_client("pg_dump", version // 10000)
        contents = read_contents(PostgresqlCatalogue())
        left_out = [f"--exclude-table-data={_SCHEMA}.{table}" for table in tables_left_out()]
        command = [str(dump), *_DUMP_OPTIONS, *left_out, f"--snapshot={snapshot}", f"--file={packed}"]
        run_tool(command, _address(), look=lambda: _follow(packed, room, tell))
    return Snapshot(packed, f"{version // 10000}.{version % 10000}", size, contents)


def install(dump: Path, *, now: datetime, prepare: Callable[[], None]) -> str:
    """Put a dump in place of what the database holds now, which moves into a schema of its own; returns its name.

    Args:
        prepare: called when the dump is in place. If it fails, what was there comes back, and the dump moves aside.

    Raises:
        BackupError: pg_restore failed; the database holds what it held before.
    """
    connection.ensure_connection()
    restore = find_client("pg_restore", connection.connection.info.server_version // 10000)
    aside = f"{_ASIDE}{now:%Y%m%d_%H%M%S}"
    is_moved = bool(PostgresqlCatalogue().tables())
    if is_moved:
        _execute(f'ALTER SCHEMA {_SCHEMA} RENAME TO "{aside}"', f"CREATE SCHEMA {_SCHEMA}")
    try:
        # All or nothing, and without leave to send letters, which no backup holds.
        name = str(connection.settings_dict["NAME"])
        run_tool([str(restore), *_RESTORE_OPTIONS, f"--dbname={name}", str(dump)], _address())
        _execute("ANALYZE")
        prepare()
    except BaseException:
        is_empty = not PostgresqlCatalogue().tables()
        _execute(
            f"DROP SCHEMA {_SCHEMA}" if is_empty else f'ALTER SCHEMA {_SCHEMA} RENAME TO "{aside}_failed"',
            f'ALTER SCHEMA "{aside}" RENAME TO {_SCHEMA}' if is_moved else f"CREATE SCHEMA {_SCHEMA}",
        )
        raise
    return aside if is_moved else ""


def find_client(name: str, version: int, *, debian: Path = _DEBIAN) -> Path:
    """The program `name` of PostgreSQL's client tools, at least of `version`; the oldest such, which suits the server best.

    Args:
        debian: the folder in which Debian keeps each version's programs.

    Raises:
        Refused: there is none; the message names the package.
    """
    places = [str(path) for path in sorted(debian.glob(f"*/bin/{name}"))]
    places += [found] if (found := shutil.which(name)) else []
    known = {path: number for path in places if (number := _version_of(path)) is not None}
    fitting = [path for path in known if known[path] >= version]
    if fitting:
        return Path(min(fitting, key=lambda path: known[path]))
    have = f"only {name} {max(known.values())} is here" if known else f"{name} is not here"
    raise Refused(
        f"The PostgreSQL server has version {version}, and {have}: install the client tools of version {version} or newer "
        f"(on Debian and Ubuntu: apt install postgresql-client-{version}, or postgresql-client where that is the same)."
    )


def _version_of(program: str) -> int | None:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else None


def run_tool(command: list[str], address: Mapping[str, str], *, look: Callable[[], object] = bool) -> None:
    """Run one of PostgreSQL's programs on the server at `address`.

    Args:
        look: called now and then meanwhile; its error ends the program.

    Raises:
        BackupError: it failed; the message is its own.
    """
    environment = {**os.environ, **address, "PGAPPNAME": "broadsheet backup"}
    with tempfile.TemporaryFile("w+") as said:
        with subprocess.Popen(command, env=environment, stderr=said) as process:  # noqa: S603
            try:
                look()
                while not _has_ended(process):
                    look()
            except BaseException:
                process.kill()
                raise
        said.seek(0)
        lines = said.read(4096).splitlines()
    if process.returncode:
        raise BackupError(f"{Path(command[0]).name} ended with status {process.returncode}: {' '.join(lines[:3])}")


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_LOOK_EVERY_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _address() -> Mapping[str, str]:
    """Where the server is and who asks, as libpq's variables: a command line could be read by everybody on the machine."""
    info = connection.connection.info
    known = {**info.get_parameters(), "password": info.password}
    names = {option.keyword.decode(): option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar}
    return {names[key]: str(value) for key, value in known.items() if key in names and value}


def _follow(packed: Path, room: Room, tell: Tell) -> None:
    room.check()
    tell("database", packed.stat().st_size if packed.exists() else 0, 0)


def _execute(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def read_restored() -> Contents:
    """What the database of Django's connection holds now."""
    return read_contents(PostgresqlCatalogue())
