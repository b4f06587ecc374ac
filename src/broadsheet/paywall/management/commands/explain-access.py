"""`broadsheet explain-access EMAIL ARTICLE`: which rule decides, by which record, until when."""

from __future__ import annotations

import json
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from broadsheet.core import clock
from broadsheet.paywall.explanation import Explanation, explain


class Command(BaseCommand):
    help = (
        "Say why the reader with an address may or may not read an article: rule, record and end date.\n\n"
        "Example: broadsheet explain-access reader@example.org 1204"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the reader's address")
        parser.add_argument("article", type=int, help="the article's number, as in /articles/<number>/")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        explanation = explain(options["email"], options["article"], now=clock.now())
        if options["json"]:
            self.stdout.write(json.dumps(_fields(explanation)))
            return
        for name, value in _fields(explanation).items():
            self.stdout.write(f"{name:10} {value if value not in (None, '') else '-'}")


def _fields(explanation: Explanation) -> dict[str, Any]:
    decision = explanation.decision
    return {
        "reader": explanation.reader_id,
        "outcome": str(decision.outcome) if decision else "no such article",
        "rule": str(decision.reason) if decision else None,
        "record": decision.record if decision else None,
        "ends": decision.ends_at.isoformat() if decision and decision.ends_at else None,
        "remaining": decision.remaining if decision else None,
        "why": explanation.sentence,
    }
