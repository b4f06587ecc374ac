"""`broadsheet restore`: an installation from a backup."""

from __future__ import annotations

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from broadsheet.conf.backup.exceptions import BackupError
from broadsheet.conf.backup.restore_flows import Consent, Restored, restore_backup
from broadsheet.conf.backup.terminal import add_key_options, read_keys, showing_progress
from broadsheet.core import clock
from broadsheet.mail.hold_flows import load_queue


class Command(BaseCommand):
    help = """Bring a backup back: database, uploaded files and secret key, into an empty installation.

Stop Broadsheet first. The backup is unpacked and compared with its manifest before anything is touched. A backup of an
older version is brought up to this one; one of SQLite goes into SQLite, one of PostgreSQL into PostgreSQL. Sign-ins
survive. Letters are held until `broadsheet mail release`.

Examples:
  broadsheet restore /mnt/backups/broadsheet-example.org-20260217T030000Z.tar
  broadsheet restore backup.tar.age --identity-file key.txt --replace"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the backup")
        parser.add_argument("--into-database", metavar="URL", help="a database other than that of BROADSHEET_DATABASE_URL")
        parser.add_argument("--replace", action="store_true", help="move aside what the installation holds; nothing is deleted")
        parser.add_argument("--new-secret-key", action="store_true", help="go on under another secret key: everybody is signed out")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        add_key_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        consent = Consent(options["replace"], options["new_secret_key"])
        try:
            with showing_progress(shown=not options["json"]) as tell:
                restored = restore_backup(options["file"], read_keys(options), consent, now=clock.now(), tell=tell)
        except (BackupError, DatabaseError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(as_json(restored)) if options["json"] else describe(restored))


def describe(restored: Restored) -> str:
    """The result as a person reads it: what is there now, and what to do next."""
    label, ours = restored.manifest.label, settings.BROADSHEET
    lines = [f"Restored the site of {label.site_url} as it was at {label.moment:%Y-%m-%d %H:%M} UTC."]
    if restored.aside:
        lines.append(f"What was here before lies in {restored.aside}; delete it when you are sure.")
    if restored.aside_schema:
        lines.append(f"The database's old tables are in the schema {restored.aside_schema}; drop it when you are sure.")
    if label.site_url != ours.site_url:
        lines.append(f"The site's address is now {ours.site_url}; links in letters lead there.")
    if label.time_zone != ours.time_zone:
        lines.append(f"Warning: it counted its months in {label.time_zone}, and BROADSHEET_TIME_ZONE is {ours.time_zone} now.")
    queue = load_queue()
    lines.append(f"Letters are held ({queue.waiting} wait). `broadsheet mail release` lets them go; a copy for a drill needs none.")
    lines.append("Start Broadsheet again, and look at `broadsheet doctor`.")
    return "\n".join(lines)


def as_json(restored: Restored) -> dict[str, Any]:
    """The result as a program reads it."""
    label = restored.manifest.label
    aside = {"files": str(restored.aside) if restored.aside else None, "schema": restored.aside_schema or None}
    return {"at": label.made_at, "site_url": label.site_url, "rows": sum(label.rows.values()), "aside": aside, "mail": "held"}
