"""`broadsheet backup`: the whole installation in one file."""

from __future__ import annotations

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from broadsheet.conf.backup.archive import Manifest
from broadsheet.conf.backup.encryption import Keys, Protection
from broadsheet.conf.backup.exceptions import BackupError
from broadsheet.conf.backup.flows import Made, Wish, make_backup, verify_backup
from broadsheet.conf.backup.terminal import add_key_options, read_keys, read_passphrase, showing_progress
from broadsheet.core import clock

SHOWN_FILES = 10


class Command(BaseCommand):
    help = """Write the whole installation into one file: database, uploaded files and secret key.

The site goes on serving meanwhile. The settings are not in it: keep a copy of them, and of the key of encrypted backups.
docs/operator/backup.md tells how to do it each night, and how to come back.

Examples:
  broadsheet backup
  broadsheet backup --to /mnt/backups --keep 14 --encrypt-to age1…
  broadsheet backup --verify /mnt/backups/broadsheet-example.org-20260217T030000Z.tar.age --identity-file key.txt"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", metavar="PATH", help="a folder, or the name of a new file (default: DATA_DIR/backups/)")
        parser.add_argument(
            "--encrypt-to", action="append", default=[], metavar="RECIPIENT", help="age1… key or SSH public key; may be repeated"
        )
        parser.add_argument("--keep", type=int, default=0, metavar="N", help="then delete all but the newest N of this site there")
        parser.add_argument("--verify", type=Path, metavar="FILE", help="look whether a backup is whole; write nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        add_key_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = self._verify(options) if options["verify"] else self._make(options)
        except (BackupError, DatabaseError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(result)

    def _make(self, options: dict[str, Any]) -> str:
        if options["keep"] < 0:
            raise CommandError("--keep takes a number of backups, 1 or more.")
        if options["encrypt_to"] and options["passphrase_file"]:
            raise CommandError("Give --encrypt-to or --passphrase-file: the age format takes keys or a passphrase, not both.")
        if options["identity_file"]:
            raise CommandError("--identity-file opens a backup; to make an encrypted one, give --encrypt-to.")
        protection = Protection(tuple(options["encrypt_to"]), read_passphrase(options["passphrase_file"]))
        wish = Wish(options["to"], protection, options["keep"])
        with showing_progress(shown=not options["json"]) as tell:
            made = make_backup(wish, now=clock.now(), tell=tell)
        return json.dumps(made_as_json(made)) if options["json"] else describe_made(made)

    def _verify(self, options: dict[str, Any]) -> str:
        keys: Keys = read_keys(options)
        with showing_progress(shown=not options["json"]) as tell:
            manifest = verify_backup(options["verify"], keys, tell=tell)
        content = {"path": str(options["verify"]), "whole": True, **manifest_as_json(manifest)}
        return json.dumps(content) if options["json"] else f"{options['verify']} is whole. {describe_manifest(manifest)}"


def describe_made(made: Made) -> str:
    """The result as a person reads it."""
    lines = [f"{made.path} ({made.size / 1e6:,.1f} MB). {describe_manifest(made.manifest)}"]
    if made.lost:
        names = ", ".join(made.lost[:SHOWN_FILES])
        lines.append(f"Warning: {len(made.lost)} files that the database names are not on the disk, nor in the backup: {names}")
    lines += [f"Deleted {path.name}." for path in made.pruned]
    return "\n".join(lines)


def describe_manifest(manifest: Manifest) -> str:
    """What a backup holds, in one sentence."""
    label, rows = manifest.label, sum(manifest.label.rows.values())
    files = sum(name.startswith("media/") for name in manifest.members)
    return (
        f"Made {label.moment:%Y-%m-%d %H:%M} UTC by Broadsheet {label.version}, {label.database}: {rows:,} rows, {files:,} files."
    )


def made_as_json(made: Made) -> dict[str, Any]:
    """The result as a program reads it."""
    return {
        "path": str(made.path),
        "bytes": made.size,
        **manifest_as_json(made.manifest),
        "lost": list(made.lost),
        "deleted": [str(path) for path in made.pruned],
    }


def manifest_as_json(manifest: Manifest) -> dict[str, Any]:
    """What a backup holds, as a program reads it."""
    label = manifest.label
    return {
        "at": label.made_at,
        "version": label.version,
        "database": label.database,
        "rows": sum(label.rows.values()),
        "files": sum(name.startswith("media/") for name in manifest.members),
        "missing": list(manifest.missing),
    }
