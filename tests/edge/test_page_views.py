"""Pages shown, from the request to the event log: by the edge and by Django alike, and through the end of a process."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from broadsheet.accounts.models import User
from broadsheet.ads.models import AdDay
from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Event
from broadsheet.edge.database import Database, DatabaseAway
from broadsheet.library.access import Access
from broadsheet.library.models import Article
from broadsheet.paywall.page_views import CLICK, LIST, NO_ARTICLE, PageView
from broadsheet.web import page_views
from tests.conf.serving import wait_for
from tests.edge.conftest import Process
from tests.edge.visitor import Visitor
from tests.mail.servers import free_port
from tests.subprocesses import child_environment

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]


# -- One view for each GET of a wall -----------------------------------------------------------------------------------


def test_wall_counts_once_for_each_get(
    process: Process, make_article: Callable[..., Article], make_reader: Callable[..., User], sign_in_to: Callable[..., Visitor]
) -> None:
    metered, kept, free = make_article(), make_article(access=Access.SUBSCRIBERS), make_article(access=Access.FREE)
    stranger, reader = process.visitor(), sign_in_to(process, make_reader())
    reader.get(metered.get_absolute_url())
    reader.get(kept.get_absolute_url())
    process.look()
    for visitor in (stranger, reader):
        for article in (metered, kept, free):
            visitor.get(article.get_absolute_url())
            visitor.head(article.get_absolute_url())
    answer = stranger.get(metered.get_absolute_url(), if_none_match=stranger.get(metered.get_absolute_url()).headers["etag"])
    assert answer.status == 304, "the wall is shown again from the browser's own cache"
    assert process.walls == {
        (metered.pk, "stranger"): 3,
        (kept.pk, "subscribers"): 2,
        (metered.pk, "meter"): 1,
    }
    assert process.handed_over == [metered.get_absolute_url(), kept.get_absolute_url()]


def test_django_counts_as_the_edge_does(process: Process, make_article: Callable[..., Article]) -> None:
    article = make_article()
    page_views.PAGE_VIEWS.write()  # what other tests have left
    Event.objects.all().delete()
    process.holdings.looked_at = float("-inf")  # what is not current is Django's
    visitor = process.visitor()
    visitor.head(article.get_absolute_url())
    assert page_views.PAGE_VIEWS.waiting == 0
    visitor.get(article.get_absolute_url())
    assert page_views.PAGE_VIEWS.waiting == 1
    assert not process.walls
    page_views.PAGE_VIEWS.write()
    assert Event.objects.values_list("article_id", "source", "count").get(kind="wall_shown") == (article.pk, "stranger", 1)


# -- The event log -----------------------------------------------------------------------------------------------------

VIEWS = [
    PageView(7, "wall-stranger-stranger", (1,), 12),
    PageView(7, "wall-meter-reader-2", (), 1),
    PageView(8, "open-subscription-subscriber", (), 70_000),
    PageView(NO_ARTICLE, LIST, (2,), 5),
    PageView(NO_ARTICLE, CLICK, (1,), 3),
]


def test_edge_and_django_write_the_same_rows(process: Process, clock: StoppedClock) -> None:
    clock.at = datetime(2026, 2, 28, 23, 30, 1, 250_000, tzinfo=UTC)  # March in Berlin
    page_views.write(VIEWS)
    in_berlin = clock.now().astimezone(process.holdings.terms.zone).date()
    days = list(AdDay.objects.order_by("ad_id").values_list("ad_id", "day", "views", "clicks"))
    assert days == [(1, in_berlin, 12, 3), (2, in_berlin, 5, 0)]
    process.database.add_views(VIEWS, month=process.holdings.month(clock.now()), day=in_berlin, now=clock.now())
    days = list(AdDay.objects.order_by("ad_id").values_list("ad_id", "day", "views", "clicks"))
    assert days == [(1, in_berlin, 24, 6), (2, in_berlin, 10, 0)], "both add to the same rows"
    columns = [field.name for field in Event._meta.fields if field.name not in ("id", "place")]
    rows = list(Event.objects.order_by("id").values(*columns))
    assert rows[:3] == rows[3:]
    assert rows[0] == {
        "kind": "wall_shown",
        "at": clock.now(),
        "month": "2026-03",
        "article_id": 7,
        "reader_id": None,
        "count": 12,
        "source": "stranger",
    }
    assert Event.objects.filter(at=clock.now()).count() == 6


def test_batch_is_written_whole_or_not_at_all(process: Process, clock: StoppedClock) -> None:
    day = clock.now().date()
    odd = [*VIEWS, PageView(9, "wall-stranger-stranger", (), -1)]  # which the table does not take
    with pytest.raises(DatabaseAway):
        process.database.add_views(odd, month="2026-02", day=day, now=clock.now())
    assert not Event.objects.exists()
    assert not AdDay.objects.exists()
    process.database.add_views(VIEWS, month="2026-02", day=day, now=clock.now())
    assert (Event.objects.count(), AdDay.objects.count()) == (3, 2)


# -- The end of a process ----------------------------------------------------------------------------------------------


GRANIAN = ("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--workers", "1", "--workers-kill-timeout", "7")
SERVERS = {
    "granian": lambda port: (*GRANIAN, "--blocking-threads", "4", "--port", str(port), "broadsheet.conf.wsgi:application"),
    "edge server": lambda port: ("broadsheet.conf.edge_server", "127.0.0.1", str(port), "4"),
}


@contextmanager
def web_server(kind: str, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A web server with one process that answers, as `serve` starts it, on the database of this test."""
    port = free_port()
    environment = {
        **child_environment(),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
    }
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", *SERVERS[kind](port)]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=ROOT)
        try:
            wait_for(lambda: process.poll() is not None or status(port, "/healthz") == 200, "the web server answers")
            assert process.poll() is None, (tmp_path / "log").read_text()
            yield process, port
        finally:
            process.kill()
            process.wait()


def status(port: int, path: str, method: str = "GET") -> int:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        link.request(method, path, headers={"Host": "localhost", "Accept-Encoding": "gzip"})
        answer = link.getresponse()
        answer.read()
        return answer.status
    except OSError:
        return 0
    finally:
        link.close()


@contextmanager
def locked_events() -> Iterator[None]:
    """Nobody can write to the event log."""
    if connection.vendor == "sqlite":
        with closing(Database(child_environment()["BROADSHEET_DATABASE_URL"])) as other:
            other._query("BEGIN IMMEDIATE")
            yield
            other._query("ROLLBACK")
    else:
        with psycopg.connect(child_environment()["BROADSHEET_DATABASE_URL"]) as other:
            other.execute("LOCK TABLE core_event IN ACCESS EXCLUSIVE MODE")
            yield
            other.rollback()


@pytest.mark.parametrize(
    ("kind", "busy_s"),
    [("granian", 0.0), ("granian", 1.5), ("edge server", 1.5)],
    ids=["granian", "granian, database busy for a while", "edge server, database busy for a while"],
)
def test_no_view_is_lost_when_a_web_server_is_told_to_stop(
    kind: str, busy_s: float, make_article: Callable[..., Article], tmp_path: Path
) -> None:
    articles = [make_article(published_at=datetime(2020, 1, 1 + number, tzinfo=UTC)) for number in range(2)]
    with web_server(kind, tmp_path) as (process, port):
        statuses: list[int] = []

        def read(path: str) -> None:
            for _ in range(40):
                statuses.append(status(port, path))
                statuses.append(status(port, path, "HEAD"))

        readers = [threading.Thread(target=read, args=(article.get_absolute_url(),)) for article in (*articles, *articles)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert set(statuses) == {200}
        connection.close()
        if busy_s:
            with locked_events():
                process.terminate()
                time.sleep(busy_s)
        else:
            process.terminate()
        assert process.wait(timeout=20) == 0
    counted: dict[Any, int] = {}
    for article_id, count in Event.objects.filter(kind="wall_shown").values_list("article_id", "count"):
        counted[article_id] = counted.get(article_id, 0) + count
    assert counted == {article.pk: 80 for article in articles}, (tmp_path / "log").read_text()
