"""Which pages `render` makes: those that readers then find, every one of them, newest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article, Author, Byline, Region, Topic
from broadsheet.pages import wanted_store
from broadsheet.pages.lists import ListPath
from broadsheet.pages.models import Variant
from broadsheet.pages.render_flows import begin_rendering, render_batch
from broadsheet.pages.wanted_store import Wanted, count_wanted, wanted_batches
from broadsheet.publication.models import PlainPage

pytestmark = pytest.mark.django_db


@pytest.fixture
def library(make_article: Callable[..., Article], clock: StoppedClock) -> list[Article]:
    topic, region = Topic.objects.create(name="Water", slug="water"), Region.objects.create(name="Africa", slug="africa")
    PlainPage.objects.create(title="About us", slug="about", body="<p>Who we are.</p>")
    made = [
        make_article(access="free", topics=[topic], published_at=clock.now() - timedelta(days=40)),
        make_article(access="metered", regions=[region], published_at=clock.now() - timedelta(days=1)),
        make_article(access="subscribers", published_at=clock.now() - timedelta(days=3)),
    ]
    Byline.objects.create(article=made[0], author=Author.objects.create(name="Africa desk", slug="africa-desk"))
    make_article(published=False)
    return made


def wanted(clock: StoppedClock) -> list[Wanted]:
    return [page for batch in wanted_batches(now=clock.now()) for page in batch]


def articles_of(pages: list[Wanted]) -> list[int]:
    return [page.source for page in pages if not isinstance(page.source, ListPath)]


def test_articles_come_newest_first_after_the_lists_and_drafts_never(library: list[Article], clock: StoppedClock) -> None:
    pages = wanted(clock)
    free, metered, subscribers = (article.pk for article in library)
    assert articles_of(pages) == [metered, subscribers, free]
    assert articles_of(pages[-3:]) == articles_of(pages)
    assert count_wanted(now=clock.now()) == len(pages)


def test_reading_piece_by_piece_loses_no_article_and_names_none_twice(
    make_article: Callable[..., Article], clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [clock.now() - timedelta(hours=hours) for hours in (1, 1, 1, 1, 2, 2, 3)]
    made = [make_article(published_at=at) for at in moments]
    monkeypatch.setattr(wanted_store, "READ_AT_ONCE", 2)
    monkeypatch.setattr(wanted_store, "BATCH", 3)
    ordered = sorted(made, key=lambda article: (article.published_at, article.pk), reverse=True)
    assert articles_of(wanted(clock)) == [article.pk for article in ordered]


def test_every_page_that_is_made_is_what_readers_are_then_given(
    library: list[Article], clock: StoppedClock, client: Client
) -> None:
    Variant.objects.all().delete()
    for batch in wanted_batches(now=clock.now()):
        render_batch(batch, begin_rendering(everything=False, now=clock.now()), now=clock.now())
    made = dict(Variant.objects.values_list("pk", "path"))
    clock.advance(timedelta(minutes=1))
    for path in sorted(set(made.values())):
        assert client.get(path, follow=True).status_code == 200, path
    assert dict(Variant.objects.values_list("pk", "path")) == made
    assert not Variant.objects.filter(built_at=clock.now()).exists()


def test_every_list_that_readers_meet_is_made(library: list[Article], clock: StoppedClock, client: Client) -> None:
    paths = {page.path for page in wanted(clock)}
    for subject in ("/topics/water/", "/regions/africa/", "/authors/africa-desk/"):
        assert {subject, f"{subject}feed.xml", f"{subject}feed.json"} <= paths
    assert {"/", "/topics/", "/regions/", "/library/", "/about/", "/feed.xml", "/feed.json"} <= paths
    assert {"/sitemap.xml", "/sitemaps/pages.xml", "/sitemaps/2026-02.xml", "/sitemaps/2026-01.xml", "/news-sitemap.xml"} <= paths
