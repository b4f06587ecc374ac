"""Brings the tables up to date, all or nothing, while another version may be serving from them.

MigrationFailed      something that trying again does not mend
TablesInUse          others kept the tables locked for as long as one was ready to wait
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from random import uniform

from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor

Tell = Callable[[str], object]

# A change of a table waits for whoever reads it, and everybody else queues up behind the wait. So it waits a moment, lets
# them pass, and comes again; sooner than PostgreSQL looks for deadlocks (1 s), which could otherwise end an editor's work.
LOCK_TIMEOUT_MS = 400
ATTEMPTS = 40
PAUSE_S = 3.0  # on the average
_LOCK = 7_236_119_823  # a number of ours: one migration at a time on one PostgreSQL
_POSTGRESQL_BUSY = ("55P03", "40P01")  # lock not available, deadlock detected (PostgreSQL, appendix A)


class MigrationFailed(Exception):
    """The tables could not be brought up to date; the message says which migration failed, and in which state they are."""


class TablesInUse(MigrationFailed):
    """The tables were in use all the while."""


def find_missing_migrations() -> list[Migration]:
    """The migrations that this version has and the database has not, in their order."""
    executor = MigrationExecutor(connection)
    return [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def bring_up_to_date(*, tell: Tell = lambda line: None, pause_s: float = PAUSE_S) -> list[str]:
    """Apply the missing migrations: all of them or none, if each can run in a transaction; returns their names.

    A new database, and a batch with a migration that must not run in a transaction (an index that is built beside
    readers), is migrated one by one; what was applied before a failure stands then, and the rest is tried at the next run.

    Raises:
        MigrationFailed: nothing has changed, or the message says what has.
    """
    missing = find_missing_migrations()
    is_whole = all(migration.atomic for migration in missing)
    for attempt in range(ATTEMPTS):
        log = StringIO()
        try:
            with _together() if is_whole else _one_by_one():
                call_command("migrate", verbosity=1, interactive=False, no_color=True, stdout=log)
            return [str(migration) for migration in missing]
        except OperationalError as error:
            if not _is_busy(error):
                raise MigrationFailed(_explain(log.getvalue(), error, is_whole=is_whole)) from error
            if attempt == 0:
                tell("The tables are in use; trying again until there is a free moment …")
            time.sleep(uniform(0.5, 1.5) * pause_s)  # noqa: S311 (no secret)
        except Exception as error:
            raise MigrationFailed(_explain(log.getvalue(), error, is_whole=is_whole)) from error
    raise TablesInUse(
        f"The tables were in use at each of {ATTEMPTS} tries, so nothing was changed; the version that serves goes on. End what "
        "holds them (an import, a backup, a long query) or run this again at a quieter hour."
    )


@contextmanager
def _together() -> Iterator[None]:
    """One transaction around everything. Whoever reads meanwhile sees the tables as they were."""
    is_sqlite = connection.vendor == "sqlite"
    connection.ensure_connection()
    if is_sqlite:
        connection.disable_constraint_checking()  # Django's rebuilding of tables demands it, and it must be done before
    try:
        with transaction.atomic():
            if is_sqlite:
                with _foreign_keys_checked_once():
                    yield
            else:
                _prepare_postgresql("SET LOCAL lock_timeout", "pg_advisory_xact_lock")
                yield
    finally:
        if is_sqlite:
            connection.enable_constraint_checking()


@contextmanager
def _foreign_keys_checked_once() -> Iterator[None]:
    """Django reads all rows after each migration; with a library of 50,000 that is half a second in which nobody may write."""
    connection.check_constraints = lambda table_names=None: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        del connection.check_constraints
    connection.check_constraints()


@contextmanager
def _one_by_one() -> Iterator[None]:
    """Each migration by itself, as Django does it."""
    if connection.vendor == "sqlite":
        yield
        return
    _prepare_postgresql("SET lock_timeout", "pg_advisory_lock")
    try:
        yield
    finally:
        connection.close()  # the lock and the time limit end with it


def _prepare_postgresql(limit: str, lock: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{limit} = {LOCK_TIMEOUT_MS}")
        cursor.execute(f"SELECT {lock}(%s)", [_LOCK])
        if connection.in_atomic_block:
            # Checked at once, or rows that one migration wrote would keep the next from changing their table.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _is_busy(error: OperationalError) -> bool:
    cause = error.__cause__
    if connection.vendor == "sqlite":
        return getattr(cause, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
    return getattr(cause, "sqlstate", None) in _POSTGRESQL_BUSY


def _explain(log: str, error: Exception, *, is_whole: bool) -> str:
    begun = re.findall(r"Applying (\S+)\.\.\.( OK)?", log)
    culprit = f"Migration {begun[-1][0]}" if begun and not begun[-1][1] else "Bringing the tables up to date"
    done = [name for name, ending in begun if ending]
    state = "Nothing was changed"
    if done and not is_whole:
        state = f"What came before it was applied ({', '.join(done)}), which suits the version before too"
    words = (str(error).strip().splitlines() or [""])[0].rstrip(".")
    reason = f"{culprit} failed: {type(error).__name__}: {words}."
    return f"{reason} {state}; the version before goes on with the tables as they are."
