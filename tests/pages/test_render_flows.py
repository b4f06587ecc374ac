"""Making every page again: nothing is lost, nothing stale is kept, one bad article stops nobody."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from broadsheet.core.clock import StoppedClock
from broadsheet.core.flows import ChangeKind
from broadsheet.core.models import Change
from broadsheet.library.models import Article, ArticleTeaser
from broadsheet.pages import flows, render_flows, store
from broadsheet.pages.flows import article_path
from broadsheet.pages.models import RecipeUse, Variant, VariantMention
from broadsheet.pages.recipe import current_recipe
from broadsheet.pages.render_flows import (
    Order,
    Outcome,
    ProgramReplaced,
    Report,
    begin_rendering,
    end_rendering,
    forget_unused_pages,
    render_batch,
)
from broadsheet.pages.variants import Audience, kept_as
from broadsheet.pages.variants import Variant as Form
from broadsheet.pages.wanted_store import Wanted, wanted_batches
from broadsheet.paywall import resolver
from broadsheet.paywall.resolver import Reason

A_DAY = timedelta(days=1)
OLD = "0" * 24


def render(clock: StoppedClock, *, everything: bool = False) -> Report:
    order = begin_rendering(everything=everything, now=clock.now())
    report = Report()
    for batch in wanted_batches(now=clock.now()):
        report += render_batch(batch, order, now=clock.now())
    end_rendering(order, now=clock.now())
    return report


def article_batch(clock: StoppedClock) -> list[Wanted]:
    return [page for batch in wanted_batches(now=clock.now()) for page in batch if page.path.startswith("/articles/")]


def belong_to(recipe: str) -> None:
    """As if every page that there is had been made by another version."""
    for row in Variant.objects.all():
        Variant.objects.filter(pk=row.pk).update(recipe=recipe, kind=kept_as(row.kind.partition("@")[0], recipe))


# -- Missing, present, again -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_is_missing_is_made_and_what_is_there_is_left_alone(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    make_article()
    clock.advance(timedelta(minutes=1))
    first = render(clock)
    lists = first.outcomes[Outcome.MADE]
    assert first.outcomes == {Outcome.MADE: lists, Outcome.PRESENT: 1}  # publishing had made the article's
    clock.advance(timedelta(minutes=1))
    again = render(clock)
    assert again.outcomes == {Outcome.PRESENT: lists + 1}
    assert not Variant.objects.filter(built_at=clock.now()).exists()


@pytest.mark.django_db
def test_only_the_forms_that_are_missing_are_made(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    article = make_article()
    lost = Variant.objects.filter(path=article_path(article.pk), kind__startswith="wall-stranger").first()
    assert lost is not None
    lost.delete()
    clock.advance(timedelta(minutes=1))
    assert render_batch(article_batch(clock), Order(current_recipe()), now=clock.now()).outcomes == {Outcome.MADE: 1}
    assert [row.kind for row in Variant.objects.filter(built_at=clock.now())] == [lost.kind]


@pytest.mark.django_db
def test_a_form_whose_words_have_run_out_is_missing(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    make_article()
    clock.advance(timedelta(days=20))  # "renews 1 March" is over
    assert render_batch(article_batch(clock), Order(current_recipe()), now=clock.now()).outcomes == {Outcome.MADE: 1}
    made = Variant.objects.filter(built_at=clock.now())
    assert made.exists() and all("-reader-" in row.kind for row in made)


@pytest.mark.django_db
def test_another_versions_pages_stay_until_nobody_has_used_its_recipe_for_a_day(
    make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    article = make_article()
    belong_to(OLD)
    store.use_recipe(OLD, now=clock.now())
    olds = Variant.objects.count()
    assert render(clock).outcomes[Outcome.MADE] > 1  # this recipe had none
    clock.advance(A_DAY)
    store.use_recipe(OLD, now=clock.now())
    assert forget_unused_pages(now=clock.now()) == 0
    clock.advance(A_DAY + timedelta(minutes=1))
    own = Variant.objects.filter(recipe=current_recipe()).count()
    assert forget_unused_pages(now=clock.now()) == olds
    assert Variant.objects.count() == own and not RecipeUse.objects.filter(recipe=OLD).exists()
    assert not VariantMention.objects.exclude(variant__in=Variant.objects.all()).exists()
    assert store.find_kept([article_path(article.pk)], recipe=current_recipe(), since=None, now=clock.now())


@pytest.mark.django_db
def test_pages_of_a_version_that_never_said_so_stay_for_a_day(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    make_article()
    Variant.objects.filter(kind__startswith="wall-stranger").update(recipe=OLD, kind="wall-stranger-stranger")
    Variant.objects.exclude(recipe=OLD).delete()
    assert forget_unused_pages(now=clock.now()) == 0
    clock.advance(A_DAY + timedelta(minutes=1))
    assert forget_unused_pages(now=clock.now()) == 1


@pytest.mark.django_db
def test_a_turn_of_the_worker_deletes_a_bounded_number(
    make_article: Callable[..., Article], clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_article()
    belong_to(OLD)
    number = Variant.objects.count()
    clock.advance(A_DAY + timedelta(minutes=1))
    monkeypatch.setattr(render_flows, "FORGOTTEN_AT_ONCE", number - 1)
    monkeypatch.setattr(store, "_DELETED_AT_ONCE", 2)
    assert [forget_unused_pages(now=clock.now()) for _ in range(3)] == [number - 1, 1, 0]


@pytest.mark.django_db
def test_everything_is_made_again_while_readers_keep_what_there_was(
    make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    make_article()
    render(clock)
    before = set(Variant.objects.values_list("pk", flat=True))
    clock.advance(timedelta(minutes=1))
    report = render(clock, everything=True)
    assert set(report.outcomes) == {Outcome.MADE}
    assert set(Variant.objects.values_list("pk", flat=True)) == before  # replaced in place, at no moment gone
    assert set(Variant.objects.values_list("built_at", flat=True)) == {clock.now()}
    # Servers hold the pages in memory; this line of the change log makes them fetch what was made anew.
    assert Change.objects.latest("id").kind == ChangeKind.PAGES


@pytest.mark.django_db
def test_making_everything_goes_on_where_it_was_broken_off(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    for _ in range(3):
        make_article()
    clock.advance(timedelta(minutes=1))
    pages = article_batch(clock)
    order = begin_rendering(everything=True, now=clock.now())
    render_batch(pages[:2], order, now=clock.now())  # and then the machine is switched off
    clock.advance(timedelta(hours=1))
    again = begin_rendering(everything=True, now=clock.now())
    assert render_batch(pages, again, now=clock.now()).outcomes == {Outcome.PRESENT: 2, Outcome.MADE: 1}
    end_rendering(again, now=clock.now())
    clock.advance(timedelta(minutes=1))
    assert begin_rendering(everything=True, now=clock.now()) == Order(current_recipe(), clock.now())


@pytest.mark.django_db
def test_what_was_broken_off_long_ago_begins_anew(clock: StoppedClock) -> None:
    begin_rendering(everything=True, now=clock.now())
    clock.advance(A_DAY + timedelta(minutes=1))
    assert begin_rendering(everything=True, now=clock.now()) == Order(current_recipe(), clock.now())


# -- What goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_one_bad_article_is_counted_and_logged_and_stops_nobody(
    make_article: Callable[..., Article], clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad, other = make_article(), make_article(), make_article()
    Variant.objects.all().delete()
    ArticleTeaser.objects.filter(article=bad).delete()
    with caplog.at_level(logging.ERROR):
        report = render_batch(article_batch(clock), Order(current_recipe()), now=clock.now())
    assert report.outcomes == {Outcome.MADE: 2, Outcome.FAILED: 1}
    assert report.failed == (article_path(bad.pk),)
    assert article_path(bad.pk) in caplog.text
    assert {row.path for row in Variant.objects.all()} == {article_path(good.pk), article_path(other.pk)}


@pytest.mark.django_db
def test_an_article_unpublished_meanwhile_is_passed_over(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    article = make_article()
    pages = article_batch(clock)
    article.unpublish()
    assert render_batch(pages, Order(current_recipe()), now=clock.now()).outcomes == {Outcome.GONE: 1}
    assert not Variant.objects.filter(path=article_path(article.pk)).exists()


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What others do after a page was composed and before it is kept: the functions in this list, one each time."""
    doings: list[Callable[[], object]] = []
    compose = render_flows.compose_article

    def compose_and_be_overtaken(*args: object, **kwargs: object) -> object:
        made = compose(*args, **kwargs)  # type: ignore[arg-type]
        if doings:
            doings.pop(0)()
        return made

    monkeypatch.setattr(render_flows, "compose_article", compose_and_be_overtaken)
    return doings


@pytest.mark.django_db
def test_a_page_overtaken_by_an_editor_is_made_from_the_new_text(
    make_article: Callable[..., Article], clock: StoppedClock, between: list[Callable[[], object]]
) -> None:
    article = make_article()
    Variant.objects.all().delete()

    def edit() -> None:
        ArticleTeaser.objects.filter(article=article).update(html="<p>The new text.</p>")
        store.drop_pages_naming([article.pk])

    between.append(edit)
    assert render_batch(article_batch(clock), Order(current_recipe()), now=clock.now()).outcomes == {Outcome.MADE: 1}
    page = store.find_page(article_path(article.pk), "wall-stranger-stranger", recipe=current_recipe(), now=clock.now())
    form = Form(resolver.Outcome.WALL, Reason.STRANGER, Audience.STRANGER)
    fresh = flows.compose_article(article.pk, [form], epoch=store.read_epoch(), now=clock.now())[0]
    assert page is not None and page.etag == fresh.page.etag


@pytest.mark.django_db
def test_a_page_overtaken_again_and_again_is_left_to_its_first_reader(
    make_article: Callable[..., Article], clock: StoppedClock, between: list[Callable[[], object]]
) -> None:
    make_article()
    Variant.objects.all().delete()
    between.extend([store.move_epoch] * render_flows.ATTEMPTS)
    assert render_batch(article_batch(clock), Order(current_recipe()), now=clock.now()).outcomes == {Outcome.OUTRUN: 1}
    assert not Variant.objects.exists()


@pytest.mark.django_db
def test_a_database_that_is_gone_ends_the_run(
    make_article: Callable[..., Article], clock: StoppedClock, between: list[Callable[[], object]]
) -> None:
    make_article()
    Variant.objects.all().delete()

    def lose() -> None:
        raise OperationalError("server closed the connection")

    between.append(lose)
    with pytest.raises(OperationalError):
        render_batch(article_batch(clock), Order(current_recipe()), now=clock.now())


@pytest.mark.django_db
def test_a_process_of_another_version_makes_nothing_for_this_run(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    make_article()
    Variant.objects.all().delete()
    with pytest.raises(ProgramReplaced):
        render_batch(article_batch(clock), Order(OLD), now=clock.now())
    assert not Variant.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_each_page_whole(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    for _ in range(4):
        make_article()
    expected = Variant.objects.count()
    Variant.objects.all().delete()
    pages, reports = article_batch(clock), []

    def run(order: list[Wanted]) -> None:
        reports.append(render_batch(order, Order(current_recipe()), now=clock.now()))
        connection.close()

    threads = [threading.Thread(target=run, args=(order,)) for order in (pages, pages[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 2 and not any(report.failed for report in reports)
    assert Variant.objects.count() == expected
