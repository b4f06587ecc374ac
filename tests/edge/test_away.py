"""Without a database: what ended stays ended, what is held is shown for a day, and the log is not filled."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.signing_key_flows import rotate_signing_keys
from broadsheet.edge.database import DatabaseAway, DatabaseBusy
from broadsheet.edge.holdings import AWAY_FOR_S
from broadsheet.edge.tail import WARN_EVERY_S
from broadsheet.library.models import Article
from broadsheet.membership.flows import end_grant
from broadsheet.membership.models import Grant
from tests.edge.conftest import Process
from tests.edge.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


def ask_edge(process: Process, visitor: Visitor, article: Article) -> str:
    """What the edge itself shows; empty where it leaves the request to Django."""
    before = len(process.handed_over)
    state = visitor.get(article.get_absolute_url()).state
    return state if len(process.handed_over) == before else ""


OPEN = "open subscription"


def show(process: Process, subscriber: Visitor, article: Article) -> None:
    """Let the process hold the page and the reader hold a pass."""
    process.look()
    subscriber.get(article.get_absolute_url())
    process.look()
    assert ask_edge(process, subscriber, article) == OPEN


@pytest.fixture
def subscriber(process: Process, make_subscriber: Callable[..., User], sign_in_to: Callable[..., Visitor]) -> Visitor:
    return sign_in_to(process, make_subscriber())


def test_ended_pass_stays_ended_if_the_database_fails_again_while_the_log_is_read_anew(
    process: Process, make_article: Callable[..., Article], subscriber: Visitor, clock: StoppedClock
) -> None:
    article = make_article()
    show(process, subscriber, article)
    copied = dict(subscriber.cookies)
    end_grant(Grant.objects.get().pk, now=clock.now())
    process.look()
    rotate_signing_keys(now=clock.now())
    for where in ("core_signingkey", "'session'"):  # while a line is followed; then while what ended is read anew
        process.database.pull(DatabaseAway("stopped"), where)
        process.look()
        assert process.holdings.is_away
        assert ask_edge(process, process.visitor(cookies=copied), article) != OPEN, where


def test_what_is_held_is_shown_for_a_day_without_the_database_and_no_longer(
    process: Process, make_article: Callable[..., Article]
) -> None:
    article, stranger = make_article(), process.visitor()
    process.look()
    assert ask_edge(process, stranger, article) == "wall stranger"
    process.database.pull(DatabaseAway("out of reach"))
    process.look()
    process.holdings.looked_at -= AWAY_FOR_S - 60  # so much later
    assert ask_edge(process, stranger, article) == "wall stranger"
    process.holdings.looked_at -= 60
    assert ask_edge(process, stranger, article) == ""


def test_trouble_that_lasts_is_told_now_and_then(process: Process, caplog: pytest.LogCaptureFixture) -> None:
    process.database.pull(DatabaseBusy("too many clients"))
    for _ in range(20):
        process.look()
    assert caplog.text.count("too many clients") == 1
    process.tail._warned_at -= WARN_EVERY_S  # so much later
    process.look()
    assert caplog.text.count("too many clients") == 2
