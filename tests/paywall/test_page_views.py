"""Pages shown are counted once, written in batches, and none is lost: not by a database that is away, not at the end."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from broadsheet.paywall.page_views import CLICK, LIST, NO_ARTICLE, PageView, PageViews, ViewsNotWritten, sum_ads, sum_events


class Ledger:
    """Where batches are written; it can refuse some, or keep a writer waiting."""

    def __init__(self) -> None:
        self.batches: list[list[PageView]] = []
        self.refusals = 0
        self.before: Callable[[], object] = lambda: None

    def __call__(self, views: list[PageView]) -> None:
        self.before()
        if self.refusals:
            self.refusals -= 1
            raise ViewsNotWritten("the database does not answer")
        self.batches.append(views)

    @property
    def total(self) -> Counter[tuple[int, str]]:
        total: Counter[tuple[int, str]] = Counter()
        for batch in self.batches:
            for view in batch:
                total[view.article_id, view.kind] += view.count
        return total


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def views(ledger: Ledger) -> PageViews:
    return PageViews(ledger)


def test_views_are_written_in_one_batch_by_article_and_form(views: PageViews, ledger: Ledger) -> None:
    for _ in range(3):
        views.count(1, "stranger")
    views.count(1, "meter")
    views.count(2, "stranger")
    assert (views.waiting, ledger.batches) == (5, [])
    assert views.write()
    assert ledger.batches == [[PageView(1, "stranger", (), 3), PageView(1, "meter", (), 1), PageView(2, "stranger", (), 1)]]
    assert views.waiting == 0


def test_nothing_to_write_writes_nothing(views: PageViews, ledger: Ledger) -> None:
    views.count(1, "stranger")
    views.write()
    assert views.write()
    assert len(ledger.batches) == 1


def test_views_wait_while_the_database_is_away(views: PageViews, ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    ledger.refusals = 2
    for _ in range(2):
        views.count(1, "stranger")
        with caplog.at_level(logging.WARNING):
            assert not views.write()
    assert views.waiting == 2
    views.count(1, "stranger")
    assert views.write()
    assert ledger.total == {(1, "stranger"): 3}
    assert "the database does not answer" in caplog.text


def test_error_that_nobody_foresaw_loses_no_view(views: PageViews, ledger: Ledger) -> None:
    def break_down() -> None:
        ledger.before = lambda: None
        raise ZeroDivisionError

    ledger.before = break_down
    views.count(1, "stranger")
    with pytest.raises(ZeroDivisionError):
        views.write()
    assert views.write()
    assert ledger.total == {(1, "stranger"): 1}


def test_many_threads_that_count_while_others_write_lose_nothing(views: PageViews, ledger: Ledger) -> None:
    def count(article_id: int) -> None:
        for number in range(2_000):
            views.count(article_id, "stranger")
            if number % 100 == 0:
                ledger.refusals = number % 3
                views.write()

    threads = [threading.Thread(target=count, args=(number % 2,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger.refusals = 0
    views.write()
    assert ledger.total == {(0, "stranger"): 6_000, (1, "stranger"): 6_000}


def test_who_stops_waits_for_a_batch_under_way_and_writes_it_if_it_fails(views: PageViews, ledger: Ledger) -> None:
    is_writing, may_go_on = threading.Event(), threading.Event()

    def hold_up() -> None:
        ledger.before = lambda: None
        is_writing.set()
        may_go_on.wait()

    ledger.before, ledger.refusals = hold_up, 1
    views.count(1, "stranger")
    writer = threading.Thread(target=views.write)
    writer.start()
    is_writing.wait()
    views.count(2, "meter")
    stopper = threading.Thread(target=views.stop)
    stopper.start()
    stopper.join(timeout=0.2)
    assert stopper.is_alive()
    may_go_on.set()
    for thread in (writer, stopper):
        thread.join()
    assert ledger.total == {(1, "stranger"): 1, (2, "meter"): 1}


def test_who_stops_tries_again_while_the_database_is_busy(views: PageViews, ledger: Ledger) -> None:
    ledger.refusals = 3
    views.count(1, "stranger")
    views.stop()
    assert ledger.total == {(1, "stranger"): 1}


def test_who_stops_gives_up_before_it_is_killed(ledger: Ledger) -> None:
    views = PageViews(ledger, last_tries_s=0.3)
    ledger.refusals = 10**9
    views.count(1, "stranger")
    views.stop()
    assert views.waiting == 1
    assert ledger.refusals > 10**9 - 10


def test_thread_writes_again_and_again_until_it_is_stopped(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    views = PageViews(ledger, every_s=0.01)
    written = threading.Event()
    failed: list[int] = []

    def break_down_once() -> None:
        if not failed:
            failed.append(1)
            raise ZeroDivisionError
        written.set()

    ledger.before = break_down_once
    views.count(1, "stranger")
    views.start()
    assert written.wait(timeout=10)
    views.stop()
    assert ledger.total == {(1, "stranger"): 1}
    assert "wait in memory" in caplog.text


VIEWS = [
    PageView(1, "wall-stranger-stranger", (5,), 3),
    PageView(1, "wall-stranger-stranger", (6,), 2),
    PageView(1, "wall-meter-reader-2", (5,), 1),
    PageView(1, "open-subscription-subscriber", (), 7),
    PageView(2, "open-unlock-reader-1", (5, 6), 4),
    PageView(NO_ARTICLE, LIST, (6,), 10),
    PageView(NO_ARTICLE, CLICK, (6,), 2),
    PageView(NO_ARTICLE, CLICK, (9,), 1),
]


def test_event_log_is_told_each_reason_of_each_article_once() -> None:
    assert sum_events(VIEWS) == [
        ("wall_shown", 1, "stranger", 5),
        ("wall_shown", 1, "meter", 1),
        ("viewed", 1, "subscription", 7),
        ("viewed", 2, "unlock", 4),
    ]


def test_ads_are_told_how_often_they_were_shown_and_followed() -> None:
    assert sum_ads(VIEWS) == {5: (8, 0), 6: (16, 2), 9: (0, 1)}
