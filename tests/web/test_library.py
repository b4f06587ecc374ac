"""The library's search as readers meet it: what each is shown, and how the page leads on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from broadsheet.core import clock
from broadsheet.library.models import Article, Author, Topic
from broadsheet.library.search.index_flows import Indexer
from broadsheet.membership.models import Institution, InstitutionNetwork
from broadsheet.pages import search_store
from broadsheet.paywall.flows import unlock_article

pytestmark = pytest.mark.django_db

TEASER = "The envoys met at the harbour, and nobody spoke of grain."
GATED = "Behind closed doors the northern corridor was agreed, with tolls that rise each winter."


@pytest.fixture
def gated(make_article: Callable[..., Article], search_index: Indexer) -> Article:
    paragraphs = [TEASER, "Filler that says little, twice.", "More of the same filler.", GATED, "And an end to it all, at last."]
    article = make_article(headline="Envoys at the harbour", paragraphs=paragraphs)
    search_index.step()
    return article


def found(client: Client, query: str) -> str:
    response = client.get(f"/library/?{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_stranger_finds_single_gated_words_and_sees_none_of_their_passage(gated: Article, client: Client) -> None:
    page = found(client, "q=northern+corridor")
    assert "Envoys at the harbour" in page
    assert "closed doors" not in page and "<mark>" not in page
    assert "Nothing found" in found(client, "q=%22northern+corridor%22")


def test_passage_of_the_teaser_is_shown_to_everybody(gated: Article, client: Client) -> None:
    assert "<mark>grain</mark>" in found(client, "q=grain")


def test_subscriber_sees_the_passage(gated: Article, client: Client, make_subscriber: Any, sign_in: Any) -> None:
    sign_in(client, make_subscriber())
    response = client.get("/library/?q=%22northern+corridor%22")
    page = response.content.decode()
    assert "<mark>northern</mark> <mark>corridor</mark>" in page
    assert response["Cache-Control"] == "private, no-store"


def test_what_a_subscribing_network_is_shown_stays_in_no_shared_cache(gated: Article, client: Client) -> None:
    assert client.get("/library/?q=northern")["Cache-Control"].startswith("public")
    house = Institution.objects.create(name="A university", starts_at=clock.now())
    InstitutionNetwork.objects.create(institution=house, network="192.0.2.0/24")
    for path in ("/library/?q=northern", "/library/help/"):
        assert client.get(path, REMOTE_ADDR="192.0.2.7")["Cache-Control"] == "private, no-store"
    assert "closed doors" in client.get("/library/?q=northern", REMOTE_ADDR="192.0.2.7").content.decode()


def test_reader_sees_passages_of_what_they_have_opened_and_of_nothing_else(
    gated: Article, search_index: Indexer, client: Client, make_article: Any, make_reader: Any, sign_in: Any
) -> None:
    other = make_article(
        headline="Another corridor", paragraphs=[TEASER, "Filler.", "Filler.", GATED, "And an end, at last, to all."]
    )
    search_index.step()
    reader = make_reader()
    sign_in(client, reader)
    unlock_article(reader.pk, gated.pk, now=clock.now())
    page = found(client, "q=%22northern+corridor%22")
    assert gated.headline in page and other.headline not in page
    page = found(client, "q=corridor")
    assert page.count("closed doors") == 1
    Article.objects.filter(pk=gated.pk).update(access="subscribers")
    assert "closed doors" not in found(client, "q=corridor")


def test_results_say_what_is_open_to_whom(
    search_index: Indexer,
    make_article: Any,
    make_reader: Any,
    make_subscriber: Any,
    sign_in: Any,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    def marks(client: Client, query: str = "q=grain") -> dict[str, str]:
        rows = found(client, query).split('<div class="row card')[1:]
        return {row.split("</a></h3>")[0].split(">")[-1]: row.partition('class="mark">')[2].partition("<")[0] for row in rows}

    opened, *_ = [
        make_article(headline=f"Grain, {name}", access=access)
        for name, access in (("opened", "metered"), ("free", "free"), ("closed", "subscribers"), ("metered", "metered"))
    ]
    search_index.step()
    stranger, registered, subscribed = Client(), Client(), Client()
    reader = make_reader()
    unlock_article(reader.pk, opened.pk, now=clock.now())
    sign_in(registered, reader), sign_in(subscribed, make_subscriber())
    own = {"Grain, closed": "For subscribers", "Grain, metered": ""}
    assert marks(stranger) == {"Grain, opened": "", "Grain, free": "Free to read", **own}
    assert marks(registered) == {"Grain, opened": "Open to you", "Grain, free": "Open to you", **own}
    assert set(marks(subscribed).values()) == {""}
    assert marks(stranger) == {"Grain, opened": "", "Grain, free": "Free to read", **own}, "nothing goes from one to the next"
    assert registered.get("/library/?q=grain")["Cache-Control"] == "private, no-store"

    with CaptureQueriesContext(connection) as few:
        found(registered, "q=grain")
    for number in range(5):
        make_article(headline=f"Grain, {number}")
    search_index.step()
    with django_assert_num_queries(len(few)):
        found(registered, "q=grain")


def test_facets_narrow_and_are_taken_back(search_index: Indexer, client: Client, make_article: Any) -> None:
    trade, war = (Topic.objects.create(name=name, slug=name.lower()) for name in ("Trade", "War"))
    make_article(headline="Grain and tolls", topics=[trade])
    make_article(headline="Grain and mines", topics=[war])
    search_index.step()
    page = found(client, "q=grain")
    assert "/library/?q=grain&amp;topic=war" in page and "2 articles" in page
    page = found(client, "q=grain&topic=war")
    assert "Grain and mines" in page and "Grain and tolls" not in page
    assert 'href="/library/?q=grain" rel="nofollow">War' in page
    assert "2 articles" in found(client, "q=grain&topic=war&topic=trade")


def test_words_mended(search_index: Indexer, client: Client, make_article: Any) -> None:
    make_article(headline="Harvests in the delta")
    search_index.step()
    page = found(client, "q=harvsets")
    assert 'Did you mean <a href="/library/?q=harvests">harvests</a>?' in page
    assert 'Did you mean <a href="/library/?q=harvests">harvests</a>?' in found(client, "q=hárvsets")


def test_while_the_index_is_built_headlines_are_searched(search_index: Indexer, client: Client, make_article: Any) -> None:
    make_article(headline="Harvests in the delta")
    make_article(headline="Elsewhere")
    page = found(client, "q=harvests")
    assert "is being built" in page and "Harvests in the delta" in page and "Elsewhere" not in page


def test_index_that_breaks_while_it_is_asked_is_built_anew(gated: Article, search_index: Indexer, client: Client) -> None:
    current = search_store.search_folder().read_current()
    assert current is not None
    for path in search_store.search_folder().path_of(current).glob("*"):
        path.write_bytes(b"")
    assert "is being built" in found(client, "q=grain")
    search_index.step()
    assert "<mark>grain</mark>" in found(client, "q=grain")


ODD = (
    *("q=%22", "q=-", "q=OR", "q=author:", "q=%F0%9F%99%82", "q=%00%22%00", "q=year:1000-2999"),
    *("page=0", "page=99999999", "page=x", "sort=best", "topic=%00", "year=soon&kind=poem"),
)


def test_odd_addresses_get_an_answer(gated: Article, client: Client) -> None:
    for query in ODD:
        assert "Library" in found(client, query), query


def test_suggestions_come_from_what_is_open(gated: Article, client: Client) -> None:
    Author.objects.create(name="Harbour desk", slug="harbour-desk")
    page = client.get("/library/suggest/?q=harb").content.decode()
    assert "Harbour desk" in page and "Envoys at the harbour" in page
    for typed in ("north", "northern+harb", "zebra+harb"):
        assert "Envoys" not in client.get(f"/library/suggest/?q={typed}").content.decode()
    assert client.get("/library/suggest/?q=").content.decode().strip() == ""


def test_suggestions_begin_as_typed_without_accents_and_headlines_come_first(
    gated: Article, make_article: Callable[..., Article], search_index: Indexer, client: Client
) -> None:
    Author.objects.create(name="Şule Çelik", slug="sule-celik")
    Topic.objects.create(name="Ports and harbours", slug="ports")
    Topic.objects.create(name="Sharp ends", slug="sharp")
    make_article(headline="A port’s day", dek="All of the harbour slept.")
    make_article(headline="The road to Kyiv", paragraphs=["Nobody spoke."])
    search_index.step()
    names = [each.name for each in search_store.load_suggestions("harb", now=clock.now())]
    assert names == ["Ports and harbours", "Envoys at the harbour", "A port’s day"]
    names = [each.name for each in search_store.load_suggestions("celi", now=clock.now())]
    assert names == ["Şule Çelik"]
    assert [each.name for each in search_store.load_suggestions("kiev", now=clock.now())][-1] == "The road to Kyiv"
    assert search_store.load_suggestions("arp", now=clock.now()) == []


def test_feed_of_a_search(gated: Article, client: Client) -> None:
    for form in ("xml", "json"):
        text = client.get(f"/library/feed.{form}?q=envoys").content.decode()
        assert "Envoys at the harbour" in text and "closed doors" not in text
    assert "Envoys" not in client.get("/library/feed.xml?q=zebra").content.decode()


def test_withdrawn_article_is_not_shown_before_the_index_knows(gated: Article, client: Client) -> None:
    gated.unpublish()
    assert gated.headline not in found(client, "q=envoys")
