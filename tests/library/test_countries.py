"""Articles are filed under the countries that they name: when published, withdrawn, imported, and by the command."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Change
from broadsheet.gazetteer import mentions
from broadsheet.library import country_store, flows
from broadsheet.library.country_store import count_unfiled, find_note, find_shown, load_countries_of, load_shown
from broadsheet.library.importing.items import Item
from broadsheet.library.importing.writer import import_items
from broadsheet.library.models import Article, ArticleCountry, CountryNote

pytestmark = pytest.mark.django_db


def countries_of(article_id: int) -> list[str]:
    return load_countries_of([article_id]).get(article_id, [])


def test_publishing_files_an_article_and_a_new_version_files_it_anew(
    make_article: Callable[..., Article], publish: Callable[[Article], Article]
) -> None:
    text = ["No name stands here at all."] * 6 + ["Peru waits. Peru hopes. Peru votes."]
    article = make_article(headline="Chile and Bolivia meet", paragraphs=text)
    assert countries_of(article.pk) == ["BO", "CL", "PE"]
    article.headline = "Chile alone"
    assert countries_of(publish(article).pk) == ["CL", "PE"]
    article.unpublish()
    assert not ArticleCountry.objects.exists()


def test_a_draft_is_filed_nowhere(make_article: Callable[..., Article]) -> None:
    assert countries_of(make_article(headline="Chile", published=False).pk) == []


def test_an_import_files_what_is_live_and_a_second_one_changes_it(clock: StoppedClock) -> None:
    def bring(headline: str, **fields: bool) -> None:
        item = Item(identity="id:1", headline=headline, body_html="<p>Text.</p>", source="x.jsonl", line=1, **fields)  # type: ignore[arg-type]
        import_items([item], now=clock.now())

    bring("Kenya’s vote")
    assert list(ArticleCountry.objects.values_list("code", flat=True)) == ["KE"]
    bring("Ghana’s vote")
    assert list(ArticleCountry.objects.values_list("code", flat=True)) == ["GH"]


def test_the_command_files_what_was_published_before_and_tells_the_index(make_article: Callable[..., Article]) -> None:
    old, new = make_article(headline="Malta votes"), make_article(headline="Cyprus votes")
    ArticleCountry.objects.filter(article=old).delete()
    before = Change.objects.count()
    answer = StringIO()
    call_command("countries", stdout=answer)
    assert countries_of(old.pk) == ["MT"] and countries_of(new.pk) == ["CY"]
    assert answer.getvalue() == "2 articles looked at, 1 have other countries than before.\n"
    assert str(old.pk) in Change.objects.order_by("pk")[before].subject.split(",")
    after = Change.objects.count()
    call_command("countries", stdout=StringIO())
    assert Change.objects.count() == after, "what changes nothing outdates no page"


def test_an_editor_renames_annotates_and_hides_a_country() -> None:
    CountryNote.objects.create(code="MM", name="Burma", note="As our readers know it.")
    CountryNote.objects.create(code="TV", is_hidden=True)
    shown = load_shown()
    assert shown["MM"].name == "Burma" and find_note("MM") == "As our readers know it." and find_note("FR") == ""
    assert "TV" not in shown and find_shown("tuvalu") is None
    assert find_shown("myanmar") == shown["MM"]
    assert next(iter(shown)) == "AF" and [each.name for each in shown.values()] == sorted(each.name for each in shown.values())


def test_the_worker_files_what_was_published_before_and_after_other_rules_once(
    make_article: Callable[..., Article], clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = [make_article(headline="Malta votes") for _ in range(5)]
    ArticleCountry.objects.all().delete()
    monkeypatch.setattr(flows, "FILED_AT_ONCE", 2)
    monkeypatch.setattr(flows, "FILINGS_A_TURN", 1)
    turns, left = [], []
    for _ in range(4):
        left.append(count_unfiled())
        turns.append(flows.file_by_country(now=clock.now()))
    assert (turns, left) == ([2, 2, 1, 0], [5, 3, 1, 0]), "each turn goes on where the last ended, and the last says so"
    assert all(countries_of(article.pk) == ["MT"] for article in articles)
    monkeypatch.setattr(country_store, "RULES", mentions.RULES + 1)
    assert count_unfiled() == 5, "by rules that know more, all are looked through again"
    assert flows.file_by_country(now=clock.now()) == 2
    monkeypatch.setattr(country_store, "RULES", mentions.RULES)
    assert flows.file_by_country(now=clock.now()) == 0, "a program of older rules leaves it to the newer one"


def test_nothing_is_asked_of_articles_once_all_are_filed(
    make_article: Callable[..., Article], clock: StoppedClock, django_assert_num_queries: Any
) -> None:
    make_article()
    call_command("countries", stdout=StringIO())
    with django_assert_num_queries(1):
        assert flows.file_by_country(now=clock.now()) == 0


@pytest.mark.django_db(transaction=True)
def test_filing_waits_for_who_publishes_and_files_what_they_published(
    make_article: Callable[..., Article], publish: Callable[[Article], Article], clock: StoppedClock
) -> None:
    article, found, barrier = make_article(headline="Malta votes"), [], Barrier(2)
    article.headline = "Cyprus votes"

    def file() -> None:
        barrier.wait()
        try:
            found.append(flows.find_countries_anew([article.pk], now=clock.now()))
        finally:
            connection.close()

    beside = Thread(target=file)
    with transaction.atomic():
        publish(article)
        ArticleCountry.objects.all().delete()  # as a program that knows no countries leaves it
        beside.start()
        barrier.wait()
        while connection.vendor == "postgresql" and beside.is_alive() and not somebody_waits():
            pass
    beside.join()
    assert found == [1]
    assert countries_of(article.pk) == ["CY"]


def somebody_waits() -> bool:
    """Whether a session of PostgreSQL waits for what another holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])
