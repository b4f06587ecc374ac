"""The list of articles stays quick: the number of queries does not grow with the rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from broadsheet.desk.roles import Role
from broadsheet.library.models import Article, Author, Byline, Topic

LIST = "/desk/articles/"
# Session, user, permissions (4), filters' choices (2), count, rows, states (2), and what Wagtail's frame asks for.
MOST_QUERIES = 20


def count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def headlines(client: Client, query: str = "") -> list[str]:
    response = client.get(f"{LIST}{query}")
    assert response.status_code == 200
    return [article.headline for article in response.context["object_list"]]


@pytest.mark.django_db
def test_list_asks_the_same_number_of_queries_for_3_and_for_40_articles(
    desk: Callable[[Role], Client], make_article: Callable[..., Article]
) -> None:
    editor = desk(Role.EDITOR)
    for number in range(3):
        make_article(published=bool(number))
    count_queries(editor, LIST)
    few = count_queries(editor, LIST)
    for number in range(37):
        article = make_article(published=bool(number % 2))
        article.save_revision()
    assert count_queries(editor, LIST) == few
    assert few <= MOST_QUERIES


@pytest.mark.django_db
def test_drafts_stand_first_then_the_newest(desk: Callable[[Role], Client], make_article: Callable[..., Article]) -> None:
    make_article(headline="Old", published_at="2024-01-01T00:00:00Z")
    make_article(headline="New", published_at="2026-01-01T00:00:00Z")
    make_article(headline="Draft", published=False)
    assert headlines(desk(Role.EDITOR)) == ["Draft", "New", "Old"]


@pytest.mark.django_db
def test_filters_narrow_the_list(desk: Callable[[Role], Client], make_article: Callable[..., Article]) -> None:
    water = Topic.objects.create(name="Water", slug="water")
    author = Author.objects.create(name="A. Writer", slug="a-writer")
    about_water = make_article(headline="Rivers", topics=[water], access="free")
    Byline.objects.create(article=about_water, author=author)
    make_article(headline="Summits", kind="briefing")
    make_article(headline="Unfinished", published=False)
    editor = desk(Role.EDITOR)
    assert headlines(editor, "?access=free") == ["Rivers"]
    assert headlines(editor, "?kind=briefing") == ["Summits"]
    assert headlines(editor, f"?topics={water.pk}") == ["Rivers"]
    assert headlines(editor, f"?author={author.pk}") == ["Rivers"]
    assert headlines(editor, "?live=false") == ["Unfinished"]
    assert headlines(editor, f"?author={author.pk}&kind=briefing") == []


@pytest.mark.django_db
def test_search_finds_part_of_a_headline(desk: Callable[[Role], Client], make_article: Callable[..., Article]) -> None:
    make_article(headline="The Bosporus question")
    make_article(headline="Elections in the north")
    assert headlines(desk(Role.WRITER), "?q=spor") == ["The Bosporus question"]


@pytest.mark.django_db
def test_search_never_touches_wagtails_index(desk: Callable[[Role], Client], make_article: Callable[..., Article]) -> None:
    make_article(headline="The Bosporus question")
    editor = desk(Role.EDITOR)
    for address in (f"{LIST}?q=bosporus", "/desk/snippets/choose/library/article/results/?q=bosporus"):
        with CaptureQueriesContext(connection) as captured:
            response = editor.get(address)
        assert b"The Bosporus question" in response.content
        assert not [query["sql"] for query in captured if "wagtailsearch" in query["sql"]]


@pytest.mark.django_db
def test_states_are_named(desk: Callable[[Role], Client], make_article: Callable[..., Article]) -> None:
    make_article(headline="Live one")
    changed = make_article(headline="Changed one")
    changed.headline = "Changed twice"
    changed.save_revision()
    scheduled = make_article(headline="Scheduled one", published=False)
    scheduled.go_live_at = datetime(2999, 1, 1, tzinfo=UTC)
    scheduled.save_revision().publish()
    make_article(headline="Draft one", published=False)
    page = desk(Role.EDITOR).get(LIST).content.decode()
    for state in ("live, with a draft", "scheduled", "draft", "live"):
        assert state in page
