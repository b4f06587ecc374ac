"""Takes an installation to this version while the one before serves: check, back up, migrate, collect files, make pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from broadsheet.conf.doctor.database_checks import check_database, check_journal
from broadsheet.conf.doctor.file_checks import check_disk
from broadsheet.conf.doctor.findings import Finding, Level
from broadsheet.conf.management.commands.serve import collect_static
from broadsheet.conf.schema import MigrationFailed, bring_up_to_date, find_missing_migrations

Tell = Callable[[str], object]


class UpgradeStopped(Exception):
    """A step failed; the version that serves goes on. The message says what failed and what to do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator wants of an upgrade.

    `backup_to` is a folder or the name of a file, as `broadsheet backup --to` takes it; None: its own place.
    """

    backs_up: bool = True
    backup_to: str | None = None
    renders: bool = True
    processes: int = 1


def check_readiness() -> Iterator[Finding]:
    """What could stop an upgrade in the middle."""
    database = check_database()
    yield database
    if database.level is not Level.FAIL:
        yield check_journal()
    yield check_disk(settings.BROADSHEET)


def upgrade(wish: Wish, *, tell: Tell) -> None:
    """Do all of it but the restart.

    Raises:
        UpgradeStopped: a step failed; those before it stand, and suit the version that serves.
    """
    _check(tell)
    if wish.backs_up:
        tell("Backup …")
        _run("backup", to=wish.backup_to)
    _migrate(tell)
    tell("Static files …")
    call_command("createcachetable", verbosity=0)
    collect_static()
    if wish.renders:
        tell("Pages …")
        try:
            call_command("render", processes=wish.processes)
        except SystemExit:
            tell("Some pages could not be made beforehand; the first reader's request tries again.")


def describe_missing() -> list[str]:
    """What the database lacks, as `package.migration` with what each does."""
    lines = []
    for migration in find_missing_migrations():
        done = "; ".join(operation.describe() for operation in migration.operations)
        lines.append(f"{migration}: {done}")
    return lines


def _check(tell: Tell) -> None:
    for finding in check_readiness():
        if finding.level is Level.FAIL:
            raise UpgradeStopped(f"{finding.what} {finding.todo}")
        tell(f"{finding.check}: {finding.what}")


def _migrate(tell: Tell) -> None:
    tell("Tables …")
    try:
        done = bring_up_to_date(tell=tell)
    except MigrationFailed as error:
        raise UpgradeStopped(str(error)) from error
    tell(f"  {', '.join(done)}" if done else "  are as this version needs them")


def _run(command: str, **options: object) -> None:
    try:
        call_command(command, **options)
    except CommandError as error:
        raise UpgradeStopped(f"{error} Nothing was changed.") from error
