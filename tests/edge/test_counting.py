"""What the edge counts of its own answers, and how old changes are when it sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from broadsheet.core import clock as core_clock
from broadsheet.core.counts import LAG_BOUNDS_S, AnswerCounts, Spread
from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.edge.application import Edge
from broadsheet.edge.database import Database
from broadsheet.edge.holdings import Holdings, Terms
from broadsheet.edge.tail import ChangeTail
from broadsheet.library.models import Article
from broadsheet.pages.recipe import current_recipe
from tests.subprocesses import child_environment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def holdings() -> Iterator[Holdings]:
    """What the edge of one process holds."""
    terms = Terms(current_recipe(), settings.BROADSHEET.zone, 3, [], has_movable_clock=False)
    database = Database(child_environment()["BROADSHEET_DATABASE_URL"])
    yield Holdings(database, terms, max_bytes=10_000_000)
    database.close()


def django(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Whom the edge hands over to."""
    start_response("200 OK", [])
    return [b"from Django"]


def ask(edge: Edge, path: str, **headers: str) -> str:
    """The status of one answer."""
    given: list[str] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "REMOTE_ADDR": "127.0.0.1", **headers}
    list(edge(environ, lambda status, headers: given.extend([status, dict(headers).get("ETag", "")])))
    return given[1] if not headers else given[0]


def test_edge_counts_its_answers_by_variant_and_status(holdings: Holdings, make_article: Callable[..., Article]) -> None:
    article = make_article()
    path = f"/articles/{article.pk}/{article.slug}/"
    counts = AnswerCounts()
    ChangeTail(holdings, Spread(LAG_BOUNDS_S)).look()
    edge = Edge(django, holdings, proxies=(), count_view=lambda *_: None, counts=counts)
    etag = ask(edge, path)
    ask(edge, path)
    assert ask(edge, path, HTTP_IF_NONE_MATCH=etag) == "304 Not Modified"
    ask(edge, "/account/")
    assert counts.numbers == {
        ("wall-stranger-stranger", "200 OK"): 2,
        ("wall-stranger-stranger", "304 Not Modified"): 1,
    }, "what Django answers is Django's to count"
    assert sum(counts.durations.numbers) == 3
    assert 0 < counts.durations.sum_s < 1


def test_age_of_a_change_is_noted_when_it_is_seen(holdings: Holdings, clock: core_clock.StoppedClock) -> None:
    lag = Spread((0.1, 1.0))
    tail = ChangeTail(holdings, lag)
    tail.look()
    record_change(ChangeKind.PAGES, "", now=clock.now())
    clock.advance(timedelta(seconds=0.5))
    tail.look()
    tail.look()
    assert lag.numbers == [0, 1, 0]
    assert lag.sum_s == 0.5
