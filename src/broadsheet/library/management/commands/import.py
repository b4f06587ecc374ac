"""`broadsheet import`: bring articles from files into the library."""

from __future__ import annotations

import gc
import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from broadsheet.core import clock
from broadsheet.library.access import Access
from broadsheet.library.importing.items import Desk
from broadsheet.library.importing.report import Report
from broadsheet.library.importing.sources import read_paths
from broadsheet.library.importing.writer import import_items

SHOWN_WARNINGS = 50


class Command(BaseCommand):
    help = """Import articles from JSON Lines, Markdown, HTML, text, saved web pages and WordPress exports.

Folders are read with all that is in them. An item that was imported before is changed, not doubled.
docs/import.md describes each format.

Examples:
  broadsheet import export.jsonl --dry-run
  broadsheet import articles/ wordpress.xml --access metered
  broadsheet import saved-pages/ --access subscribers --json

Exit status: 0 all items are in the library, 1 some were refused (each is named with its reason)."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file or a folder")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")
        parser.add_argument(
            "--access",
            choices=[access.value for access in Access],
            default=Access.METERED.value,
            help="access of new articles whose source names none (default: metered)",
        )
        parser.add_argument("--overwrite", action="store_true", help="also replace what editors have changed since the last import")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        gc.freeze()  # so that the collector does not walk all of Django's objects, nor often what a batch holds anyway
        gc.set_threshold(50_000, 20, 20)
        desk = Desk(clock.now(), settings.BROADSHEET.zone)
        try:
            report = self._import(desk, options)
        except DatabaseError as error:
            raise CommandError(
                f"The import stopped, the database says: {error}. Nothing is lost: run it again and it goes on. "
                "(A new installation needs `broadsheet migrate` first.)"
            ) from error
        self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False) if options["json"] else describe(report))
        if report.refused:
            sys.exit(1)

    def _import(self, desk: Desk, options: dict[str, Any]) -> Report:
        with _progress(shown=not options["json"]) as on_read:
            return import_items(
                read_paths(options["paths"], desk),
                now=desk.now,
                access=Access(options["access"]),
                overwrite=options["overwrite"],
                dry_run=options["dry_run"],
                on_read=on_read,
            )


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[int], None] | None]:
    """A line on standard error that counts items, where a person watches."""
    console = Console(stderr=True)
    if not shown or not console.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Importing", total=None)
        yield lambda count: progress.advance(task, count)


def describe(report: Report) -> str:
    """The report as a person reads it; every refusal is named."""
    would = "would be " if report.dry_run else ""
    lines = [
        f"{report.read} read: {report.imported} {would}imported, {report.changed} {would}changed, "
        f"{report.unchanged} unchanged, {report.refused} refused."
    ]
    if report.photos:
        lines.append(f"{report.photos} new photos.")
    lines += [f"Left out: {count} × {kind}." for kind, count in report.left_out.items()]
    lines += [f"Refused: {refusal}" for refusal in report.refusals]
    lines += [f"Warning: {warning}" for warning in report.warnings[:SHOWN_WARNINGS]]
    if len(report.warnings) > SHOWN_WARNINGS:
        lines.append(f"… and {len(report.warnings) - SHOWN_WARNINGS} warnings more; --json lists all.")
    return "\n".join(lines)
