"""What each page and screen of the installation in BROADSHEET_DATA_DIR costs: CPU, queries, bytes.

    BROADSHEET_DATA_DIR=/srv/copy .venv/bin/python bench/library_site.py

prints a table, the dearest first; with `--json` what `library_bench.py` reads. A page is asked for in this process, as a
stranger, as a subscriber or as an editor; those of readers that are kept finished are made anew for the first figure.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from statistics import median
from time import process_time
from typing import Any

TRIES = 3
WORDS = ("tariffs", "east timor", '"free trade"', "author:howard medicare", "reconcilation", "-")
NO_SCREENS = (
    "logout",
    "error_test",
    "delete",
    "sprite",
    "jsi18n",
    "download",
    "upload",
    "password",
    "second-factor",
    "login",
    "revoke",
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one address costs, the first time and then. `status` is that of the answer."""

    asker: str
    address: str
    status: int
    first_ms: float
    ms: float
    first_queries: int
    queries: int
    kilobytes: float


def main() -> None:
    """Measure all, print."""
    from bench.edge_site import set_up

    set_up()
    costs = list(measure_all())
    if "--json" in sys.argv:
        print(json.dumps([asdict(cost) for cost in costs]))
        return
    for cost in sorted(costs, key=lambda one: -max(one.first_ms, one.ms)):
        print(
            f"{cost.first_ms:8.1f} {cost.ms:8.1f} ms {cost.first_queries:4} {cost.queries:4} q {cost.kilobytes:8.1f} KB"
            f" {cost.status} {cost.asker:10} {cost.address}"
        )


def measure_all() -> Iterator[Cost]:
    """Readers' pages as a stranger; the search as a subscriber too; the desk's as an editor."""
    from django.test import Client

    from broadsheet.pages.models import Variant

    Variant.objects.all().delete()
    stranger = Client(headers={"host": "localhost", "accept-encoding": "gzip"})
    measure(stranger, "stranger", "/help/")  # so that what a process loads once is no page's
    addresses = list(reader_addresses())
    for address in addresses:
        yield measure(stranger, "stranger", address)
    subscriber = sign_in_subscriber()
    for address in addresses:
        if address.startswith(("/library/", "/articles/")):
            yield measure(subscriber, "subscriber", address)
    editor = sign_in_editor()
    for address in desk_addresses():
        yield measure(editor, "editor", address)


def measure(client: Any, asker: str, address: str) -> Cost:
    """One address: the first answer with its queries, then the median of some more."""
    from django.db import connection, reset_queries
    from django.test.utils import CaptureQueriesContext

    spent, counted, answer = [], [], None
    for _ in range(TRIES + 1):
        reset_queries()
        with CaptureQueriesContext(connection) as captured:
            begun = process_time()
            answer = client.get(address)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            spent.append((process_time() - begun) * 1_000)
        counted.append(len(captured))
    assert answer is not None
    return Cost(
        asker, address, answer.status_code, spent[0], median(spent[1:]), counted[0], round(median(counted[1:])), len(body) / 1_000
    )


def reader_addresses() -> Iterator[str]:
    """Every list, the library, its searches and feeds, sitemaps, the largest subjects of each sort, an article."""
    from django.db.models import Count

    from broadsheet.core import clock
    from broadsheet.library.models import Article, Byline
    from broadsheet.pages.listing import Cursor
    from broadsheet.pages.lists import load_ways
    from broadsheet.pages.sitemaps import load_months

    now = clock.now()
    yield from ("/", "/topics/", "/regions/", "/library/", "/library/help/", "/feed.xml", "/feed.json")
    yield from ("/sitemap.xml", "/sitemaps/pages.xml", "/news-sitemap.xml", "/robots.txt")
    dates = Article.objects.filter(live=True).order_by("-published_at", "-id").values_list("published_at", "id")
    count = dates.count()
    deep = [Cursor(*dates[count * part // 20]) for part in (10, 19)]
    author = Byline.objects.values_list("author__slug").annotate(n=Count("id")).order_by("-n")[0][0]
    subjects = [f"/authors/{author}/"]
    for through, column, folder in ((Article.topics.through, "topic", "topics"), (Article.regions.through, "region", "regions")):
        rows = through.objects.values_list(f"{column}__slug").annotate(n=Count("id")).order_by("-n")
        subjects += [f"/{folder}/{rows[0][0]}/", f"/{folder}/{rows.last()[0]}/"]
    for path in ["/library/", *subjects]:
        yield path
        yield from (f"{path}?before={cursor}" for cursor in deep)
        yield f"{path}?after={deep[0]}"
    yield from (f"{path}feed.xml" for path in subjects)
    months = load_months(now=now)
    yield from (f"/sitemaps/{month.month}.xml" for month in (months[0], months[len(months) // 2]))
    ways = [way.path for way in load_ways(now=now)]
    yield from (path for path in ways if not path.startswith("/library/"))
    yield from [path for path in ways if path.startswith("/library/")][:8]
    for word in WORDS:
        yield f"/library/?q={word}"
        yield f"/library/?q={word}&author={author}&kind=daily&kind=in-depth"
    yield from (
        "/library/?q=australia&page=100",
        "/library/?q=australia&sort=date&page=100",
        "/library/?q=the",
        "/library/?year=1999",
    )
    yield from ("/library/feed.xml?q=tariffs", "/library/suggest/?q=john+how", "/library/suggest/?q=tar")
    pk, slug = Article.objects.filter(live=True, access="metered").values_list("id", "slug")[0]
    yield f"/articles/{pk}/{slug}/"
    yield from (f"/articles/{pk}/cite.{form}" for form in ("bib", "json"))


def desk_addresses() -> Iterator[str]:
    """The list of articles in its forms, an article's screens, and every screen of the desk whose address has no value in it."""
    from broadsheet.library.models import Article, Author, Topic

    pks = list(Article.objects.order_by("pk").values_list("pk", flat=True))
    middle, last = pks[len(pks) // 2], len(pks) // 50
    author, topic = Author.objects.all()[0].pk, Topic.objects.all()[0].pk
    yield from ("/desk/articles/", f"/desk/articles/?p={last}", f"/desk/articles/?ordering=headline&p={last}")
    yield from (f"/desk/articles/?author={author}", f"/desk/articles/?access=metered&topics={topic}&live=true")
    yield from ("/desk/articles/?q=interview", "/desk/articles/?q=nowhere", f"/desk/articles/edit/{middle}/")
    yield from (f"/desk/articles/history/{middle}/", "/desk/snippets/choose/library/article/results/?q=interview")
    yield from sorted(set(_screens()))


def _screens() -> Iterator[str]:
    """The desk's addresses without a value in them."""
    from django.urls import get_resolver
    from django.urls.resolvers import URLResolver

    def walk(patterns: Any, before: str) -> Iterator[str]:
        for entry in patterns:
            route = before + str(getattr(entry.pattern, "_route", "<"))
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns, route)
            elif "<" not in route and not any(word in route for word in NO_SCREENS):
                yield f"/{route}"

    yield from (address for address in walk(get_resolver().url_patterns, "") if address.startswith("/desk/"))


def sign_in_editor() -> Any:
    """A publisher's browser, past the second factor."""
    from allauth.account.internal.flows.login import record_authentication
    from django.http import HttpRequest
    from django.test import Client

    from broadsheet.accounts.models import User

    editor = User.objects.filter(email="editor@example.org").first()
    if editor is None:
        editor = User.objects.create_user("editor@example.org", is_staff=True, is_superuser=True)
    client = Client(headers={"host": "localhost"}, raise_request_exception=False)
    client.force_login(editor)
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, editor, method="mfa", type="totp", id=1)
    request.session.save()
    return client


def sign_in_subscriber() -> Any:
    """The browser of a reader who may read everything."""
    from django.test import Client

    from broadsheet.accounts.models import User
    from broadsheet.core import clock
    from broadsheet.membership.models import Grant

    now, email = clock.now(), "reader@example.org"
    reader = User.objects.filter(email=email).first() or User.objects.create_user(email, confirmed_at=now)
    spell = {"starts_at": now, "ends_at": now + timedelta(days=1), "created_at": now}
    Grant.objects.create(reader=reader, source=Grant.Source.COMPLIMENTARY, reason="measures", **spell)
    client = Client(headers={"host": "localhost", "accept-encoding": "gzip"})
    client.force_login(reader)
    return client


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadsheet.conf.settings")
    main()
