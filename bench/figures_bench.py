"""The publisher's figures on a million events: the CPU of a page, against one raw count of the events by kind.

That count is the least that a funnel without sums would ask of the event table. In a process of its own, with a SQLite database
made for the run; events are counted by the job itself. The bare `SELECT count(*)` is stated too: SQLite answers it from the
heads of its index pages, in less time than any page of the desk takes for its menus.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.run import Result

EVENTS = int(os.environ.get("BENCH_FIGURES_EVENTS", "1000000"))
DAYS = 365
ARTICLES = 2_000
READERS = int(os.environ.get("BENCH_FIGURES_READERS", "100000"))
BAR = 0.2
SEARCH_BAR_MS = 50.0
TRIES = 9
# How often each kind happens, as on a publication with one subscriber for each thousand walls.
SHARES = {"wall_shown": 900, "email_left": 40, "confirmed": 25, "unlocked": 25, "offer_seen": 8, "ordered": 1, "subscribed": 1}


def measure_figures() -> list[Result]:
    """Counting, the figures of each page against a raw count, and the support's search."""
    from bench.run import Result

    with tempfile.TemporaryDirectory(prefix="broadsheet-figures-bench-") as folder:
        environment = {**os.environ, "BROADSHEET_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "broadsheet.conf.settings"}
        environment.pop("BROADSHEET_DATABASE_URL", None)
        ran = subprocess.run([sys.executable, __file__], env=environment, capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout.splitlines()[-1])
    note = f"{EVENTS:,} events, {found['sums']:,} sums, median of {TRIES}"
    results = [Result("figures: events counted by the job", "events a CPU second", found["counted"], None, note=note)]
    for name, ours in found["figures"].items():
        results.append(Result(f"figures: {name}", "ms CPU", ours, BAR, yardstick=found["grouped"], at_most=True, note=note))
    for name, ours in found["pages"].items():
        words = f"figures: {name}, whole page with the desk's frame"
        results.append(Result(words, "ms CPU", ours, BAR, yardstick=found["grouped"], at_most=True, note=note))
    results.append(Result("figures: first page of the desk, for its frame", "ms CPU", found["frame"], None, note=note))
    results.append(Result("figures: one raw count of all events", "ms CPU", found["raw"], None, note=note))
    results.append(Result("figures: the raw count by kind that the funnel would need", "ms CPU", found["grouped"], None, note=note))
    for name, ours in found["search"].items():
        search_note = f"{READERS:,} readers, median of {TRIES}"
        results.append(Result(f"support: {name}", "ms CPU", ours, SEARCH_BAR_MS, at_most=True, note=search_note))
    return results


def main() -> None:
    """Fill the database of BROADSHEET_DATA_DIR, measure, and print the figures as one line of JSON."""
    import django

    from broadsheet.conf import settings as module

    module.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    fill()
    print(json.dumps(measure()))


def fill() -> None:
    """Events of a year, readers, and what the ledgers of some subscriptions came to."""
    from django.db import connection, transaction

    from broadsheet.accounts.models import User
    from broadsheet.billing.models import Plan
    from broadsheet.core.models import Event
    from broadsheet.figures.models import SubscriptionDay

    random, last = Random(6), datetime.now(UTC)
    kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
    for start in range(0, EVENTS, 20_000):
        with transaction.atomic():
            Event.objects.bulk_create(
                _event(Event, random, kinds, last - timedelta(days=DAYS * (1 - number / EVENTS)))
                for number in range(start, min(start + 20_000, EVENTS))
            )
    for start in range(0, READERS, 10_000):
        numbers = range(start, min(start + 10_000, READERS))
        User.objects.bulk_create(User(email=a, address_key=a) for a in (f"r{n}.name@example.org" for n in numbers))
    plan = Plan.objects.create(name="All-Access", slug="all", price_cents=980, period="month")
    for day in range(DAYS):
        for what, count in (("started", 9), ("ended", 6), ("renewed", 80), ("revenue", 0)):
            SubscriptionDay.objects.create(
                day=(last - timedelta(days=day)).date(),
                what=what,
                plan_id=plan.pk,
                currency="EUR",
                count=count,
                yearly_cents=0 if count else 3 * 11_760,
            )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _event(model: Any, random: Random, kinds: list[str], at: datetime) -> Any:
    kind = random.choice(kinds)
    source = random.choice(["stranger", "meter", "spent"]) if kind == "wall_shown" else ""
    article = int(random.paretovariate(0.6)) % ARTICLES + 1  # a few are read by most
    return model(kind=kind, at=at, month=f"{at:%Y-%m}", article_id=article, source=source, count=random.randint(1, 5))


def measure() -> dict[str, Any]:
    """Everything that the table shows."""
    from django.contrib.auth.models import Group
    from django.db import connection
    from django.test import Client, RequestFactory

    from broadsheet.accounts.models import User
    from broadsheet.desk import figures as desk
    from broadsheet.desk.support_store import search_readers
    from broadsheet.figures.flows import count_everything
    from broadsheet.figures.models import ArticleDayCount, DayCount

    begun = process_time()
    while count_everything():
        pass
    counted = EVENTS / (process_time() - begun)

    def raw() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM core_event")
            cursor.fetchall()

    def grouped() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT kind, count(*), sum(count) FROM core_event GROUP BY kind")
            cursor.fetchall()

    requests = RequestFactory()
    questions = {
        "funnel, twelve weeks": "",
        "funnel, a year of weeks": "from=2000-01-01",
        "funnel by article": "by=article",
        "funnel by source": "by=source",
    }
    loads: dict[str, Callable[[], object]] = {
        name: partial(_funnel, desk, requests.get(f"/?{query}")) for name, query in questions.items()
    }
    loads["subscribers, twelve weeks"] = lambda: _subscribers(desk, requests.get("/"))
    publisher = User.objects.create_user("publisher@example.org", is_staff=True)
    publisher.groups.add(Group.objects.get(name="Publisher"))
    client = _signed_in(Client(headers={"host": "localhost"}), publisher)
    pages = {"funnel": "/desk/figures/funnel/", "subscribers": "/desk/figures/subscribers/"}
    searches = {"part of an address": "77.name@", "no such address": "nobody.there", "a number": "pay_0123456789"}
    return {
        "counted": round(counted),
        "sums": DayCount.objects.count() + ArticleDayCount.objects.count(),
        "raw": _cost(raw),
        "grouped": _cost(grouped),
        "figures": {name: _cost(load) for name, load in loads.items()},
        "pages": {name: _cost(partial(client.get, address)) for name, address in pages.items()},
        "frame": _cost(partial(client.get, "/desk/")),
        "search": {name: _cost(partial(search_readers, typed)) for name, typed in searches.items()},
    }


def _funnel(desk: Any, request: Any) -> object:
    question = desk.read_question(request)
    return desk._FUNNELS[question.by](question)


def _subscribers(desk: Any, request: Any) -> object:
    span = desk.read_question(request).span
    rows, _, _ = desk._load_subscribers(span)
    return desk._subscriber_charts(rows, span)


def _signed_in(client: Any, user: Any) -> Any:
    from allauth.account.internal.flows.login import record_authentication
    from django.http import HttpRequest

    client.force_login(user)
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, user, method="mfa", type="totp", id=1)
    request.session.save()
    return client


def _cost(do: Callable[[], object]) -> float:
    do()
    spent = []
    for _ in range(TRIES):
        begun = process_time()
        do()
        spent.append((process_time() - begun) * 1000)
    return round(median(spent), 2)


if __name__ == "__main__":
    main()
