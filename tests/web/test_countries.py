"""Country pages: the same parts for each country, our articles about it, and no word that is not open."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from lxml import html

from broadsheet.core.clock import StoppedClock
from broadsheet.core.text import word_runs
from broadsheet.library.access import Access
from broadsheet.library.flows import file_by_country
from broadsheet.library.models import Article, ArticleCountry, ArticleText, CountryNote
from broadsheet.library.search.index_flows import Indexer
from broadsheet.pages import listing

pytestmark = pytest.mark.django_db


def get(client: Client, path: str) -> html.HtmlElement:
    response = client.get(path)
    assert response.status_code == 200, path
    return html.fromstring(response.content)


def test_a_country_has_map_facts_neighbours_leaders_and_articles_with_their_sources(
    client: Client, make_article: Callable[..., Article]
) -> None:
    article = make_article(headline="What France wants")
    page = get(client, "/countries/france/")
    assert [head.text for head in page.xpath("//h2[@class='section-head']")] == ["Facts", "Neighbours", "Leaders", "Our articles"]
    assert "France" in page.xpath("//title[@id='map-title']")[0].text and "Spain" in page.xpath("//title[@id='map-title']")[0].text
    facts = {
        row.xpath("th")[0].text_content(): row.xpath("td")[0].text_content()
        for row in page.xpath("//table[@class='country-facts']//tr")
    }
    assert facts["Capital"] == "Paris" and facts["Spain"] == "646 km of border" and "Macron" in facts["Head of state"]
    assert [note.text for note in page.xpath("//p[@class='source']") if "17 May 2026" in note.text and "Factbook" in note.text]
    assert (
        page.xpath("//table//a[@href='/countries/spain/']")
        and "Chirac" in page.xpath("//details[@class='earlier']")[0].text_content()
    )
    assert page.xpath(f"//h3/a[@href='{article.get_absolute_url()}']")
    described = json.loads(page.xpath("//script[@type='application/ld+json']")[0].text)
    assert described["@type"] == "Country" and described["identifier"] == "FR"
    assert 'href="/countries/france/"' in client.get(article.get_absolute_url()).content.decode()


def test_a_country_without_articles_says_so_and_an_unknown_one_is_not_found(client: Client) -> None:
    assert "published nothing about Tuvalu yet" in get(client, "/countries/tuvalu/").text_content()
    assert client.get("/countries/atlantis/").status_code == 404


def test_until_all_is_filed_a_country_without_articles_says_that_they_may_come(
    client: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    make_article(headline="Tuvalu votes")
    ArticleCountry.objects.all().delete()
    assert "those about Tuvalu will stand here once that is done" in get(client, "/countries/tuvalu/").text_content()
    assert "those about Nauru will" in get(client, "/countries/nauru/").text_content()
    file_by_country(now=clock.now())
    clock.advance(timedelta(seconds=1))
    assert "Tuvalu votes" in get(client, "/countries/tuvalu/").text_content()
    assert "published nothing about Nauru yet" in get(client, "/countries/nauru/").text_content()


def test_older_articles_stand_on_further_pages_without_the_facts(
    client: Client, make_article: Callable[..., Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE_SIZE", 1)
    for number in range(2):
        make_article(headline=f"Peru, part {number}", paragraphs=["Text."])
    older = get(client, "/countries/peru/").xpath("//nav/a[@rel='next']")[0].get("href")
    page = get(client, f"{older}")
    assert len(page.xpath("//h3")) == 1 and not page.xpath("//svg | //table")


def test_all_countries_stand_on_one_page_by_region_and_in_the_sitemap(client: Client) -> None:
    page = get(client, "/countries/")
    assert len(page.xpath("//section")) == 7 and len(page.xpath("//section//li")) == 200
    assert "/countries/kenya/" in client.get("/sitemaps/pages.xml").content.decode()


def test_feeds_hold_the_countrys_articles_only(client: Client, make_article: Callable[..., Article]) -> None:
    make_article(headline="Kenya votes")
    make_article(headline="Ghana votes")
    for form in ("xml", "json"):
        text = client.get(f"/countries/kenya/feed.{form}").content.decode()
        assert "Kenya votes" in text and "Ghana votes" not in text
    assert client.get("/countries/atlantis/feed.xml").status_code == 404


def test_no_page_of_a_country_holds_gated_words_though_the_name_stood_among_them(
    client: Client, make_article: Callable[..., Article]
) -> None:
    open_part = ["An open start that names nobody at all, with ten plain words more."] * 3
    gated = [f"South Sudan has reason number {number} to keep quiet about rivers and oil and roads." for number in range(9)]
    article = make_article(headline="A quiet year", paragraphs=open_part + gated, access=Access.SUBSCRIBERS)
    text = ArticleText.objects.get(article=article)
    closed = word_runs(text.body_text[text.teaser_end :])
    for path in ("/countries/south-sudan/", "/countries/south-sudan/feed.xml", "/countries/south-sudan/feed.json", "/countries/"):
        shown = client.get(path).content.decode()
        assert closed and not closed & word_runs(re.sub(r"<[^>]+>", " ", shown))
    assert "A quiet year" in client.get("/countries/south-sudan/").content.decode()


def test_an_editors_word_shows_at_once_and_what_is_hidden_is_named_nowhere(
    client: Client, make_article: Callable[..., Article]
) -> None:
    article = make_article(headline="Myanmar and Taiwan")
    assert get(client, "/countries/myanmar/").xpath("//h1")[0].text == "Myanmar"
    note = CountryNote.objects.create(code="MM", name="Burma", note="So most of our readers call it.")
    assert get(client, "/countries/myanmar/").xpath("//h1")[0].text == "Burma"
    assert "So most of our readers" in get(client, "/countries/myanmar/").text_content()
    assert "Burma" in [link.text for link in get(client, article.get_absolute_url()).xpath("//footer//a")]
    note.is_hidden = True
    note.save()
    for path in ("/countries/", "/countries/thailand/", article.get_absolute_url(), "/sitemaps/pages.xml"):
        assert "/countries/myanmar/" not in client.get(path).content.decode(), path
    assert client.get("/countries/myanmar/").status_code == 404
    assert "Myanmar and Taiwan" not in get(client, "/library/?country=myanmar").text_content()
    note.delete()
    assert get(client, "/countries/myanmar/").xpath("//h1")[0].text == "Myanmar"


def test_maps_print_what_editors_call_the_neighbours_and_none_that_is_hidden(client: Client) -> None:
    def labels(path: str) -> set[str | None]:
        return {label.text for label in get(client, path).xpath("//g[@class='names']/text")}

    assert {"Spain", "Germany"} <= labels("/countries/france/")
    CountryNote.objects.create(code="ES", name="Iberia")
    CountryNote.objects.create(code="DE", is_hidden=True)
    shown = labels("/countries/france/")
    assert "Iberia" in shown and not shown & {"Spain", "Germany", ""}
    CountryNote.objects.create(code="GB", is_hidden=True)
    page = get(client, "/countries/ireland/")
    assert "no land borders" not in page.text_content() and not page.xpath("//section[@aria-labelledby='neighbours']")
    assert page.xpath("//title[@id='map-title']")[0].text == "Map: Ireland"


def test_an_article_names_its_countries_by_name_for_their_order_would_tell_which_stands_more_often(
    client: Client, make_article: Callable[..., Article]
) -> None:
    article = make_article(paragraphs=["Peru waits. Chile hopes. Bolivia votes. Ghana asks."] * 3 + ["Peru and Ghana.", "Peru."])
    links = get(client, article.get_absolute_url()).xpath("//footer//a[starts-with(@href, '/countries/')]")
    assert [link.text for link in links if link.get("href") != "/countries/"] == ["Bolivia", "Chile", "Ghana", "Peru"]


def test_the_library_offers_countries_that_have_articles_and_suggests_them_by_any_of_their_names(
    client: Client, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    make_article(headline="Myanmar waits")
    make_article(headline="Myanmar and Kenya", embargo_until=clock.now() + timedelta(hours=1))
    page = get(client, "/library/")
    assert [option.get("value") for option in page.xpath("//select[@id='country']/option")] == ["", "myanmar"]
    assert "/countries/myanmar/" in client.get("/library/suggest/?q=burm").content.decode()
    assert "/countries/cote-divoire/" in client.get("/library/suggest/?q=cote").content.decode()
    assert "Myanmar waits" in get(client, "/library/?country=myanmar").text_content()
    assert "Myanmar waits" not in get(client, "/library/?country=kenya").text_content()
    clock.advance(timedelta(hours=1))
    options = get(client, "/library/").xpath("//select[@id='country']/option")
    assert [option.get("value") for option in options] == ["", "kenya", "myanmar"]


def test_search_counts_countries_and_narrows_by_them_but_names_no_hidden_one(
    search_index: Indexer, client: Client, make_article: Callable[..., Article]
) -> None:
    for headline in ("Grain from Ukraine to Kenya", "Grain from Ukraine", "Grain from Tuvalu"):
        make_article(headline=headline)
    CountryNote.objects.create(code="TV", is_hidden=True)
    search_index.step()
    shown = get(client, "/library/?q=grain").text_content()
    assert "Ukraine 2" in shown and "Kenya 1" in shown and "Tuvalu 1" not in shown
    narrowed = get(client, "/library/?q=grain&country=kenya").text_content()
    assert "Grain from Ukraine to Kenya" in narrowed and "Grain from Tuvalu" not in narrowed
    hidden = get(client, "/library/?q=grain&country=tuvalu").text_content()
    assert "Nothing found" in hidden and "Grain from" not in hidden
    both = get(client, "/library/?q=grain&country=tuvalu&country=kenya").text_content()
    assert "Grain from Ukraine to Kenya" in both and "Grain from Tuvalu" not in both
    assert "Grain from" not in client.get("/library/feed.xml?q=grain&country=tuvalu").content.decode()
