"""`broadsheet adopt stripe`: takes over the subscriptions that a publication has at Stripe already."""

from __future__ import annotations

import json
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from broadsheet.billing import providers
from broadsheet.billing.adopt_flows import Adopted, adopt_subscriptions, forget_prices
from broadsheet.billing.models import Plan
from broadsheet.billing.provider import ProviderError
from broadsheet.billing.stripe_gateway import StripeGateway
from broadsheet.core import clock


class Command(BaseCommand):
    help = (
        "Take over the subscriptions that a publication has at Stripe already, without new cards and without letters.\n"
        "It can be run again and again. docs/operator/stripe.md goes through it.\n\n"
        "Examples:\n"
        "  broadsheet adopt stripe --dry-run\n"
        "  broadsheet adopt stripe --plan price_1Abc=month --plan price_1Xyz=year\n\n"
        "Exit status: 0 all are here, 1 some are left for you (each is named with its reason)."
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("provider", choices=["stripe"], help="where they are")
        plan_help = "a price at Stripe, and the short name of its plan here"
        parser.add_argument("--plan", action="append", default=[], metavar="PRICE=PLAN", help=plan_help)
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")
        parser.add_argument(
            "--forget-prices", action="store_true", help="forget the prices' numbers at Stripe, after its test mode"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["forget_prices"]:
                self.stdout.write(f"{forget_prices()} prices will be made at Stripe again when they are first sold.")
                return
            adopted = self._adopt(options)
        except ProviderError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            counted = {"counts": adopted.counts, "other_prices": adopted.other_prices, "left": dict(adopted.left)}
            self.stdout.write(json.dumps(counted, sort_keys=True))
        else:
            self.stdout.write(describe(adopted, dry_run=options["dry_run"]))
        if adopted.left:
            sys.exit(1)

    def _adopt(self, options: dict[str, Any]) -> Adopted:
        gateway = providers.find(options["provider"])
        if not isinstance(gateway, StripeGateway):
            raise CommandError("Set BROADSHEET_STRIPE_SECRET_KEY, and name stripe in BROADSHEET_PAYMENTS.")
        with _progress(shown=not options["json"]) as on_read:
            return adopt_subscriptions(
                gateway, _read_plans(options["plan"]), dry_run=options["dry_run"], now=clock.now(), on_read=on_read
            )


def describe(adopted: Adopted, *, dry_run: bool) -> str:
    """The outcome for a person: what was counted, other products' prices, and what is left."""
    lines = ["Nothing was written; this is what would happen."] if dry_run else []
    lines += [f"{number:>7} {what}" for what, number in sorted(adopted.counts.items())] or ["There are no subscriptions at Stripe."]
    if adopted.other_prices:
        lines += ["", "Prices of other products; name those that are yours with --plan PRICE=PLAN:"]
        lines += [f"{number:>7} {ref}" for ref, number in adopted.other_prices.most_common()]
    if adopted.left:
        lines += ["", "Left for you:", *(f"  {ref}: {why}" for ref, why in adopted.left)]
    return "\n".join(lines)


def _read_plans(named: list[str]) -> dict[str, Plan]:
    plans: dict[str, Plan] = {}
    for text in named:
        price, _, slug = text.partition("=")
        plan = Plan.objects.filter(slug=slug).first()
        if plan is None or not price:
            known = ", ".join(Plan.objects.values_list("slug", flat=True)) or "none yet; make one in the desk"
            raise CommandError(f"--plan {text}: write a price and a plan, such as price_1Abc=month. Plans: {known}.")
        plans[price] = plan
    return plans


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[int], None]]:
    columns = (SpinnerColumn(), TextColumn("subscriptions"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not (shown and sys.stderr.isatty())) as progress:
        task = progress.add_task("", total=None)
        yield lambda number: progress.advance(task, number)
