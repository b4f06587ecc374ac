"""`broadsheet check-mail [ADDRESS]`: whether letters get out, step by step."""

from __future__ import annotations

import sys
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from broadsheet.core import clock
from broadsheet.mail.check_flows import check_mail
from broadsheet.mail.exceptions import BadMailUrl


class Command(BaseCommand):
    help = (
        "Connect to the mail server as letters do, and say what happens at each step. With an address, send it a letter.\n"
        "The exit status is 0 if all of it went well, else 1.\n\n"
        "Example: broadsheet check-mail me@example.org"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", nargs="?", default="", help="who gets a letter; without it none is sent")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            is_well = check_mail(options["address"], now=clock.now(), note=self.stdout.write)
        except (BadMailUrl, ValueError) as error:
            raise CommandError(str(error)) from None
        if not is_well:
            sys.exit(1)
