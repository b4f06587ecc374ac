"""List pages over HTTP: who gets which, how they may be kept, and that they tell the truth at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article, Author, Byline, OldAddress, Region, Topic
from broadsheet.pages.models import Variant
from broadsheet.publication.models import MenuLink, PlainPage, Publication
from broadsheet.web.articles import PRIVATE, PUBLIC

pytestmark = pytest.mark.django_db


@pytest.fixture
def published(make_article: Callable[..., Article]) -> Article:
    """An article that every kind of list shows."""
    topic, region = Topic.objects.create(name="Water", slug="water"), Region.objects.create(name="Africa", slug="africa")
    article = make_article(headline="The dam on the Nile", topics=[topic], regions=[region])
    Byline.objects.create(article=article, author=Author.objects.create(name="Africa desk", slug="africa-desk", expertise="Rivers"))
    PlainPage.objects.create(title="About us", slug="about", body="<p>Who we are.</p>")
    return article


LISTS = ("/", "/library/", "/topics/water/", "/regions/africa/", "/authors/africa-desk/")
OTHERS = ("/topics/", "/regions/", "/about/")


@pytest.mark.parametrize("path", [*LISTS, *OTHERS])
def test_a_stranger_gets_a_page_that_caches_may_keep_and_no_cookie(client: Client, published: Article, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response["Cache-Control"] == PUBLIC == "public, max-age=0, s-maxage=2"
    assert "Cookie" in response["Vary"]
    assert not response.cookies
    again = client.get(path, headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_names_the_article_and_leads_to_it(client: Client, published: Article, path: str) -> None:
    html = client.get(path).content.decode()
    assert published.headline in html
    assert f'href="/articles/{published.pk}/{published.slug}/"' in html


def test_what_a_cookie_chose_is_kept_nowhere(client: Client, published: Article, make_reader: Callable[..., User]) -> None:
    stranger = client.get("/library/").content
    client.force_login(make_reader())
    response = client.get("/library/")
    assert response["Cache-Control"] == PRIVATE == "private, no-store"
    assert "ETag" not in response
    assert b'href="/account/"' in response.content and b'href="/account/"' not in stranger
    assert client.get("/library/?q=dam")["Cache-Control"] == PRIVATE


def test_a_list_is_made_once_for_all_strangers_and_a_search_is_not_kept(client: Client, published: Article) -> None:
    client.get("/library/")
    client.get("/library/?q=dam")
    client.get("/library/?before=1700000000000000-5")
    assert [row.path for row in Variant.objects.filter(path__contains="library")] == ["/library/"]


@pytest.mark.parametrize("path", LISTS)
def test_an_unpublished_article_is_on_no_list_at_once(client: Client, published: Article, path: str) -> None:
    client.get(path)
    published.unpublish()
    assert published.headline not in client.get(path).content.decode()


@pytest.mark.parametrize("path", LISTS)
def test_an_embargoed_article_comes_onto_each_list_when_its_embargo_ends(
    client: Client, make_article: Callable[..., Article], published: Article, clock: StoppedClock, path: str
) -> None:
    secret = make_article(
        headline="Not yet", topics=Topic.objects.all(), regions=Region.objects.all(), embargo_until=clock.now() + timedelta(hours=1)
    )
    Byline.objects.create(article=secret, author=Author.objects.get())
    assert "Not yet" not in client.get(path).content.decode()
    clock.advance(timedelta(hours=1))
    assert "Not yet" in client.get(path).content.decode()


def test_a_menu_link_and_a_plain_page_show_at_once(client: Client, published: Article) -> None:
    html = client.get("/").content.decode()
    assert "/dossiers/" not in html and 'href="/terms/"' not in html
    publication = Publication.objects.create(name="Meridian")
    MenuLink.objects.create(publication=publication, menu="masthead", label="Dossiers", path="/dossiers/")
    PlainPage.objects.create(title="Terms", slug="terms", body="<p>Ours.</p>")
    html = client.get("/").content.decode()
    assert "/dossiers/" in html and 'href="/terms/"' in html


def test_search_finds_words_of_the_headline_and_says_when_there_are_none(client: Client, published: Article) -> None:
    assert published.headline in client.get("/library/?q=NILE+dam").content.decode()
    empty = client.get('/library/?q=<b>"zebra"').content.decode()
    assert "Nothing found" in empty
    assert "<b>" not in empty and "&lt;b&gt;" in empty


def test_search_reads_headlines_and_never_the_text_behind_the_wall(client: Client, make_article: Callable[..., Article]) -> None:
    article = make_article(headline="A border", paragraphs=["Open words stand here."] * 5 + ["Hidden zebra words."] * 10)
    assert article.headline not in client.get("/library/?q=zebra").content.decode()


def test_articles_stand_under_their_day_in_the_publications_zone(
    client: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    make_article(published_at=clock.now().replace(day=16, hour=23, minute=30))  # half past midnight on the 17th in Berlin
    assert "<h2>Tuesday 17 February 2026</h2>" in client.get("/library/").content.decode()


def test_pages_of_a_list_are_joined_by_real_links(client: Client, db: None, clock: StoppedClock) -> None:
    Article.objects.bulk_create(
        Article(headline=f"Number {n}", slug=f"number-{n}", live=True, published_at=clock.now() - timedelta(hours=n))
        for n in range(35)
    )
    first = client.get("/library/").content.decode()
    older = first.split('<a rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(older).content.decode()
    assert "Number 29<" in first and "Number 30<" not in first
    assert "Number 30<" in second and "Number 29<" not in second
    assert '<link rel="prev"' in second and 'content="noindex, follow"' in second
    newer = second.split('<a rel="prev" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "Number 29<" in client.get(newer).content.decode()


@pytest.mark.parametrize("path", ["/topics/none/", "/regions/none/", "/authors/none/", "/nothing/", "/topics/none/feed.xml"])
def test_what_is_not_there_answers_404_with_help(client: Client, published: Article, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    html = response.content.decode()
    assert 'href="/help/"' in html and "mailto:" in html


def test_an_old_address_leads_to_where_the_article_is_now(client: Client, published: Article) -> None:
    OldAddress.objects.create(path="/2019/03/the-dam/", article=published)
    OldAddress.objects.create(path="/?p=12", article=published)
    for path in ("/2019/03/the-dam/", "/2019/03/the-dam", "/2019/03/the-dam/?utm_source=x", "/?p=12"):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (301, published.get_absolute_url()), path
    published.unpublish()
    assert client.get("/2019/03/the-dam/").status_code == 404
    assert client.get("/?p=12").status_code == 200


def test_a_withdrawn_article_answers_410_and_one_that_never_was_404(client: Client, make_article: Callable[..., Article]) -> None:
    article, draft = make_article(headline="Taken back"), make_article(published=False)
    article.unpublish()
    response = client.get(article.get_absolute_url())
    assert response.status_code == 410
    assert "Taken back" not in response.content.decode()
    assert client.get(draft.get_absolute_url()).status_code == 404
    assert client.get(f"/articles/{draft.pk + 100}/x/").status_code == 404


def test_a_page_deep_in_the_library_asks_the_database_a_fixed_number_of_times(
    client: Client, make_article: Callable[..., Article], django_assert_max_num_queries: Callable[..., object]
) -> None:
    for _ in range(12):
        make_article()
    with django_assert_max_num_queries(18):  # type: ignore[attr-defined]
        client.get("/library/?before=9900000000000000-1")
