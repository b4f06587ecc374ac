"""`broadsheet upgrade`: bring an installation to this version while the one before serves."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from broadsheet.conf.processes import broadsheet_command
from broadsheet.conf.upgrade_flows import UpgradeStopped, Wish, check_readiness, describe_missing, upgrade

RESTART = ("systemctl", "restart", "broadsheet")


class Command(BaseCommand):
    help = """Bring the installation to this version; the version that serves goes on until it is restarted.

Run it from the new version: it checks disk and database, writes a backup, brings the tables up to date (all or nothing, and
only ever so that the version before can go on), collects static files beside those of the version before, and makes the
pages. If a step fails, the version that serves goes on as it is. docs/operator/upgrade.md tells the whole story.

Examples:
  broadsheet upgrade --check     what would be done
  broadsheet upgrade             all but the restart
  sudo broadsheet upgrade --restart --backup-to /mnt/backups"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="say what would be done, and whether anything stands in the way")
        parser.add_argument("--no-backup", action="store_true", help="there is one already, as of an encrypted `broadsheet backup`")
        parser.add_argument("--backup-to", metavar="PATH", help="a folder, or the name of a new file (default: DATA_DIR/backups/)")
        parser.add_argument("--no-render", action="store_true", help="leave pages to their first readers, or to a later `render`")
        parser.add_argument("--processes", type=int, default=1, metavar="N", help="processor cores to make pages with (default: 1)")
        parser.add_argument("--restart", action="store_true", help=f"then run {' '.join(RESTART)}, as root")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["restart"] and os.geteuid() != 0:
            raise CommandError("--restart is for root; without it, this command says at its end how to restart.")
        owner = find_other_owner()
        if owner is not None:
            run_as(owner, [argument for argument in sys.argv[2:] if argument != "--restart"])
        elif options["check"]:
            self._check()
        else:
            self._upgrade(options)
        if options["restart"] and not options["check"]:
            self._restart()

    def _check(self) -> None:
        missing = describe_missing()
        self._tell(f"Tables: {len(missing)} migrations to apply." if missing else "Tables: as this version needs them.")
        for line in [*missing, *(f"{found.check}: {found.what} {found.todo}".strip() for found in check_readiness())]:
            self._tell(f"  {line}")

    def _upgrade(self, options: dict[str, Any]) -> None:
        self._tell(f"To Broadsheet {version('broadsheet')}; the version that serves goes on meanwhile.")
        wish = Wish(not options["no_backup"], options["backup_to"], not options["no_render"], options["processes"])
        try:
            upgrade(wish, tell=self._tell)
        except UpgradeStopped as error:
            raise CommandError(str(error)) from error
        self._tell(f"All is ready. A restart on each host lets it serve this version: sudo {' '.join(RESTART)}")

    def _restart(self) -> None:
        try:
            subprocess.run(RESTART, check=True)  # noqa: S603 (our own words)
        except (OSError, subprocess.CalledProcessError) as error:
            raise CommandError(f"The restart failed: {error}. See `journalctl -u broadsheet`.") from error
        self._tell("Restarted. `broadsheet doctor` looks whether all is well.")

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def find_other_owner() -> pwd.struct_passwd | None:
    """The account that owns the data directory, if this is root and that is not: files of root's would lock it out."""
    if os.geteuid() != 0:
        return None
    owner = settings.BROADSHEET.data_dir.stat().st_uid
    return pwd.getpwuid(owner) if owner != 0 else None


def run_as(owner: pwd.struct_passwd, arguments: list[str]) -> None:
    """Run this command as another account.

    Raises:
        SystemExit: it failed; it has said why.
    """
    groups = os.getgrouplist(owner.pw_name, owner.pw_gid)
    command = broadsheet_command("upgrade", *arguments)
    ran = subprocess.run(command, user=owner.pw_uid, group=owner.pw_gid, extra_groups=groups, check=False)  # noqa: S603
    if ran.returncode:
        sys.exit(ran.returncode)
