"""Saving, folders, notes, undoing: one row for one article, within limits, and nobody's rows but the reader's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from broadsheet.shelves import flows
from broadsheet.shelves.flows import (
    LONGEST_NOTE,
    Outcome,
    delete_folder,
    forget_removed,
    make_folder,
    merge_shelves,
    move_saved,
    remove_saved,
    rename_folder,
    save_article,
    undo_removal,
    write_note,
)
from broadsheet.shelves.models import Folder, SavedArticle
from broadsheet.shelves.store import Order, Wish, load_folders, load_shelf

pytestmark = pytest.mark.django_db

Make = Callable[..., Article]


@pytest.fixture
def reader(make_reader: Callable[..., User]) -> User:
    return make_reader()


@pytest.fixture
def save(reader: User, clock: StoppedClock) -> Callable[[Article], int]:
    """Save an article, a minute after the one before; its row's number."""

    def keep(article: Article, owner: User = reader) -> int:
        clock.advance(timedelta(minutes=1))
        assert save_article(owner.pk, article.pk, now=clock.now()) is Outcome.DONE
        return SavedArticle.objects.get(reader=owner, article=article).pk

    return keep


def shown(reader: User, clock: StoppedClock, wish: Wish = Wish()) -> list[str]:  # noqa: B008
    return [row.article.headline if row.article else "away" for row in load_shelf(reader.pk, wish, now=clock.now()).rows]


def test_an_article_is_saved_once(reader: User, make_article: Make, clock: StoppedClock) -> None:
    article = make_article()
    assert save_article(reader.pk, article.pk, now=clock.now()) is Outcome.DONE
    assert save_article(reader.pk, article.pk, now=clock.now()) is Outcome.ALREADY
    assert SavedArticle.objects.count() == 1


@pytest.mark.parametrize("state", ["draft", "embargoed", "withdrawn", "none"])
def test_what_readers_may_not_know_of_is_not_saved(state: str, reader: User, make_article: Make, clock: StoppedClock) -> None:
    fields = {"draft": {"published": False}, "embargoed": {"embargo_until": clock.now() + timedelta(hours=1)}}.get(state, {})
    article = make_article(**fields)
    if state == "withdrawn":
        article.unpublish()
    number = article.pk + 1000 if state == "none" else article.pk
    assert save_article(reader.pk, number, now=clock.now()) is Outcome.GONE
    assert not SavedArticle.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_parallel_presses_end_in_one_row_and_never_beyond_the_limit(
    reader: User, make_article: Make, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "MOST_SAVED", 1)
    articles, barrier, outcomes = [make_article(), make_article()], Barrier(4), []

    def press(article: Article) -> None:
        barrier.wait()
        try:
            outcomes.append(save_article(reader.pk, article.pk, now=clock.now()))
        finally:
            connection.close()

    threads = [Thread(target=press, args=(article,)) for article in articles * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already", "done", "full", "full"]
    assert SavedArticle.objects.count() == 1


def test_the_list_has_an_end_and_removing_makes_room(
    reader: User, make_article: Make, save: Callable[[Article], int], clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "MOST_SAVED", 2)
    first, _ = save(make_article()), save(make_article())
    third = make_article()
    assert save_article(reader.pk, third.pk, now=clock.now()) is Outcome.FULL
    remove_saved(reader.pk, [first], now=clock.now())
    removed_at = clock.now()
    save(third)
    assert undo_removal(reader.pk, removed_at, now=clock.now()) is Outcome.FULL
    monkeypatch.setattr(flows, "MOST_FOLDERS", 1)
    assert make_folder(reader.pk, "One", now=clock.now()) is Outcome.DONE
    assert make_folder(reader.pk, "Two", now=clock.now()) is Outcome.FOLDERS_FULL


def test_a_deleted_folder_comes_back_only_where_there_is_room_for_one(
    reader: User, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows, "MOST_FOLDERS", 1)
    make_folder(reader.pk, "One", now=clock.now())
    removed_at = clock.now()
    delete_folder(reader.pk, Folder.objects.get().pk, now=removed_at)
    make_folder(reader.pk, "Two", now=clock.now())
    assert undo_removal(reader.pk, removed_at, now=clock.now()) is Outcome.FOLDERS_FULL
    assert [one.name for one in load_folders(reader.pk)] == ["Two"]
    rename_folder(reader.pk, load_folders(reader.pk)[0].folder_id, "ONE")
    assert undo_removal(reader.pk, removed_at, now=clock.now()) is Outcome.DONE, "into its namesake it comes without room"


def test_removing_is_undone_with_note_and_folder_within_a_day(
    reader: User, make_article: Make, save: Callable[[Article], int], clock: StoppedClock
) -> None:
    article = make_article()
    saved_id, other = save(article), save(make_article())
    make_folder(reader.pk, "Straits", now=clock.now())
    folder = Folder.objects.get()
    move_saved(reader.pk, [saved_id], folder.pk)
    write_note(reader.pk, saved_id, "  For the seminar  ")
    remove_saved(reader.pk, [other], now=clock.now())
    clock.advance(timedelta(minutes=1))
    removed_at = clock.now()
    remove_saved(reader.pk, [saved_id], now=removed_at)
    assert shown(reader, clock) == []
    clock.advance(timedelta(hours=23))
    forget_removed(now=clock.now())
    assert undo_removal(reader.pk, removed_at, now=clock.now()) is Outcome.DONE
    row = load_shelf(reader.pk, Wish(), now=clock.now()).rows[0]
    assert (row.note, row.folder_name) == ("For the seminar", "Straits")
    assert undo_removal(reader.pk, removed_at, now=clock.now()) is Outcome.GONE
    other_removed_at = SavedArticle.objects.get(pk=other).removed_at
    assert other_removed_at
    clock.advance(timedelta(hours=2))
    assert undo_removal(reader.pk, other_removed_at, now=clock.now()) is Outcome.GONE, "a day is over"
    assert forget_removed(now=clock.now()) == 1
    assert list(SavedArticle.objects.values_list("pk", flat=True)) == [saved_id]


def test_saving_again_what_was_removed_brings_it_back_with_its_note(
    reader: User, make_article: Make, save: Callable[[Article], int], clock: StoppedClock
) -> None:
    article = make_article()
    saved_id = save(article)
    write_note(reader.pk, saved_id, "Mine")
    remove_saved(reader.pk, [saved_id], now=clock.now())
    assert save(article) == saved_id
    assert SavedArticle.objects.get().note == "Mine"


def test_a_deleted_folder_leaves_its_articles_and_comes_back(
    reader: User, make_article: Make, save: Callable[[Article], int], clock: StoppedClock
) -> None:
    saved_id = save(make_article())
    make_folder(reader.pk, "Straits", now=clock.now())
    folder = Folder.objects.get()
    move_saved(reader.pk, [saved_id], folder.pk)
    removed_at = clock.now()
    assert delete_folder(reader.pk, folder.pk, now=removed_at) is Outcome.DONE
    assert delete_folder(reader.pk, folder.pk, now=removed_at) is Outcome.GONE
    assert load_folders(reader.pk) == ()
    assert shown(reader, clock, Wish(folder_id=0)) == shown(reader, clock) != []
    assert move_saved(reader.pk, [saved_id], folder.pk) is Outcome.GONE
    assert undo_removal(reader.pk, removed_at, now=clock.now()) is Outcome.DONE
    assert [(one.name, one.size) for one in load_folders(reader.pk)] == [("Straits", 1)]


def test_a_folder_comes_back_into_one_that_has_its_name_by_now(
    reader: User, make_article: Make, save: Callable[[Article], int], clock: StoppedClock
) -> None:
    saved_id = save(make_article())
    make_folder(reader.pk, "Straits", now=clock.now())
    move_saved(reader.pk, [saved_id], Folder.objects.get().pk)
    removed_at = clock.now()
    delete_folder(reader.pk, Folder.objects.get().pk, now=removed_at)
    make_folder(reader.pk, "STRAITS", now=clock.now())
    assert undo_removal(reader.pk, removed_at, now=clock.now()) is Outcome.DONE
    assert [(one.name, one.size) for one in load_folders(reader.pk)] == [("STRAITS", 1)]


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("  ", Outcome.NO_NAME),
        ("x" * 81, Outcome.NAME_TOO_LONG),
        ("x" * 80, Outcome.DONE),
        ("ŁÓDŹ  and\tPoland", Outcome.NAME_TAKEN),
        ("Łódź", Outcome.DONE),
    ],
)
def test_names_of_folders(name: str, outcome: Outcome, reader: User, make_reader: Callable[..., User], clock: StoppedClock) -> None:
    make_folder(reader.pk, "Łódź and Poland", now=clock.now())
    make_folder(make_reader().pk, "Łódź", now=clock.now())
    assert make_folder(reader.pk, name, now=clock.now()) is outcome
    own = Folder.objects.get(reader=reader, name="Łódź and Poland")
    assert rename_folder(reader.pk, own.pk, "ŁÓDŹ and Poland") is Outcome.DONE, "a folder may have its own name again"


def test_a_note_has_two_thousand_characters_at_most(reader: User, make_article: Make, save: Callable[[Article], int]) -> None:
    saved_id = save(make_article())
    assert write_note(reader.pk, saved_id, "é" * LONGEST_NOTE) is Outcome.DONE
    assert write_note(reader.pk, saved_id, "é" * (LONGEST_NOTE + 1)) is Outcome.NOTE_TOO_LONG
    assert SavedArticle.objects.get().note == "é" * LONGEST_NOTE


def test_nobody_touches_another_readers_shelves(
    reader: User, make_reader: Callable[..., User], make_article: Make, save: Callable[[Article], int], clock: StoppedClock
) -> None:
    saved_id, stranger, now = save(make_article()), make_reader(), clock.now()
    make_folder(reader.pk, "Mine", now=now)
    folder = Folder.objects.get()
    before = (list(SavedArticle.objects.values()), list(Folder.objects.values()))
    assert remove_saved(stranger.pk, [saved_id], now=now) == 0
    assert write_note(stranger.pk, saved_id, "theirs") is Outcome.GONE
    assert move_saved(stranger.pk, [saved_id], folder.pk) is Outcome.GONE
    move_saved(stranger.pk, [saved_id], None)
    assert rename_folder(stranger.pk, folder.pk, "Theirs") is Outcome.GONE
    assert delete_folder(stranger.pk, folder.pk, now=now) is Outcome.GONE
    assert (list(SavedArticle.objects.values()), list(Folder.objects.values())) == before


def test_two_accounts_become_one_with_both_lists_and_both_notes(
    reader: User, make_reader: Callable[..., User], make_article: Make, save: Callable[..., int], clock: StoppedClock
) -> None:
    other, both, theirs = make_reader(), make_article(headline="Both"), make_article(headline="Theirs")
    mine_id, both_id, theirs_id = save(both), save(both, other), save(theirs, other)
    for owner, saved_id, note, name in ((reader, mine_id, "First", "Straits"), (other, both_id, "Second", "straits")):
        make_folder(owner.pk, name, now=clock.now())
        write_note(owner.pk, saved_id, note)
    move_saved(other.pk, [both_id, theirs_id], Folder.objects.get(reader=other).pk)
    merge_shelves(other.pk, reader.pk)
    assert not SavedArticle.objects.filter(reader=other).exists()
    rows = load_shelf(reader.pk, Wish(), now=clock.now()).rows
    assert [(row.article and row.article.headline, row.note, row.folder_name) for row in rows] == [
        ("Theirs", "", "Straits"),
        ("Both", "First\n\nSecond", "Straits"),
    ]
    assert [(one.name, one.size) for one in load_folders(reader.pk)] == [("Straits", 2)]


@pytest.mark.parametrize("order", list(Order))
def test_pages_go_on_where_the_last_ended_and_back(
    order: Order, reader: User, make_article: Make, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broadsheet.shelves.store.PAGE_SIZE", 3)
    now = clock.now()
    for number in range(8):
        article = make_article(headline=f"No. {number}", published_at=now - timedelta(days=number // 2))
        save_article(reader.pk, article.pk, now=now)  # all at one moment
    Article.objects.get(headline="No. 3").unpublish()
    everything, there, wish = [], [], Wish(order=order)
    while True:
        page = load_shelf(reader.pk, wish, now=now)
        there.append(page.rows)
        everything += [row.saved_id for row in page.rows]
        if not page.older:
            break
        wish = Wish(order=order, beyond=page.older)
    assert len(everything) == len(set(everything)) == 8
    back = load_shelf(reader.pk, Wish(order=order, beyond=page.newer, is_back=True), now=now)
    assert back.rows == there[-2]
    first = load_shelf(reader.pk, Wish(order=order, beyond=back.newer, is_back=True), now=now)
    assert first.rows == there[0]
    assert not first.newer
    if order is Order.PUBLISHED:
        assert [row.article is None for page in there for row in page] == [False] * 7 + [True]


def test_words_are_looked_for_in_headline_dek_and_note_and_never_in_the_text(
    reader: User, make_article: Make, save: Callable[[Article], int], clock: StoppedClock
) -> None:
    article = make_article(headline="Łukasz at the strait", dek="A summit in Київ.", paragraphs=["Secret zebra. " * 90] * 5)
    gone = make_article(headline="Withdrawn strait")
    saved_id, gone_id = save(article), save(gone)
    write_note(reader.pk, saved_id, "Cite in chapter two")
    write_note(reader.pk, gone_id, "chapter nine")
    gone.unpublish()
    for words, found in {
        "strait": 1,
        "łukasz": 1,
        "київ CHAPTER": 1,
        "chapter": 2,
        "nine": 1,
        "zebra": 0,
        "withdrawn": 0,
        "strait nine": 0,
        "%": 0,
    }.items():
        assert len(shown(reader, clock, Wish(words=tuple(words.split())))) == found, words
