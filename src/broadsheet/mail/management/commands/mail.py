"""`broadsheet mail`: hold letters back, and let them go."""

from __future__ import annotations

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from broadsheet.mail.hold_flows import Queue, hold_mail, load_queue, release_mail


class Command(BaseCommand):
    help = """Say whether letters are sent or held, hold them, or let them go.

A site restored from a backup holds its letters until it is told to send them: it may be a copy for a drill, and the
original may have sent them long ago.

Examples:
  broadsheet mail status
  broadsheet mail release --discard-queued
  broadsheet mail hold"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="status|release|hold")
        status = actions.add_parser("status", help="say whether letters are sent or held, and how many wait")
        status.add_argument("--json", action="store_true", help="say it as JSON")
        release = actions.add_parser("release", help="send letters from now on")
        choice = release.add_mutually_exclusive_group()
        choice.add_argument("--discard-queued", action="store_true", help="drop letters that were queued before the backup")
        choice.add_argument("--send-queued", action="store_true", help="send those too")
        actions.add_parser("hold", help="keep letters in the outbox from now on")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "release":
            self._release(load_queue(), discard=options["discard_queued"], send=options["send_queued"])
        elif options["action"] == "hold":
            hold_mail()
        queue = load_queue()
        self.stdout.write(json.dumps(_as_json(queue)) if options.get("json") else describe(queue))

    def _release(self, queue: Queue, *, discard: bool, send: bool) -> None:
        if queue.copied and not discard and not send:
            raise CommandError(
                f"Letters queued before the backup: {queue.copied}. The original site may have sent them since: "
                "add --discard-queued to drop them, or --send-queued to send them. Nothing was changed."
            )
        discarded = release_mail(discard_copied=discard)
        if discard:
            self.stdout.write(f"Dropped: {discarded}.")


def describe(queue: Queue) -> str:
    """The state of the outbox as a person reads it."""
    if not queue.is_held:
        return f"Letters are sent. Waiting: {queue.waiting}."
    origin = f" This site was restored from a backup of {queue.copied_at:%Y-%m-%d %H:%M} UTC." if queue.copied_at else ""
    return (
        f"Letters are held. Waiting: {queue.waiting}, of which queued before the backup: {queue.copied}.{origin} "
        "`broadsheet mail release` lets them go."
    )


def _as_json(queue: Queue) -> dict[str, Any]:
    copied_at = queue.copied_at.isoformat() if queue.copied_at else None
    return {"held": queue.is_held, "waiting": queue.waiting, "copied": queue.copied, "copied_at": copied_at}
