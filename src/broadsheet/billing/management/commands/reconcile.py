"""`broadsheet reconcile`: compares our books with the payment providers' and prints every difference."""

from __future__ import annotations

import json
import sys
from argparse import RawDescriptionHelpFormatter
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from broadsheet.billing.reconcile_flows import find_differences, mend
from broadsheet.core import clock


class Command(BaseCommand):
    help = (
        "Compare our books with the payment providers', print every difference, and end with status 1 if there is one.\n\n"
        "Example: broadsheet reconcile --mend"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mend", action="store_true", help="bring our books up to what the provider says")
        parser.add_argument("--json", action="store_true", help="print one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        found = left = 0
        for difference in find_differences(now=now):
            found += 1
            is_mended = options["mend"] and mend(difference, now=now)
            left += not is_mended
            if options["json"]:
                self.stdout.write(json.dumps({**asdict(difference), "mended": is_mended}))
            else:
                note = " (mended)" if is_mended else ""
                self.stdout.write(f"{difference.provider} {difference.ref}: {difference.what}{note}")
        if not options["json"]:
            self.stdout.write(f"{found} differences, {found - left} mended." if found else "No differences.")
        if left:
            sys.exit(1)
