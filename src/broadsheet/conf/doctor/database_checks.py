"""The database: whether it answers, is new enough, whole, and as this version of Broadsheet needs it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from broadsheet.conf.doctor.findings import Finding, fail, ok, warn

OLDEST_SQLITE, OLDEST_POSTGRESQL = (3, 31), 14  # Django 5.2's own bounds
CACHE_TABLE = "core_cache"


def check_database() -> Finding:
    """The database answers, and its version is one that Django supports."""
    check = "database"
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite" and not Path(name).is_file():
        return fail(check, f"There is no database at {name}.", "Run: broadsheet migrate; or see that BROADSHEET_DATA_DIR is right.")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version")
            version = str(cursor.fetchone()[0])
    except DatabaseError as error:
        todo = "Start it; see BROADSHEET_DATABASE_URL."
        if connection.vendor == "sqlite":
            todo = "See that this account may write the file and its folder; if the file is damaged, restore a backup."
        return fail(check, f"The database does not answer: {first_line(error)}", todo)
    numbers = tuple(int(part) for part in version.split()[0].split(".")[:2] if part.isdigit())
    is_old = numbers < OLDEST_SQLITE if connection.vendor == "sqlite" else numbers[:1] < (OLDEST_POSTGRESQL,)
    shown = f"{connection.display_name} {version}"
    if is_old:
        return fail(check, f"{shown} is too old.", "Upgrade it; docs/operator/install.md names the versions.")
    return ok(check, f"{shown} answers")


def check_journal() -> Finding:
    """SQLite keeps a write-ahead log, so that readers never wait for a writer."""
    check = "journal"
    if connection.vendor != "sqlite":
        return ok(check, "PostgreSQL's own")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        mode = str(cursor.fetchone()[0])
    if mode == "wal":
        return ok(check, "write-ahead log")
    return fail(
        check,
        f"SQLite's journal is in mode {mode}, not wal: each writer makes all readers wait.",
        "Keep the data directory on a local disk; network file systems cannot do it.",
    )


def find_missing_migrations() -> list[str]:
    """Migrations that this version has and the database has not, as `app.name`."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in migrations_on_disk() - set(applied))


@cache
def migrations_on_disk() -> frozenset[tuple[str, str]]:
    """All migrations by app and name. Reads the folders: importing them, as Django's loader does, takes half a second."""
    found: set[tuple[str, str]] = set()
    for config in apps.get_app_configs():
        name, _ = MigrationLoader.migrations_module(config.label)
        try:
            package = import_module(name or "")
        except (ModuleNotFoundError, ValueError):
            continue  # an app without tables
        names = (module.name for module in iter_modules(package.__path__) if not module.ispkg)
        found.update((config.label, name) for name in names if name[0] not in "_~")
    return frozenset(found)


def check_migrations() -> Finding:
    """The tables are those that this version needs."""
    check, missing = "migrations", find_missing_migrations()
    if not missing:
        return ok(check, "all applied")
    shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
    return fail(check, f"Not applied: {shown}.", "Run: broadsheet upgrade")


def check_cache_table() -> Finding:
    """The table for what is counted and remembered for a short time is there."""
    check = "cache table"
    if CACHE_TABLE in connection.introspection.table_names():
        return ok(check, "there")
    return fail(check, f"The table {CACHE_TABLE} is missing: nobody can sign in.", "Run: broadsheet createcachetable")


def check_integrity() -> Finding:
    """The database's pages are whole; takes a while on a large one."""
    check = "integrity"
    if connection.vendor != "sqlite":
        return _check_checksums()
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check")
            troubles = [str(row[0]) for row in cursor.fetchall()]
    except DatabaseError as error:
        troubles = [first_line(error)]
    if troubles == ["ok"]:
        return ok(check, "PRAGMA quick_check finds nothing")
    return fail(check, f"The database file is damaged: {troubles[0]}", "Stop Broadsheet, copy the file, restore a backup.")


def _check_checksums() -> Finding:
    check = "integrity"
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_checksums")
        if cursor.fetchone()[0] == "on":
            return ok(check, "PostgreSQL checks each page it reads")
    seen = "PostgreSQL keeps no checksums of its pages: a failing disk is noticed late."
    return warn(check, seen, "Stop the server and run pg_checksums --enable.")


def check_size() -> Finding:
    """How large the database is, for whoever plans the disk."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            size = sum(path.stat().st_size for path in _sqlite_files())
        else:
            cursor.execute("SELECT pg_database_size(current_database())")
            size = int(cursor.fetchone()[0])
    return ok("database size", f"{size / 2**20:.0f} MB")


def _sqlite_files() -> list[Path]:
    path = Path(connection.settings_dict["NAME"])
    return [found for found in (path, path.with_name(f"{path.name}-wal")) if found.exists()]


def first_line(error: Exception) -> str:
    """What the database said, in a line and without its password."""
    text = str(error).strip().splitlines()
    password = str(settings.DATABASES["default"].get("PASSWORD") or "")
    line = text[0] if text else type(error).__name__
    return line.replace(password, "…") if password else line
