"""The page of corrections: newest first, page by page, and nothing that only the open article shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.library.models import Article, Correction
from broadsheet.pages import store
from broadsheet.pages.listing import PAGE_SIZE
from broadsheet.publication.models import PlainPage

pytestmark = pytest.mark.django_db
DAY = date(2026, 2, 10)


def correct(article: Article, text: str, *, days_ago: int = 0) -> Correction:
    return Correction.objects.create(article=article, date=DAY - timedelta(days=days_ago), text=text)


def test_texts_are_shown_to_whom_the_articles_are_open(
    client: Client, make_article: Callable[..., Article], make_reader: Callable[..., User], make_subscriber: Callable[..., User]
) -> None:
    free, gated = make_article(access="free", headline="All may read"), make_article(headline="Behind the wall")
    draft, closed = make_article(published=False, headline="A draft"), make_article(access="subscribers")
    for article, text in ((free, "It was ten."), (gated, "It was twelve."), (draft, "It was none."), (closed, "It was six.")):
        correct(article, text)
    stranger = client.get("/corrections/").content.decode()
    client.force_login(make_reader())
    registered = client.get("/corrections/").content.decode()
    client.force_login(make_subscriber())
    subscriber = client.get("/corrections/").content.decode()
    for html in (stranger, registered):
        assert "It was ten." in html and "It was twelve." not in html and "It was six." not in html
        assert "Behind the wall" in html and html.count("The correction stands at the end of the article.") == 2
    assert "It was ten." in subscriber and "It was twelve." in subscriber and "It was six." in subscriber
    feed = client.get("/corrections/feed.xml").content.decode()  # the same for everybody
    assert "It was ten." in feed and "It was twelve." not in feed and feed.count("<entry>") == 3
    assert not any("It was none." in html or "A draft" in html for html in (stranger, registered, subscriber))


def test_corrections_are_paged_newest_first_and_back(client: Client, make_article: Callable[..., Article]) -> None:
    article = make_article(access="free")
    for number in range(PAGE_SIZE + 5):
        correct(article, f"Number {number}.", days_ago=number // 2)

    def numbers(path: str) -> tuple[list[int], str]:
        text = client.get(path).content.decode()
        return [int(n) for n in re.findall(r"<p>Number (\d+)\.</p>", text)], text

    def link(text: str, rel: str) -> str:
        return re.findall(rf'<a rel="{rel}" href="([^"]+)"', text)[0]

    first, html = numbers("/corrections/")
    second, further = numbers(link(html, "next"))
    assert sorted(first + second) == list(range(PAGE_SIZE + 5)) and len(first) == PAGE_SIZE
    assert [n // 2 for n in first + second] == sorted(n // 2 for n in first + second)
    assert numbers(link(further, "prev"))[0] == first
    assert 'content="noindex, follow"' in further and 'content="noindex, follow"' not in html


def test_page_is_there_before_the_first_correction_and_says_what_the_publisher_says(
    client: Client, make_article: Callable[..., Article]
) -> None:
    assert "No article has been corrected so far." in client.get("/corrections/").content.decode()
    PlainPage.objects.create(title="Corrections", slug="corrections", body="<p>How we mend what was wrong.</p>")
    assert "How we mend what was wrong." in client.get("/corrections/").content.decode()
    article = make_article()
    correct(article, "It was ten.")
    article.save_revision().publish()
    html = client.get(article.get_absolute_url()).content.decode()
    assert html.count('href="/corrections/"') == 2  # beside the note that it was corrected, and in the footer


def test_a_correction_is_the_same_to_feed_readers_when_an_import_makes_its_row_anew(
    client: Client, make_article: Callable[..., Article], settings: Any
) -> None:
    article = make_article()

    def ids() -> list[str]:
        return re.findall(r"<id>[^<]+(#correction-[^<]+)</id>", client.get("/corrections/feed.xml").content.decode())

    first = correct(article, "It was ten.")
    correct(article, "It was twelve.")
    before = ids()
    assert len(set(before)) == 2 and all(f'id="{name[1:]}"' in client.get("/corrections/").content.decode() for name in before)
    first.delete()
    correct(article, "It was ten.")
    store.drop_pages_at(["/corrections/feed.xml"])
    assert set(ids()) == set(before)
    settings.SECRET_KEY = "another"
    store.drop_pages_at(["/corrections/feed.xml"])
    assert not set(ids()) & set(before)  # no plain hash, by which a gated text could be guessed at
