"""The installation's database, whichever kind it is."""

from __future__ import annotations

from pathlib import Path

from django.db import connection

from broadsheet.conf.backup import postgresql, sqlite
from broadsheet.conf.backup.exceptions import Refused
from broadsheet.conf.backup.folder import Room
from broadsheet.conf.backup.inventory import Snapshot, Tell, find_table_in_use, read_file_names


def sqlite_path() -> Path:
    """Where the installation's SQLite database lies."""
    return Path(str(connection.settings_dict["NAME"]))


def database_size() -> int:
    """How many bytes the database takes now.

    Raises:
        Refused: there is none yet.
    """
    if connection.vendor == "sqlite":
        if not sqlite_path().exists():
            raise Refused(f"There is no database at {sqlite_path()}; see BROADSHEET_DATA_DIR and BROADSHEET_DATABASE_URL.")
        return sqlite_path().stat().st_size
    return int(postgresql.PostgresqlCatalogue().rows("SELECT pg_database_size(current_database())")[0][0])


def take_snapshot(folder: Path, *, room: Room, tell: Tell) -> Snapshot:
    """The database as it stands now, packed into one file in `folder`."""
    if connection.vendor == "sqlite":
        return sqlite.take_snapshot(sqlite_path(), folder, room=room, tell=tell)
    return postgresql.take_snapshot(folder, room=room, tell=tell)


def files_named_now() -> frozenset[str]:
    """The uploaded files that the database names at this moment."""
    if connection.vendor == "postgresql":
        return read_file_names(postgresql.PostgresqlCatalogue())
    with sqlite.opened_live(sqlite_path()) as catalogue:
        return read_file_names(catalogue) if catalogue is not None else frozenset()


def find_data() -> str | None:
    """What this installation's database holds that nobody may lose: a table's name; None if there is nothing."""
    if connection.vendor == "postgresql":
        return find_table_in_use(postgresql.PostgresqlCatalogue())
    with sqlite.opened_live(sqlite_path()) as catalogue:
        return find_table_in_use(catalogue) if catalogue is not None else None
