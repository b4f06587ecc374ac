"""Following the change log when something goes wrong: each time the process ends in the right state."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import transaction

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.flows import CHANGES_KEPT, ChangeKind, record_change, trim_change_log
from broadsheet.core.models import Change
from broadsheet.edge.database import DatabaseAway, DatabaseBusy
from broadsheet.edge.holdings import SILENT_FOR_S
from broadsheet.library.models import Article
from broadsheet.membership.flows import sign_out_everywhere
from broadsheet.publication.models import Publication
from tests.edge.conftest import DJANGO, Process
from tests.edge.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)

Publish = Callable[[Article], Article]


def hold(process: Process, article: Article, visitor: Visitor | None = None) -> Visitor:
    """Let the process hold an article's page; gives the visitor who was shown it."""
    visitor = visitor or process.visitor()
    process.look()
    assert visitor.get(article.get_absolute_url()).status == 200
    process.look()
    visitor.get(article.get_absolute_url())
    assert is_by_edge(process, visitor, article)
    return visitor


def is_by_edge(process: Process, visitor: Visitor, article: Article) -> bool:
    before = len(process.handed_over)
    visitor.get(article.get_absolute_url())
    return len(process.handed_over) == before


# -- The database goes away, or is busy --------------------------------------------------------------------------------


def test_what_is_held_goes_on_without_the_database_and_is_right_again_with_it(
    process: Process, make_article: Callable[..., Article], publish: Publish
) -> None:
    article = make_article()
    visitor = hold(process, article)
    process.database.pull(DatabaseAway("stopped"))
    process.look()
    assert is_by_edge(process, visitor, article)
    article.headline = "Another headline"
    publish(article)
    process.database.plug_in()
    process.look()
    assert "Another headline" in visitor.get(article.get_absolute_url()).text


def test_busy_database_leaves_readers_to_django_even_if_it_was_away_before(
    process: Process, make_article: Callable[..., Article]
) -> None:
    article = make_article()
    visitor = hold(process, article)
    process.database.pull(DatabaseAway("stopped"))
    process.look()
    assert process.holdings.is_away
    process.database.pull(DatabaseBusy("too many clients"))
    process.look()
    process.holdings.looked_at = float("-inf")  # two seconds later
    assert not process.holdings.is_away
    assert not is_by_edge(process, visitor, article)


def test_database_that_never_answers_is_away_before_what_is_held_is_out_of_date(
    process: Process, make_article: Callable[..., Article]
) -> None:
    article = make_article()
    visitor = hold(process, article)
    asked, answered = Event(), Event()
    process.database.after = ("core_change", lambda: (asked.set(), answered.wait(30)))
    looking = Thread(target=lambda: (process.look(), process.close()))
    looking.start()
    assert asked.wait(30) and not process.holdings.is_away
    process.holdings.asked_at -= SILENT_FOR_S  # so much later
    assert process.holdings.is_away and is_by_edge(process, visitor, article)
    answered.set()
    looking.join()
    assert not process.holdings.is_away


def test_look_that_fails_half_way_is_done_again(process: Process, make_article: Callable[..., Article], publish: Publish) -> None:
    article = make_article()
    visitor = hold(process, article)
    Publication.objects.create(name="Another name")
    process.database.pull(DatabaseAway("stopped"), "core_signingkey")
    process.look()
    assert process.holdings.is_away
    process.database.plug_in()
    process.look()
    assert not process.holdings.is_away
    assert "Another name" in visitor.get(article.get_absolute_url()).text


def test_unpublishing_counts_even_if_the_database_fails_while_what_came_before_it_is_followed(
    process: Process, make_article: Callable[..., Article]
) -> None:
    other, article = make_article(), make_article()  # the first names none that came later
    visitor = hold(process, article)
    hold(process, other, visitor)
    with transaction.atomic():
        Publication.objects.create(name="Another name")
        article.unpublish()
    process.database.pull(DatabaseAway("stopped"), "core_signingkey")
    process.look()
    assert process.holdings.is_away
    assert visitor.get(article.get_absolute_url()).status != 200
    assert is_by_edge(process, visitor, other)


def test_process_that_knows_it_has_missed_lines_shows_nothing_it_held_even_if_the_database_fails(
    process: Process, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    visitor = hold(process, article)
    article.unpublish()
    clock.advance(CHANGES_KEPT + timedelta(seconds=1))
    trim_change_log(now=clock.now())
    process.database.pull(DatabaseAway("stopped"), "core_signingkey")
    process.look()
    assert visitor.get(article.get_absolute_url()).status != 200


def test_error_that_nobody_foresaw_is_logged_and_the_thread_goes_on(
    process: Process, make_article: Callable[..., Article], caplog: pytest.LogCaptureFixture
) -> None:
    record_change(ChangeKind.ARTICLE, "no number", now=make_article().published_at)
    with caplog.at_level(logging.ERROR), pytest.raises(ValueError, match="no number"):
        process.look()
    process.look()
    assert not process.holdings.is_away


# -- A page is being loaded while it changes ---------------------------------------------------------------------------


@pytest.mark.parametrize("statement", ["FROM library_article", "FROM pages_variant"])
def test_page_that_was_loaded_while_its_article_was_unpublished_is_not_kept(
    statement: str, process: Process, make_article: Callable[..., Article]
) -> None:
    article = make_article()
    process.look()

    def unpublish() -> None:
        article.unpublish()
        process.tail.look()

    process.database.after = (statement, unpublish)
    visitor = process.visitor()
    visitor.get(article.get_absolute_url())  # asked before: either answer is right
    assert process.database.after is None
    assert visitor.get(article.get_absolute_url()).status == 410


def test_page_that_names_an_article_is_dropped_with_it_although_it_was_loaded_in_that_moment(
    process: Process, make_article: Callable[..., Article]
) -> None:
    article = make_article(headline="What is taken back")
    naming = make_article(headline="What names it")
    process.look()
    process.database.after = ("FROM pages_variant", article.unpublish)  # committed, but not yet followed
    visitor = process.visitor()
    assert "What is taken back" in visitor.get(naming.get_absolute_url()).text
    process.look()
    assert "What is taken back" not in visitor.get(naming.get_absolute_url()).text


# -- What ends by itself -----------------------------------------------------------------------------------------------


def test_page_that_has_run_out_is_made_once_and_then_held_again(
    process: Process, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    make_article()
    visitor = process.visitor()
    process.look()
    visitor.get("/")
    visitor.get("/")
    process.look()
    before = len(process.handed_over)
    visitor.get("/")
    assert len(process.handed_over) == before
    clock.advance(timedelta(days=1))
    visitor.get("/")
    process.look()
    assert len(process.handed_over) == before + 1
    today = visitor.get("/")
    assert len(process.handed_over) == before + 1
    assert "18 February" in today.text


def test_meter_texts_are_held_again_in_the_next_month(
    process: Process,
    make_article: Callable[..., Article],
    make_reader: Callable[..., User],
    sign_in_to: Callable[..., Visitor],
    clock: StoppedClock,
) -> None:
    article = make_article()
    visitor = hold(process, article, sign_in_to(process, make_reader()))
    assert visitor.get(article.get_absolute_url()).state == "wall meter 3"
    clock.advance(timedelta(days=14))
    assert not is_by_edge(process, visitor, article)
    process.look()
    assert is_by_edge(process, visitor, article)


# -- A worker that starts late, sleeps, or finds another log -----------------------------------------------------------


def test_worker_that_starts_late_knows_which_passes_have_ended(
    start_process: Callable[..., Process],
    make_article: Callable[..., Article],
    make_reader: Callable[..., User],
    sign_in_to: Callable[..., Visitor],
    clock: StoppedClock,
) -> None:
    article, reader = make_article(), make_reader()
    early = start_process()
    visitor = hold(early, article, sign_in_to(early, reader))
    stolen = dict(visitor.cookies)
    sign_out_everywhere(reader, now=clock.now())
    late = start_process()
    late.look()
    for process in (early, late):
        process.look()
        thief = process.visitor(cookies=stolen)
        assert not is_by_edge(process, thief, article)
        process.database.pull(DatabaseAway("stopped"))
        process.look()
        assert process.holdings.is_away
    hold_nothing = late.visitor(cookies=stolen).get(article.get_absolute_url())
    assert hold_nothing.status != 200 or hold_nothing.state.startswith("wall stranger")


def test_worker_that_slept_while_the_log_was_trimmed_forgets_everything(
    process: Process, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article, other = make_article(), make_article()
    visitor = hold(process, article)
    hold(process, other, visitor)
    article.unpublish()
    clock.advance(CHANGES_KEPT + timedelta(seconds=1))
    assert trim_change_log(now=clock.now())
    assert not Change.objects.exists()
    process.look()
    assert visitor.get(article.get_absolute_url()).status == 410
    assert len(process.holdings.pages) == 0


def test_trimming_does_not_trouble_a_worker_that_was_awake(
    process: Process, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    visitor = hold(process, article)
    clock.advance(CHANGES_KEPT + timedelta(seconds=1))
    assert trim_change_log(now=clock.now())
    process.look()
    assert is_by_edge(process, visitor, article)
    article.unpublish()
    process.look()
    assert visitor.get(article.get_absolute_url()).status == 410


def test_trimming_again_after_the_clock_went_back_never_takes_back_how_far_it_got(process: Process, clock: StoppedClock) -> None:
    clock.advance(timedelta(days=30))
    ahead = record_change(ChangeKind.PAGES, "", now=clock.now())
    clock.advance(timedelta(days=-30))
    last = record_change(ChangeKind.PAGES, "", now=clock.now())
    clock.advance(CHANGES_KEPT + timedelta(seconds=1))
    trim_change_log(now=clock.now())
    assert list(Change.objects.all()) == [ahead]
    clock.advance(timedelta(days=60))
    trim_change_log(now=clock.now())
    assert process.database.read_changes(None).trimmed_to == last.pk


def test_clock_that_was_far_ahead_while_the_log_was_trimmed_lets_no_ended_pass_count(
    start_process: Callable[..., Process],
    make_article: Callable[..., Article],
    make_reader: Callable[..., User],
    sign_in_to: Callable[..., Visitor],
    clock: StoppedClock,
) -> None:
    article, reader = make_article(), make_reader()
    process = start_process()
    visitor = hold(process, article, sign_in_to(process, reader))
    stolen = dict(visitor.cookies)
    clock.advance(timedelta(seconds=30))
    sign_out_everywhere(reader, now=clock.now())
    trim_change_log(now=clock.now() + timedelta(days=30))  # the clock of another host, which was far ahead
    late = start_process()
    assert not is_by_edge(late, late.visitor(cookies=stolen), article)
    clock.advance(timedelta(seconds=30))
    honest = sign_in_to(late, make_reader())
    hold(late, article, honest)


@pytest.mark.parametrize("jump", [timedelta(days=40), timedelta(hours=3), -timedelta(hours=3), -timedelta(days=40)], ids=str)
def test_clock_that_jumps_and_comes_back_leaves_everybody_what_they_had(
    jump: timedelta,
    process: Process,
    make_article: Callable[..., Article],
    make_subscriber: Callable[..., User],
    sign_in_to: Callable[..., Visitor],
    clock: StoppedClock,
) -> None:
    article = make_article()
    visitor = hold(process, article, sign_in_to(process, make_subscriber()))
    stranger = hold(process, article)
    for step in (jump, -jump):
        clock.advance(step)
        process.look()
        for _ in range(2):
            answer, alone = visitor.get(article.get_absolute_url()), Visitor(DJANGO, cookies=visitor.cookies)
            assert answer.state == alone.get(article.get_absolute_url()).state
            assert stranger.get(article.get_absolute_url()).state in ("wall stranger", "404", "410")
            process.look()
    assert is_by_edge(process, visitor, article)
    assert visitor.get(article.get_absolute_url()).state == "open subscription"


def test_older_copy_of_the_database_is_followed_from_where_it_stands(
    process: Process, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    visitor = hold(process, article)
    kept = Change.objects.latest("id").pk
    for _ in range(3):
        clock.advance(timedelta(seconds=1))
        record_change(ChangeKind.PAGES, "", now=clock.now())
    hold(process, article, visitor)
    # The copy is from before the three, and three other things have happened in it since.
    after = list(Change.objects.filter(pk__gt=kept).values_list("pk", flat=True))
    Change.objects.filter(pk__gt=kept).delete()
    for pk in after:
        clock.advance(timedelta(seconds=1))
        Change.objects.create(pk=pk, kind=ChangeKind.ARTICLE, subject=str(article.pk), at=clock.now())
    process.look()
    assert len(process.holdings.pages) == 0
