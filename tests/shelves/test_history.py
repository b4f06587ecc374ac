"""The reading history: nothing is kept until it is asked for, and nothing after it is not wanted any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from broadsheet.shelves.history_flows import end_history, forget_readings, merge_histories, note_place, start_history
from broadsheet.shelves.models import Reading, ReadingHistory
from broadsheet.shelves.store import find_place, load_history, load_unfinished

pytestmark = pytest.mark.django_db

Make = Callable[..., Article]


@pytest.fixture
def reader(make_reader: Callable[..., User]) -> User:
    return make_reader()


def test_nothing_is_kept_before_it_is_asked_for_nor_afterwards(reader: User, make_article: Make, clock: StoppedClock) -> None:
    article = make_article()
    assert not note_place(reader.pk, article.pk, 3, 10, now=clock.now())
    assert not Reading.objects.exists()
    start_history(reader.pk, now=clock.now())
    start_history(reader.pk, now=clock.now())
    assert note_place(reader.pk, article.pk, 3, 10, now=clock.now())
    end_history(reader.pk)
    assert not Reading.objects.exists()
    assert not ReadingHistory.objects.exists()
    end_history(reader.pk)
    assert not note_place(reader.pk, article.pk, 4, 10, now=clock.now())
    assert not Reading.objects.exists()


def somebody_waits() -> bool:
    """Whether a session of PostgreSQL waits for what another holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_place_that_comes_in_while_the_history_is_switched_off_leaves_nothing(
    reader: User, make_article: Make, clock: StoppedClock
) -> None:
    article, outcomes, barrier = make_article(), [], Barrier(2)
    start_history(reader.pk, now=clock.now())

    def tell() -> None:
        barrier.wait()
        try:
            outcomes.append(note_place(reader.pk, article.pk, 2, 9, now=clock.now()))
        finally:
            connection.close()

    late = Thread(target=tell)
    with transaction.atomic():
        end_history(reader.pk)
        late.start()
        barrier.wait()
        while connection.vendor == "postgresql" and late.is_alive() and not somebody_waits():
            pass
    late.join()
    assert outcomes == [False]
    assert not Reading.objects.exists()


def test_reading_on_moves_the_place_and_a_glance_at_the_start_does_not_move_it_back(
    reader: User, make_article: Make, clock: StoppedClock
) -> None:
    article, began = make_article(), clock.now()
    start_history(reader.pk, now=began)
    for paragraph, paragraphs, kept in ((5, 20, (5, 20)), (9, 20, (9, 20)), (1, 20, (9, 20)), (3, 22, (3, 22))):
        clock.advance(timedelta(hours=1))
        assert note_place(reader.pk, article.pk, paragraph, paragraphs, now=clock.now())
        assert find_place(reader.pk, article.pk) == kept
    row = Reading.objects.get()
    assert (row.first_opened_at, row.last_opened_at) == (began + timedelta(hours=1), clock.now())


@pytest.mark.parametrize(("paragraph", "paragraphs"), [(0, 5), (6, 5), (-1, 5), (1, 0), (1, 5_001), (10**17, 10**17)])
def test_a_place_that_cannot_be_is_not_kept(
    paragraph: int, paragraphs: int, reader: User, make_article: Make, clock: StoppedClock
) -> None:
    start_history(reader.pk, now=clock.now())
    assert not note_place(reader.pk, make_article().pk, paragraph, paragraphs, now=clock.now())
    assert not Reading.objects.exists()


def test_what_readers_may_not_know_of_is_not_kept(reader: User, make_article: Make, clock: StoppedClock) -> None:
    start_history(reader.pk, now=clock.now())
    for article in (make_article(published=False), make_article(embargo_until=clock.now() + timedelta(hours=1))):
        assert not note_place(reader.pk, article.pk, 1, 5, now=clock.now())
    assert not note_place(reader.pk, 10**9, 1, 5, now=clock.now())
    assert not Reading.objects.exists()


def test_the_newest_unfinished_are_offered_and_finished_ones_leave(reader: User, make_article: Make, clock: StoppedClock) -> None:
    start_history(reader.pk, now=clock.now())
    articles = {name: make_article(headline=name) for name in ("begun", "nearly", "done", "glanced", "withdrawn", "newest")}
    places = {"begun": 2, "nearly": 18, "done": 19, "glanced": 1, "withdrawn": 5, "newest": 7}
    for name, paragraph in places.items():
        clock.advance(timedelta(minutes=1))
        note_place(reader.pk, articles[name].pk, paragraph, 20, now=clock.now())
    articles["withdrawn"].unpublish()
    found = load_unfinished(reader.pk, 2, now=clock.now())
    assert [row.article.headline for row in found if row.article] == ["newest", "nearly"]
    assert len(load_unfinished(reader.pk, 9, now=clock.now())) == 3
    assert find_place(reader.pk, articles["done"].pk) is None, "19 of 20 are 95 percent"
    rows, older = load_history(reader.pk, 0, now=clock.now())
    assert [row.article.headline if row.article else "away" for row in rows] == [
        "newest",
        "away",
        "glanced",
        "done",
        "nearly",
        "begun",
    ]
    assert not older


def test_one_article_or_all_are_erased_and_the_history_stays_on(
    reader: User, make_reader: Callable[..., User], make_article: Make, clock: StoppedClock
) -> None:
    other, articles = make_reader(), [make_article(), make_article()]
    for owner in (reader, other):
        start_history(owner.pk, now=clock.now())
        for article in articles:
            note_place(owner.pk, article.pk, 1, 5, now=clock.now())
    forget_readings(reader.pk, articles[0].pk)
    assert [row.article_id for row in Reading.objects.filter(history_id=reader.pk)] == [articles[1].pk]
    forget_readings(reader.pk)
    assert {row.history_id for row in Reading.objects.all()} == {other.pk}
    assert ReadingHistory.objects.filter(pk=reader.pk).exists()


@pytest.mark.parametrize("is_kept", [True, False])
def test_two_accounts_become_one_and_the_one_that_stays_says_whether_reading_is_kept(
    is_kept: bool, reader: User, make_reader: Callable[..., User], make_article: Make, clock: StoppedClock
) -> None:
    other, both, theirs = make_reader(), make_article(), make_article()
    start_history(other.pk, now=clock.now())
    if is_kept:
        start_history(reader.pk, now=clock.now())
    note_place(reader.pk, both.pk, 2, 10, now=clock.now())
    clock.advance(timedelta(hours=1))
    for article in (both, theirs):
        note_place(other.pk, article.pk, 7, 10, now=clock.now())
    with transaction.atomic():
        merge_histories(other.pk, reader.pk)
        other.delete()
    assert find_place(reader.pk, both.pk) == ((7, 10) if is_kept else None)
    assert Reading.objects.count() == (2 if is_kept else 0)
