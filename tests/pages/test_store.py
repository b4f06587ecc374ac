"""The variant table: pages of several recipes side by side, and what a change drops."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from broadsheet.core.clock import StoppedClock
from broadsheet.edge.database import Database
from broadsheet.library.models import Article
from broadsheet.pages import store
from broadsheet.pages.compress import finish_page
from broadsheet.pages.flows import build_usual_pages
from broadsheet.pages.models import Variant, VariantMention
from broadsheet.pages.store import NewPage
from broadsheet.pages.variants import Audience, kept_as
from broadsheet.pages.variants import Variant as Form
from broadsheet.paywall.resolver import Outcome, Reason
from tests.subprocesses import child_environment

PATH, KIND = "/articles/7/", "wall-stranger-stranger"
OLD, NEW = "a" * 24, "b" * 24


def keep(text: str, *, recipe: str, clock: StoppedClock, mentions: tuple[int, ...] = (7,), path: str = PATH) -> bool:
    page = NewPage(path, KIND, finish_page(text, "text/html"), mentions, None)
    return store.save_pages([page], recipe=recipe, epoch=store.read_epoch(), now=clock.now())


def shown(recipe: str, clock: StoppedClock, path: str = PATH) -> str | None:
    page = store.find_page(path, KIND, recipe=recipe, now=clock.now())
    return page.etag if page else None


def etag(text: str) -> str:
    return finish_page(text, "text/html").etag


# -- Two versions of the program, one table --------------------------------------------------------------------------


@pytest.mark.django_db
def test_pages_of_two_recipes_stand_side_by_side(clock: StoppedClock) -> None:
    assert keep("old", recipe=OLD, clock=clock) and keep("new", recipe=NEW, clock=clock) and keep("older", recipe=OLD, clock=clock)
    assert (shown(OLD, clock), shown(NEW, clock)) == (etag("older"), etag("new"))
    assert Variant.objects.count() == 2


@pytest.mark.django_db
def test_a_version_whose_key_is_path_and_form_alone_goes_on_beside_this_one(clock: StoppedClock) -> None:
    keep("new", recipe=NEW, clock=clock)
    for _ in range(2):  # as the version before did it: found the first time, or not
        page = finish_page("old", "text/html")
        values = {"content_type": "text/html", "etag": page.etag, "body_gzip": page.body_gzip, "body_brotli": page.body_brotli}
        Variant.objects.update_or_create(path=PATH, kind=KIND, defaults={**values, "recipe": OLD, "built_at": clock.now()})
        keep("newer", recipe=NEW, clock=clock)
    assert Variant.objects.get(path=PATH, kind=KIND).etag == etag("old")
    assert shown(NEW, clock) == etag("newer")
    assert shown(OLD, clock) is None  # this version does not take the other's rows for its own


@pytest.mark.django_db
def test_recipes_that_begin_alike_are_not_taken_for_each_other(clock: StoppedClock) -> None:
    keep("one", recipe="c" * 8 + "1" * 16, clock=clock)
    assert shown("c" * 8 + "2" * 16, clock) is None


@pytest.mark.django_db(transaction=True)
def test_the_edge_finds_what_was_kept_for_its_recipe_only(clock: StoppedClock) -> None:
    keep("old", recipe=OLD, clock=clock)
    keep("new", recipe=NEW, clock=clock)
    with closing(Database(child_environment()["BROADSHEET_DATABASE_URL"])) as edge:
        found = [edge.find_page(PATH, KIND, recipe, "br") for recipe in (OLD, NEW, "d" * 24)]
    assert [page.etag if page else None for page in found] == [etag("old"), etag("new"), None]


def test_the_name_of_every_form_fits_its_column() -> None:
    forms = [Form(*parts).kind for parts in product((Outcome.OPEN, Outcome.WALL), Reason, Audience, (None, 0, 99))]
    longest = max(forms + [str(audience) for audience in Audience], key=len)
    assert len(kept_as(longest, NEW)) <= Variant._meta.get_field("kind").max_length


# -- Keeping and dropping --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_page_built_from_old_rows_is_not_kept(clock: StoppedClock) -> None:
    epoch = store.read_epoch()
    store.move_epoch()
    page = NewPage(PATH, KIND, finish_page("stale", "text/html"), [7], None)
    assert not store.save_pages([page], recipe=NEW, epoch=epoch, now=clock.now())
    assert not Variant.objects.exists()


@pytest.mark.django_db
def test_unpublishing_drops_the_pages_of_every_recipe(clock: StoppedClock) -> None:
    for recipe in (OLD, NEW):
        keep("itself", recipe=recipe, clock=clock)
        keep("names it", recipe=recipe, clock=clock, path="/articles/8/", mentions=(8, 7))
        keep("does not", recipe=recipe, clock=clock, path="/articles/9/", mentions=(9,))
    store.drop_pages_naming([7])
    assert {row.path for row in Variant.objects.all()} == {"/articles/9/"}
    assert VariantMention.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_is_outdated_counts_neither_for_django_nor_for_the_edge_until_it_is_made_anew(clock: StoppedClock) -> None:
    def counting() -> list[str]:
        with closing(Database(child_environment()["BROADSHEET_DATABASE_URL"])) as edge:
            by_edge = [path for path in (PATH, "/topics/") if edge.find_page(path, KIND, NEW, "br")]
        assert [path for path in (PATH, "/topics/") if shown(NEW, clock, path)] == by_edge
        kept = store.find_kept([PATH, "/topics/"], recipe=NEW, since=None, now=clock.now())
        assert sorted(path for path, _ in kept) == by_edge
        return by_edge

    def make_both() -> None:
        assert keep("an article", recipe=NEW, clock=clock) and keep("a list", recipe=NEW, clock=clock, path="/topics/")

    make_both()
    assert counting() == [PATH, "/topics/"]
    store.outdate_list_pages()
    assert counting() == [PATH]
    make_both()
    assert counting() == [PATH, "/topics/"]
    store.outdate_all_pages()
    assert counting() == []
    store.move_epoch()
    assert counting() == []
    make_both()
    assert counting() == [PATH, "/topics/"]
    assert Variant.objects.count() == 2


@pytest.mark.django_db
def test_rows_of_a_version_that_knew_no_epochs_do_not_count(clock: StoppedClock) -> None:
    keep("an article", recipe=NEW, clock=clock)
    Variant.objects.update(epoch=None)
    assert shown(NEW, clock) is None


@pytest.mark.django_db
def test_outdating_a_large_table_touches_one_row(clock: StoppedClock) -> None:
    keep("an article", recipe=NEW, clock=clock)
    with CaptureQueriesContext(connection) as queries:
        store.outdate_list_pages()
        store.outdate_all_pages()
    assert len(queries) == 2 and not [query["sql"] for query in queries if "pages_variant" in query["sql"]]


@pytest.mark.django_db
def test_pages_that_are_dropped_leave_no_mention_behind(clock: StoppedClock) -> None:
    keep("an article", recipe=NEW, clock=clock)
    keep("a list", recipe=NEW, clock=clock, path="/topics/")
    store.drop_pages_at([PATH, "/topics/"])
    assert not Variant.objects.exists() and not VariantMention.objects.exists()


@pytest.mark.django_db
def test_pages_are_dropped_without_being_read(clock: StoppedClock) -> None:
    keep("an article", recipe=NEW, clock=clock)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        store.drop_pages_naming([7])
        store.drop_pages_at([PATH])
    assert not [query["sql"] for query in queries if "body_gzip" in query["sql"]]


@pytest.mark.django_db
def test_keeping_a_page_anew_renews_what_it_names_and_until_when_it_stands(clock: StoppedClock) -> None:
    keep("first", recipe=NEW, clock=clock, mentions=(7, 8))
    end = clock.now() + timedelta(hours=1)
    page = NewPage(PATH, KIND, finish_page("second", "text/html"), [7, 9], end)
    store.save_pages([page], recipe=NEW, epoch=store.read_epoch(), now=clock.now())
    assert sorted(VariantMention.objects.values_list("article_id", flat=True)) == [7, 9]
    assert shown(NEW, clock) == etag("second")
    clock.advance(timedelta(hours=1))
    assert shown(NEW, clock) is None


@pytest.mark.django_db
def test_what_the_forms_of_an_article_share_is_loaded_once(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    article = make_article()
    make_article()
    with CaptureQueriesContext(connection) as queries:
        build_usual_pages(article.pk, now=clock.now())
    asked = [query["sql"] for query in queries]
    for table in ("library_articleteaser", "library_articlerest"):
        assert len([sql for sql in asked if f'FROM "{table}" WHERE "{table}"."article_id" = {article.pk}' in sql]) <= 1, table
    assert len(asked) < 50
