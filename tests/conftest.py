"""What all tests share: the database, the clock, makers of articles and readers, the browser."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import hypothesis
import pytest
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.http import HttpRequest
from django.test import Client, TransactionTestCase
from playwright.sync_api import BrowserContext
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from broadsheet.accounts.models import User
from broadsheet.core import clock as core_clock
from broadsheet.library.models import Article
from broadsheet.library.search import index_flows
from broadsheet.library.search.folder import SearchFolder
from broadsheet.library.search.index_flows import Indexer
from broadsheet.membership.models import Grant
from broadsheet.pages import search_store
from tests import template_database

pytest_plugins = ["tests.browser"]

START = datetime(2026, 2, 17, 9, 30, tzinfo=UTC)  # a Tuesday in the middle of a month, half past ten in Berlin
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "django_db_reset_sequences", "django_db_serialized_rollback"}

hypothesis.settings.register_profile("house", deadline=None, database=None)
hypothesis.settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark `pure` what never touches the database: it need not run once more on PostgreSQL."""
    for item in items:
        if item.get_closest_marker("django_db") is None and DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.pure)


# -- No outside network ----------------------------------------------------------------------------------------------


def _refuse_outside_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = str(arguments[1][0])
    try:
        outside = not ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        outside = host != "localhost"
    if outside:
        raise AssertionError(f"A test tried to reach {host}; tests use no outside network.")


sys.addaudithook(_refuse_outside_network)


# -- The database ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give this process its own copy of the migrated template database."""
    with django_db_blocker.unblock():
        template_database.restore()
    yield
    with django_db_blocker.unblock():
        template_database.remove()


def _leave_to_the_template(self: TransactionTestCase) -> None:
    """A test that commits is followed by a fresh copy of the database, so there is nothing to flush."""


TransactionTestCase._fixture_teardown = _leave_to_the_template  # type: ignore[attr-defined]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Put the database back after a test that committed."""
    yield
    marker = item.get_closest_marker("django_db")
    commits = marker is not None and marker.kwargs.get("transaction", False)
    if commits or {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ())):
        from pytest_django.plugin import blocking_manager_key

        with item.config.stash[blocking_manager_key].unblock():
            template_database.restore()


# -- The clock -------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def clock() -> Iterator[core_clock.StoppedClock]:
    """The house's clock, stopped at START; `clock.advance(timedelta(days=1))` moves it."""
    stopped = core_clock.StoppedClock(START)
    replaced = core_clock.use(stopped)
    yield stopped
    core_clock.use(replaced)


# -- Articles and readers --------------------------------------------------------------------------------------------

WORDS = (
    "strait treaty envoy border summit cabinet tanker ceasefire parliament embargo harbour delegation ministry reactor "
    "pipeline island mandate coalition tariff garrison river reservoir canal frontier corridor airspace sanction ballot "
    "alliance guarantee protocol convoy archive census drought harvest railway satellite fishery enclave plateau delta "
    "mediator arbitration ambassador consulate brigade patrol inspector uranium turbine refinery currency bond ledger"
).split()


def write_paragraph(random: Random, words: int = 60) -> str:
    """Invent a paragraph of sentences; a run of eight words in it stands nowhere else."""
    sentences = []
    while words > 0:
        length = min(words, random.randint(9, 15))
        sentences.append(" ".join(random.choices(WORDS, k=length)).capitalize() + ".")
        words -= length
    return " ".join(sentences)


@pytest.fixture
def publish() -> Callable[[Article], Article]:
    """Publish an article as the desk does, and give it back as the database now holds it."""

    def publish_article(article: Article) -> Article:
        article.save_revision().publish()
        return Article.objects.get(pk=article.pk)

    return publish_article


@pytest.fixture
def make_article(db: None, publish: Callable[[Article], Article]) -> Callable[..., Article]:
    """Make an article of ten paragraphs with sixty words each, published unless `published=False`.

    `paragraphs=[…]` gives the text itself, `body=[…]` the raw blocks, and any other field its value.
    """
    numbers = count(1)

    def make(*, published: bool = True, paragraphs: list[str] | None = None, **fields: Any) -> Article:
        number = next(numbers)
        if paragraphs is None:
            random = Random(number)
            paragraphs = [write_paragraph(random) for _ in range(10)]
        fields.setdefault("headline", f"The question of article {number}")
        fields.setdefault("dek", f"What article {number} is about.")
        fields.setdefault("body", [{"type": "text", "value": "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)}])
        many = {name: fields.pop(name) for name in ("topics", "regions") if name in fields}
        raw = fields.pop("body")
        article = Article(live=False, **fields)
        article.body = [(block["type"], block["value"]) for block in raw]
        article.save()
        for name, rows in many.items():
            getattr(article, name).set(rows)
        article.save()
        return publish(article) if published else article

    return make


@pytest.fixture
def make_reader(db: None, clock: core_clock.StoppedClock) -> Callable[..., User]:
    """Make a reader with a confirmed address, or staff with `is_staff=True`; any field may be given."""
    numbers = count(1)

    def make(email: str = "", **fields: Any) -> User:
        fields.setdefault("confirmed_at", clock.now())
        return User.objects.create_user(email or f"reader{next(numbers)}@example.org", **fields)

    return make


@pytest.fixture
def make_subscriber(make_reader: Callable[..., User], clock: core_clock.StoppedClock) -> Callable[..., User]:
    """Make a reader with a subscription from now on for a year."""

    def make(email: str = "", **fields: Any) -> User:
        reader, now = make_reader(email, **fields), clock.now()
        spell = {"starts_at": now, "ends_at": now + timedelta(days=365), "created_at": now}
        Grant.objects.create(reader=reader, source=Grant.Source.SUBSCRIPTION, reason="subscribed in a test", **spell)
        return reader

    return make


@pytest.fixture
def search_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Indexer]:
    """This test's own search index; `search_index.step()` takes in what has changed."""
    folder = SearchFolder(tmp_path / "search")
    for module in (index_flows, search_store):
        monkeypatch.setattr(module, "search_folder", lambda: folder)
    indexer = Indexer(folder)
    yield indexer
    indexer.close()


@pytest.fixture
def sign_in(db: None) -> Callable[..., None]:
    """Sign `user` in to Django's test client or a browser's context; staff get to the desk with `second_factor=True`."""

    def sign_in_to(visitor: Client | BrowserContext, user: User, *, second_factor: bool = False) -> None:
        client = visitor if isinstance(visitor, Client) else Client()
        client.force_login(user)
        if second_factor:
            request = HttpRequest()
            request.session = client.session
            record_authentication(request, user, method="mfa", type="totp", id=1)
            request.session.save()
        if not isinstance(visitor, Client):
            name = settings.SESSION_COOKIE_NAME
            visitor.add_cookies([{"name": name, "value": client.cookies[name].value, "url": settings.BROADSHEET.site_url}])

    return sign_in_to


# -- The site over HTTP ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[LiveServer]:
    with django_db_blocker.unblock():
        server = LiveServer(f"localhost:{settings.LIVE_SERVER_PORT}")
    yield server
    server.stop()


@pytest.fixture
def live_server(_site: LiveServer, transactional_db: None) -> LiveServer:
    """The site at SITE_URL, served by threads of this process, so that its clock and settings are the test's own."""
    return _site
