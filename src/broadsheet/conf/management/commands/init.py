"""`broadsheet init`: from a bare server to the first sign-in."""

from __future__ import annotations

import sys
from argparse import BooleanOptionalAction, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from broadsheet.conf.environment import SettingsError
from broadsheet.conf.init.exceptions import InitError
from broadsheet.conf.init.layout import Layout
from broadsheet.conf.init.questions import SWITCHES, Terminal, questions
from broadsheet.conf.init.run import Switches, run_init

EXAMPLE = """\
Make a publication on this server: settings, keys, database, first publisher, systemd units, nginx site. At a terminal it
asks for what no flag says; with --name, --address and --publisher it asks nothing. Run again it keeps keys, secret and
publisher, changes what a flag says anew, and tells what it changes.

Example: broadsheet init --name "The Review" --address https://review.example.org --publisher ann@example.org \\
             --mail-url 'smtp://user:password@mail.example.org'
"""


class Command(BaseCommand):
    help = EXAMPLE
    requires_system_checks = ()

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        for question in questions(Layout()):
            parser.add_argument(question.flag, help=question.help.replace("%", "%%"))
        for name, what in SWITCHES.items():
            parser.add_argument(f"--{name}", action=BooleanOptionalAction, help=f"write {what} (default: yes)")
        parser.add_argument(
            "--password-file", type=Path, help="file with the publisher's password; without it one is made and shown"
        )
        parser.add_argument("--renew-sign-in", action="store_true", help="give the publisher a new password and second factor")
        parser.add_argument("--no-mail-check", action="store_true", help="do not try the mail server")
        parser.add_argument("--force", action="store_true", help="replace files that were changed by hand; the old ones are kept")
        parser.add_argument(
            "--root", type=Path, default=Path("/"), help="write everything below this folder, without root's rights"
        )
        parser.add_argument("--dry-run", action="store_true", help="print what would be written, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        switches = Switches(
            password_file=options["password_file"],
            renews_sign_in=options["renew_sign_in"],
            checks_mail=not options["no_mail_check"],
            force=options["force"],
            dry_run=options["dry_run"],
        )
        is_at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        terminal = Terminal(ask=input, say=self._say) if is_at_terminal else None
        try:
            run_init(options, switches, Layout(options["root"].absolute()), say=self._say, terminal=terminal)
        except (InitError, SettingsError) as error:
            raise CommandError(str(error)) from None
        except (KeyboardInterrupt, EOFError):
            raise CommandError("Stopped; what had been written was taken back.") from None

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
