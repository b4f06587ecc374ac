"""`broadsheet countries`: finds anew which countries the published articles are about."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.progress import Progress

from broadsheet.core import clock
from broadsheet.library import country_store
from broadsheet.library.flows import FILED_AT_ONCE, end_filing, find_countries_anew


class Command(BaseCommand):
    help = (
        "Find anew which countries the published articles are about. Publishing and importing do so by themselves, and after\n"
        "an upgrade that knows more names the worker does it bit by bit; this does it at once. Run again, it changes nothing.\n\n"
        "Example: broadsheet countries"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def handle(self, *args: Any, **options: Any) -> None:
        looked_at = changed = last = 0
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("articles", total=country_store.count_published())
            while ids := country_store.list_published(after=last, limit=FILED_AT_ONCE):
                changed += find_countries_anew(ids, now=clock.now())
                looked_at, last = looked_at + len(ids), ids[-1]
                bar.update(task, completed=looked_at)
        end_filing(now=clock.now())
        self.stdout.write(f"{looked_at} articles looked at, {changed} have other countries than before.")
