"""Feeds, sitemaps and small files: well-formed, the same for everybody, and teasers only."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from io import BytesIO
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client
from PIL import Image

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.text import word_runs
from broadsheet.library.models import Article, ArticleText, Author, Byline, Topic
from broadsheet.pages import sitemaps
from broadsheet.pages.models import Variant
from broadsheet.pages.theme import theme_path
from broadsheet.publication.models import Publication

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"


@pytest.fixture
def articles(make_article: Callable[..., Article], clock: StoppedClock) -> list[Article]:
    topic, author = Topic.objects.create(name="Water", slug="water"), Author.objects.create(name="Africa desk", slug="africa-desk")
    made = [
        make_article(headline='A <b>dam</b> & "peace" \x0b', topics=[topic], published_at=clock.now() - timedelta(hours=1)),
        make_article(access="subscribers", published_at=clock.now() - timedelta(days=40)),
        make_article(access="free", published_at=clock.now() - timedelta(days=3)),
    ]
    Byline.objects.create(article=made[0], author=author)
    return made


def every_path(articles: list[Article]) -> list[str]:
    feeds = [f"{place}feed.{form}" for place in ("/", "/topics/water/", "/authors/africa-desk/") for form in ("xml", "json")]
    return [
        *feeds,
        "/sitemap.xml",
        "/sitemaps/pages.xml",
        "/sitemaps/2026-02.xml",
        "/sitemaps/2026-01.xml",
        "/news-sitemap.xml",
        "/robots.txt",
    ]


def test_no_feed_and_no_sitemap_lets_out_eight_words_of_a_gated_text(
    client: Client, articles: list[Article], make_reader: Callable[..., User]
) -> None:
    texts = [ArticleText.objects.get(article=article) for article in articles[:2]]
    hidden = set().union(*(word_runs(text.body_text[text.teaser_end :]) for text in texts))
    client.force_login(make_reader(is_staff=True))
    for path in every_path(articles):
        response = client.get(path)
        assert response.status_code == 200, path
        assert not hidden & word_runs(unescape(response.content.decode()).replace("\\n", " ")), path


def test_a_feed_gives_headline_dek_and_teaser(client: Client, articles: list[Article]) -> None:
    root = ElementTree.fromstring(client.get("/feed.xml").content)  # noqa: S314 - our own
    entries = root.findall(f"{ATOM}entry")
    assert len(entries) == 3
    first = entries[0]
    assert first.findtext(f"{ATOM}title") == 'A <b>dam</b> & "peace" '
    assert first.findtext(f"{ATOM}summary") == articles[0].dek
    assert (first.findtext(f"{ATOM}content") or "").startswith("<p>")
    assert first.findtext(f"{ATOM}id") == f"{settings.BROADSHEET.site_url}/articles/{articles[0].pk}/"
    link = first.find(f"{ATOM}link")
    assert link is not None and link.get("href") == settings.BROADSHEET.site_url + articles[0].get_absolute_url()


def test_a_json_feed_keeps_to_version_1_1(client: Client, articles: list[Article]) -> None:
    response = client.get("/topics/water/feed.json")
    assert response["Content-Type"].startswith("application/feed+json")
    feed = json.loads(response.content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["title"] for item in feed["items"]] == [articles[0].headline]
    assert feed["feed_url"].endswith("/topics/water/feed.json") and feed["home_page_url"].endswith("/topics/water/")


def test_the_sitemap_is_split_by_month_and_names_every_article_once(client: Client, articles: list[Article]) -> None:
    index = ElementTree.fromstring(client.get("/sitemap.xml").content)  # noqa: S314
    files = [loc.text or "" for loc in index.iter(f"{SITEMAP}loc")]
    site = settings.BROADSHEET.site_url
    assert files == [f"{site}/sitemaps/{name}.xml" for name in ("pages", "2026-02", "2026-01")]
    found = []
    for file in files[1:]:
        root = ElementTree.fromstring(client.get(file.removeprefix(site)).content)  # noqa: S314
        found += [loc.text for loc in root.iter(f"{SITEMAP}loc")]
    assert sorted(found) == sorted(site + article.get_absolute_url() for article in articles)
    assert client.get("/sitemaps/2019-01.xml").status_code == 404


def test_a_month_with_more_articles_than_a_sitemap_holds_has_several(
    client: Client, articles: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemaps, "MOST_ENTRIES", 1)
    index = ElementTree.fromstring(client.get("/sitemap.xml").content)  # noqa: S314
    names = [str(place.text).rpartition("/")[2] for place in index.iter(f"{SITEMAP}loc")]
    found = [re.findall("/articles/([0-9]+)/", client.get(f"/sitemaps/{name}").content.decode()) for name in names[1:]]
    assert "2026-02-2.xml" in names and {len(each) for each in found} == {1}
    assert sorted(int(pk) for each in found for pk in each) == sorted(article.pk for article in articles)
    past = names[1].replace(".xml", f"-{len(names)}.xml")
    assert client.get(f"/sitemaps/{past}").status_code == 404


def test_the_news_sitemap_holds_two_days(client: Client, articles: list[Article], clock: StoppedClock) -> None:
    def titles() -> list[str | None]:
        root = ElementTree.fromstring(client.get("/news-sitemap.xml").content)  # noqa: S314
        return [title.text for title in root.iter(f"{NEWS}title")]

    assert titles() == ['A <b>dam</b> & "peace" ']
    clock.advance(timedelta(hours=48))
    assert titles() == []


def test_the_same_bytes_for_everybody_whatever_cookies_they_send(
    client: Client, articles: list[Article], make_reader: Callable[..., User]
) -> None:
    stranger = {path: client.get(path) for path in every_path(articles)}
    client.force_login(make_reader())
    for path, before in stranger.items():
        after = client.get(path)
        assert after.content == before.content, path
        assert after["Cache-Control"].startswith("public"), path
        assert "Cookie" not in after.get("Vary", "") and not after.cookies, path


def test_a_feed_that_did_not_change_is_not_sent_again(client: Client, articles: list[Article]) -> None:
    etag = client.get("/feed.xml")["ETag"]
    assert client.get("/feed.xml", headers={"if-none-match": etag}).status_code == 304
    articles[0].unpublish()
    assert client.get("/feed.xml", headers={"if-none-match": etag}).status_code == 200


def test_the_card_of_an_article_is_made_once_and_gone_with_it(client: Client, articles: list[Article]) -> None:
    path = f"/articles/{articles[0].pk}/card.png"
    response = client.get(path, headers={"accept-encoding": "br, gzip"})
    assert response["Content-Type"] == "image/png" and "Content-Encoding" not in response
    assert Image.open(BytesIO(response.content)).size == (1200, 630)
    kept = Variant.objects.get(path=path).built_at
    assert client.get(path).content == response.content
    assert Variant.objects.get(path=path).built_at == kept
    articles[0].unpublish()
    assert not Variant.objects.filter(path=path).exists()
    assert client.get(path).status_code == 404


def test_an_embargoed_article_has_no_card_yet(client: Client, make_article: Callable[..., Article], clock: StoppedClock) -> None:
    article = make_article(embargo_until=clock.now() + timedelta(hours=1))
    assert client.get(f"/articles/{article.pk}/card.png").status_code == 404
    clock.advance(timedelta(hours=1))
    assert client.get(f"/articles/{article.pk}/card.png").status_code == 200


def test_robots_are_told_where_the_sitemaps_are_and_what_is_not_theirs(client: Client) -> None:
    lines = client.get("/robots.txt").content.decode().splitlines()
    assert f"Sitemap: {settings.BROADSHEET.site_url}/sitemap.xml" in lines
    assert "Disallow: /desk/" in lines


def test_small_files_are_there(client: Client, db: None) -> None:
    assert client.get("/theme.css")["Content-Type"].startswith("text/css")
    Publication.objects.create(accent_light="#7a1f2b", accent_dark="#e58a94")
    assert "immutable" in client.get(theme_path("#7a1f2b", "#e58a94"))["Cache-Control"]
    assert "immutable" not in client.get("/theme.css?v=1")["Cache-Control"]
    assert b"<svg" in client.get("/favicon.svg").content
