"""A web server's process without a web server: the edge before Django, both on the database of the test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.conf.edge_process import security_headers
from broadsheet.core.counts import LAG_BOUNDS_S, AnswerCounts, Spread
from broadsheet.edge.application import Edge
from broadsheet.edge.database import Database, DatabaseAway
from broadsheet.edge.holdings import Holdings, Terms
from broadsheet.edge.tail import ChangeTail
from broadsheet.pages.recipe import current_recipe
from broadsheet.paywall.page_views import PageView, sum_events
from tests.edge.visitor import Visitor
from tests.subprocesses import child_environment

DJANGO = WSGIHandler()


class Cable(Database):
    """The edge's way to the real database; a test can pull it out, or do something while an answer is on its way."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.trouble: DatabaseAway | None = None
        self.where = ""
        self.after: tuple[str, Callable[[], object]] | None = None

    def pull(self, trouble: DatabaseAway, where: str = "") -> None:
        """From now on every statement that holds `where` fails."""
        self.trouble, self.where = trouble, where

    def plug_in(self) -> None:
        self.trouble = None

    def _query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        if self.trouble is not None and self.where in sql:
            raise self.trouble
        rows = super()._query(sql, values)
        if self.after is not None and self.after[0] in sql:
            (_, act), self.after = self.after, None
            act()
        return rows


class Process:
    """One process: what it holds, how it follows the change log, what it hands over to Django and counts."""

    def __init__(self, *, url: str = "", recipe: str = "", max_bytes: int = 50_000_000, has_movable_clock: bool = False) -> None:
        security = security_headers()
        terms = Terms(recipe or current_recipe(), settings.BROADSHEET.zone, 3, security, has_movable_clock=has_movable_clock)
        self.database = Cable(url or child_environment()["BROADSHEET_DATABASE_URL"])
        self.holdings = Holdings(self.database, terms, max_bytes=max_bytes)
        self.tail = ChangeTail(self.holdings, Spread(LAG_BOUNDS_S))
        self.handed_over: list[str] = []
        self.views: list[PageView] = []
        self.edge = Edge(
            self._ask_django,
            self.holdings,
            proxies=settings.BROADSHEET.trusted_proxies,
            count_view=self._count,
            counts=AnswerCounts(),
        )

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self.edge(environ, start_response)

    def look(self) -> None:
        """Look at the change log, as the process's own thread does twenty times a second."""
        self.tail.look()

    def visitor(self, **options: Any) -> Visitor:
        """A browser that talks to this process."""
        return Visitor(self, **options)

    def close(self) -> None:
        self.database.close()

    def _ask_django(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.handed_over.append(environ["PATH_INFO"])
        return DJANGO(environ, start_response)

    @property
    def walls(self) -> Counter[tuple[int, str]]:
        """How often each article's wall was shown, by its reason."""
        return Counter(
            {(article, reason): count for kind, article, reason, count in sum_events(self.views) if kind == "wall_shown"}
        )

    def _count(self, article_id: int, kind: str, ads: tuple[int, ...]) -> None:
        self.views.append(PageView(article_id, kind, ads, 1))


@pytest.fixture(autouse=True)
def lasting_connection() -> Iterator[None]:
    """Django keeps its connection from one request to the next, as in production."""
    connection.settings_dict["CONN_MAX_AGE"] = 600
    yield
    connection.settings_dict["CONN_MAX_AGE"] = 0


@pytest.fixture
def start_process(transactional_db: None) -> Iterator[Callable[..., Process]]:
    """Start a process that has looked at the change log once."""
    started: list[Process] = []

    def start(**options: Any) -> Process:
        process = Process(**options)
        started.append(process)
        process.look()
        return process

    yield start
    for process in started:
        process.close()


@pytest.fixture
def process(start_process: Callable[..., Process]) -> Process:
    """One process that has looked at the change log."""
    return start_process()


@pytest.fixture
def sign_in_to(sign_in: Callable[..., None]) -> Callable[..., Visitor]:
    """A reader's browser, signed in, that talks to a process."""

    def make(application: Any, user: User, **options: Any) -> Visitor:
        client = Client()
        sign_in(client, user, **options)
        name = settings.SESSION_COOKIE_NAME
        return Visitor(application, cookies={name: client.cookies[name].value})

    return make
