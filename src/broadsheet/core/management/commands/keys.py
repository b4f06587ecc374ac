"""`broadsheet keys`: the keys that sign readers' passes."""

from __future__ import annotations

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand

from broadsheet.core import clock
from broadsheet.core.signing_key_flows import LiveKey, list_signing_keys, rotate_signing_keys


class Command(BaseCommand):
    help = """List or rotate the keys that sign readers' passes; secrets are never shown.

Two keys live: the newest signs, the one before it still opens what it has signed. So nobody is signed out by a rotation, nor
by two in a row: a pass that no key opens is made anew from the reader's session. The worker rotates every 90 days by itself;
do it by hand, twice, when a copy of the database has come into wrong hands.

Examples:
  broadsheet keys list
  broadsheet keys rotate"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=("list", "rotate"), help="list the keys, or make a new one and drop the oldest")
        parser.add_argument("--json", action="store_true", help="print the keys as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        if options["what"] == "rotate":
            rotate_signing_keys(now=now)
        keys = list_signing_keys(now=now)
        self.stdout.write(json.dumps([_as_json(key) for key in keys]) if options["json"] else _describe(keys))


def _describe(keys: list[LiveKey]) -> str:
    if not keys:
        return "There is no key yet; the first pass makes one."
    return "\n".join(
        f"{key.key_id}  made {key.created_at:%Y-%m-%d %H:%M} UTC, {key.age_days} days ago; "
        f"{'signs' if key.signs else 'opens what it has signed'}"
        for key in keys
    )


def _as_json(key: LiveKey) -> dict[str, object]:
    return {"id": key.key_id, "created_at": key.created_at.isoformat(), "age_days": key.age_days, "signs": key.signs}
