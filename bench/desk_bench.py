"""The desk at 50,000 articles: CPU of the list's first and last page, its filters and search, the form, the chooser.

The bar is 300 ms of CPU for each page, in a process of its own with a database made for the run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.run import Result

ARTICLES = int(os.environ.get("BENCH_DESK_ARTICLES", "50000"))
WORDS_EACH = 1_100
BAR_MS = 300.0
TRIES = 5
FIRST_DAY = datetime(2001, 1, 1, 6, 30, tzinfo=UTC)


def measure_desk_pages() -> list[Result]:
    """One result for each page of the desk."""
    from bench.run import Result

    with tempfile.TemporaryDirectory(prefix="broadsheet-desk-bench-") as folder:
        environment = {**os.environ, "BROADSHEET_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "broadsheet.conf.settings"}
        environment.pop("BROADSHEET_DATABASE_URL", None)
        ran = subprocess.run([sys.executable, __file__], env=environment, capture_output=True, text=True, check=True)
    rows = json.loads(ran.stdout.splitlines()[-1])
    note = f"{ARTICLES:,} articles, median of {TRIES}"
    return [
        Result(f"desk: {name}", "ms CPU", ms, BAR_MS, at_most=True, note=f"{note}, {queries} queries") for name, ms, queries in rows
    ]


def main() -> None:
    """Fill the database of BROADSHEET_DATA_DIR, measure, and print `[[name, ms, queries], …]`."""
    import django

    from broadsheet.conf import settings as module

    module.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    fill()
    print(json.dumps(measure()))


def fill() -> None:
    """50,000 articles as an import leaves them (no revisions), a hundredth of them drafts with one."""
    from django.db import connection, transaction

    from broadsheet.library.models import Article, Author, Byline, Region, Topic

    random = Random(8)
    words = [f"w{number}" for number in range(20_000)]
    topics = Topic.objects.bulk_create(Topic(name=f"Topic {n}", slug=f"topic-{n}") for n in range(13))
    regions = Region.objects.bulk_create(Region(name=f"Region {n}", slug=f"region-{n}") for n in range(9))
    authors = Author.objects.bulk_create(Author(name=f"Author {n}", slug=f"author-{n}") for n in range(60))
    for start in range(0, ARTICLES, 2_000):
        batch = [_article(Article, number, random, words) for number in range(start, min(start + 2_000, ARTICLES))]
        with transaction.atomic():
            made = Article.objects.bulk_create(batch)
            Byline.objects.bulk_create(Byline(article=a, author=random.choice(authors), sort_order=0) for a in made)
            through, regional = Article.topics.through, Article.regions.through
            through.objects.bulk_create(through(article_id=a.pk, topic_id=t.pk) for a in made for t in random.sample(topics, 2))
            regional.objects.bulk_create(regional(article_id=a.pk, region_id=random.choice(regions).pk) for a in made)
    for article in Article.objects.filter(live=False)[:500]:
        article.save_revision()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _article(model: Any, number: int, random: Random, words: list[str]) -> Any:
    is_live = number % 100 != 0
    paragraphs = (" ".join(random.choices(words, k=WORDS_EACH // 11)) for _ in range(11))
    article = model(
        headline=" ".join(random.choices(words, k=7)).capitalize(),
        slug=f"article-{number}",
        dek=" ".join(random.choices(words, k=20)),
        kind=random.choice(["daily", "in-depth", "briefing"]),
        access=random.choice(["metered", "metered", "free", "subscribers"]),
        live=is_live,
        published_at=FIRST_DAY + timedelta(hours=4 * number) if is_live else None,
    )
    article.body = [("text", "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs))]
    return article


def measure() -> list[tuple[str, float, int]]:
    """Each page's CPU in milliseconds and number of queries."""
    from allauth.account.internal.flows.login import record_authentication
    from django.contrib.auth.models import Group
    from django.http import HttpRequest
    from django.test import Client

    from broadsheet.accounts.models import User
    from broadsheet.library.models import Article, Author, Topic

    editor = User.objects.create_user("editor@example.org", is_staff=True)
    editor.groups.add(Group.objects.get(name="Editor"))
    client = Client(headers={"host": "localhost"})
    client.force_login(editor)
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, editor, method="mfa", type="totp", id=1)
    request.session.save()
    topic, author = Topic.objects.all()[0], Author.objects.all()[0]
    middle = Article.objects.filter(live=True)[ARTICLES // 2].pk
    last = ARTICLES // 50
    pages = {
        "list, page 1": "/desk/articles/",
        "list, last page": f"/desk/articles/?p={last}",
        "list, three filters": f"/desk/articles/?access=metered&topics={topic.pk}&live=true",
        "list, by author": f"/desk/articles/?author={author.pk}",
        "list, by headline, last page": f"/desk/articles/?ordering=headline&p={last}",
        "search, some hits": "/desk/articles/?q=w1999",
        "search, no hits": "/desk/articles/?q=nowhere",
        "form of an article": f"/desk/articles/edit/{middle}/",
        "history of an article": f"/desk/articles/history/{middle}/",
        "chooser, search": "/desk/snippets/choose/library/article/results/?q=w1999",
        "first page of the desk": "/desk/",
    }
    return [(name, *_cost(client, address)) for name, address in pages.items()]


def _cost(client: Any, address: str) -> tuple[float, int]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    load: Callable[[], int] = lambda: client.get(address).status_code  # noqa: E731
    with CaptureQueriesContext(connection) as captured:
        if load() != 200:
            raise SystemExit(f"{address} did not answer 200")
    queries = len(captured)  # now: the next request empties the log
    spent = []
    for _ in range(TRIES):
        begun = process_time()
        load()
        spent.append((process_time() - begun) * 1000)
    return round(median(spent), 1), queries


if __name__ == "__main__":
    main()
