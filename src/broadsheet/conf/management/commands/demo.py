"""`broadsheet demo`: the demo publication on this machine."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from broadsheet.conf.management.commands.serve import prepare, refuse_taken_ports, serving_programs
from broadsheet.conf.processes import run_together
from broadsheet.core import clock
from broadsheet.demo.load import is_demo_loaded, load_demo
from broadsheet.demo.people import PEOPLE, authenticator_secret, demo_password


class Command(BaseCommand):
    help = "Run the demo publication; touches nothing outside DIR. Example: broadsheet demo --data-dir DIR --port 8000"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data-dir", help="where the demo keeps its data (default: .demo)")
        parser.add_argument("--port", type=int, default=8000, help="port on localhost (default: 8000)")
        parser.add_argument("--load-only", action="store_true", help="make the demo's data and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["load_only"]:
            refuse_taken_ports("127.0.0.1", options["port"])
        self.stdout.write("Preparing the demo: database, texts, pictures …")
        prepare()
        if not is_demo_loaded():
            load_demo(now=clock.now())
        self.stdout.write(sign_ins())
        if not options["load_only"]:
            self.stdout.write("Stop it with Ctrl-C.")
            self.stdout.flush()
            run_together(serving_programs(host="127.0.0.1", port=options["port"]), tell=self.stdout.write)


def sign_ins() -> str:
    """What is printed at start: the address, who can sign in, and where letters land."""
    site, secret = settings.BROADSHEET.site_url, settings.BROADSHEET.secret_key
    lines = [
        "",
        f"The demo publication: {site}/",
        f"Its mailbox:          {site}/demo/mail/",
        f"Codes and clock:      {site}/demo/",
    ]
    lines += [f"The desk:             {site}/desk/", "", "Sign-ins (password, or the code that lands in the mailbox):"]
    for person in PEOPLE:
        lines.append(f"  {person.address:<24} {demo_password(person, secret_key=secret)}   {person.what}")
        if person.role:
            lines.append(f"  {'':<24} authenticator secret {authenticator_secret(person, secret_key=secret)}")
    return "\n".join([*lines, ""])
