"""A library that grows: no list, search, feed, sitemap or screen of the desk asks the database more often for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from broadsheet.accounts.models import User
from broadsheet.core import clock
from broadsheet.library.models import Article, Author, Correction, Region, Series, SeriesPart, Topic
from broadsheet.library.search.index_flows import Indexer
from broadsheet.pages.models import Variant
from broadsheet.publication.models import Publication

pytestmark = pytest.mark.django_db

SMALL, LARGE = 3, 9
READERS = (
    "/ /topics/ /regions/ /topics/grain/ /regions/asia/ /authors/grain-desk/ /library/ /library/?q=grain /library/?topic=grain"
    " /library/?q=grain&author=grain-desk&page=1 /library/?before=1900000000000000-1 /library/suggest/?q=gra /library/feed.xml?q=grain"
    " /feed.xml /feed.json /topics/grain/feed.xml /authors/grain-desk/feed.xml /sitemap.xml /sitemaps/pages.xml /news-sitemap.xml"
    " /sitemaps/{month}.xml /library/{year}/ /library/{year}/{number}/ /library/kind/daily/ /series/ /series/grain/ /corrections/"
).split()
DESK = (
    "/desk/ /desk/articles/ /desk/articles/?q=grain /desk/articles/?ordering=headline /desk/authors/ /desk/topics/ /desk/regions/"
    " /desk/snippets/choose/library/article/ /desk/snippets/choose/library/article/results/?q=grain /desk/reports/site-history/"
).split()


@pytest.fixture
def grow(make_article: Callable[..., Article]) -> Callable[[int], None]:
    """Let the library have so many articles: each also with a topic and a writer of its own, corrected, part of one series."""
    topic, region = Topic.objects.create(name="Grain", slug="grain"), Region.objects.create(name="Asia", slug="asia")
    author, series = Author.objects.create(name="Grain desk", slug="grain-desk"), Series.objects.create(title="Grain", slug="grain")
    Publication.load().save()

    def grow_to(count: int) -> None:
        for number in range(Article.objects.count(), count):
            article = make_article(
                published=False,
                paragraphs=["Grain."],
                headline=f"Grain {number}",
                published_at=clock.now() - timedelta(minutes=number),
                topics=[topic, Topic.objects.create(name=f"Own {number}", slug=f"own-{number}")],
                regions=[region],
            )
            article.bylines.create(author=author, sort_order=0)
            article.bylines.create(author=Author.objects.create(name=f"Writer {number}", slug=f"writer-{number}"), sort_order=1)
            article.save_revision().publish()
            Correction.objects.create(article=article, date=clock.now().date(), text="A sum was wrong.")
            SeriesPart.objects.create(series=series, article=article, sort_order=number)

    return grow_to


def count_queries(client: Client, addresses: list[str]) -> dict[str, int]:
    """How many queries each page takes when it is made anew."""
    counts = {}
    for address in addresses:
        Variant.objects.all().delete()
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
        assert answer.status_code == 200, address
        counts[address] = len(captured)
    return counts


def test_no_page_asks_more_often_for_more_articles(
    client: Client,
    grow: Callable[[int], None],
    make_reader: Callable[..., User],
    sign_in: Callable[..., None],
    search_index: Indexer,
) -> None:
    editor, now = Client(), clock.now()
    sign_in(editor, make_reader(is_staff=True, is_superuser=True), second_factor=True)
    month = {"month": f"{now:%Y-%m}", "year": f"{now:%Y}", "number": f"{now:%m}"}
    readers = [address.format(**month) for address in READERS]
    client.get("/")
    editor.get("/desk/")  # what a process loads once is loaded
    counted = []
    for size in (SMALL, LARGE):
        grow(size)
        search_index.step()
        counted.append({**count_queries(client, readers), **count_queries(editor, list(DESK))})
    small, large = counted
    assert {address: (small[address], count) for address, count in large.items() if count > small[address]} == {}
