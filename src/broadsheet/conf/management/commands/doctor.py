"""`broadsheet doctor`: checks the installation and says what to do."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table
from rich.text import Text

from broadsheet.conf.doctor.examination import Options, examine
from broadsheet.conf.doctor.findings import Finding, Level, gravest

EXIT_STATUS = {Level.OK: 0, Level.WARN: 1, Level.FAIL: 2}
STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


class Command(BaseCommand):
    help = (
        "Check settings, database, disk, letters, clocks, keys and processes, and say what to do. "
        "Exit status 0: all is well; 1: something to look at; 2: something does not work. Example: broadsheet doctor --json"
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON, for programs")
        parser.add_argument("--integrity", action="store_true", help="read the whole database for damage; may take minutes")
        parser.add_argument("--offline", action="store_true", help="do not connect to the mail server, nor look at the certificate")
        parser.add_argument("--tls", default="127.0.0.1:443", metavar="HOST:PORT", help="where TLS ends (default: 127.0.0.1:443)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the findings; the exit status is that of the gravest."""
        host, _, port = options["tls"].rpartition(":")
        if not host or not port.isdigit():
            raise CommandError(f"--tls is {options['tls']!r}; write HOST:PORT, such as 127.0.0.1:443.")
        found = list(examine(Options(options["integrity"], host.strip("[]"), int(port), options["offline"])))
        if options["json"]:
            self.stdout.write(json.dumps(as_values(found), indent=2))
        else:
            Console(file=sys.stdout, highlight=False).print(as_table(found))
        sys.exit(EXIT_STATUS[gravest(found)])


def as_values(found: list[Finding]) -> dict[str, object]:
    """The findings for a program."""
    checks = [{"check": one.check, "level": one.level, "what": one.what, "todo": one.todo} for one in found]
    return {"site": settings.BROADSHEET.site_url, "level": gravest(found), "checks": checks}


def as_table(found: list[Finding]) -> Table:
    """The findings for a person."""
    table = Table("check", "", "what", box=None, padding=(0, 2, 0, 0))
    for one in found:
        what = Text(one.what)
        if one.todo:
            what.append(f"\n{one.todo}", style="italic")
        table.add_row(one.check, Text(one.level, style=STYLES[one.level]), what)
    return table
