"""The library's search in a real browser: results while typing, facets, keys, the way back, a phone, no scripts, no answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from broadsheet.library.models import Article, Author, Byline, Region, Topic
from broadsheet.library.search.index_flows import Indexer
from broadsheet.pages import search_store
from tests.browser import DESKTOP, PHONE

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def library(make_article: Callable[..., Article], search_index: Indexer) -> Indexer:
    """Articles about grain and about gas, under two topics, by an author with a long name; the index knows them."""
    trade, war = (Topic.objects.create(name=name, slug=name.lower()) for name in ("Trade", "War and its aftermath in the north"))
    region = Region.objects.create(name="Europe", slug="europe")
    author = Author.objects.create(name="Erdoğan Łukaszewski-von-und-zu-Hohenberg", slug="erdogan")
    for number in range(14):
        about = "grain" if number % 2 else "gas"
        article = make_article(
            headline=f"What the harbour’s {about} corridor costs those who were never asked, and who pays for it: part {number}",
            dek=f"The envoys of four states agreed on tolls for {about} that rise each winter; their parliaments learned of it later.",
            paragraphs=[f"The envoys spoke of {about} and of little else.", "Filler that says little.", *["And an end to it."] * 4],
            topics=[trade if number % 3 else war],
            regions=[region],
            access="free" if number == 1 else "metered",
        )
        Byline.objects.create(article=article, author=author)
    search_index.step()
    return search_index


def test_typing_choosing_and_going_back(
    library: Indexer, open_browser: Callable[..., BrowserContext], find_accessibility_problems: Callable[[Page], list[str]]
) -> None:
    page = open_browser(viewport=DESKTOP).new_page()
    page.goto("/library/?q=gas")
    tally, status, field = page.locator(".tally"), page.locator("[data-search-status]"), page.get_by_role("combobox")
    expect(tally).to_contain_text("7 articles")
    expect(page.locator(".facets").get_by_role("heading", name="Topic")).to_be_visible()
    expect(page.locator(".narrow")).to_be_hidden()

    page.locator("body").press("/")
    expect(field).to_be_focused()
    page.evaluate("window.same = true")
    field.fill("harbour")
    expect(tally).to_contain_text("14 articles")
    expect(status).to_have_text("14 articles")
    expect(page).to_have_url("/library/?q=harbour")
    field.fill("")
    field.press_sequentially("grain")
    expect(tally).to_contain_text("7 articles")
    expect(page).to_have_url("/library/?q=grain")
    assert page.evaluate("window.same"), "the page was never left"

    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    assert find_accessibility_problems(page) == []
    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "suggestion-1")
    field.press("ArrowUp")
    expect(options.first).to_have_attribute("aria-selected", "false")
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value("grain")

    page.get_by_role("link", name="Trade").click()
    expect(tally).to_contain_text("5 articles")
    page.get_by_role("link", name="Trade (take back)").click()
    expect(tally).to_contain_text("7 articles")
    page.locator("h3 a").first.click()
    expect(page.locator("article h1")).to_contain_text("grain corridor")
    page.go_back()
    expect(tally).to_contain_text("7 articles")
    expect(field).to_have_value("grain")
    page.go_back()
    page.go_back()
    expect(page).to_have_url("/library/?q=grain")
    page.go_back()
    expect(page).to_have_url("/library/?q=gas")
    expect(field).to_have_value("gas")
    expect(tally).to_contain_text("7 articles")

    field.fill("harbour")
    expect(options.first).to_be_visible()
    field.press("ArrowDown")
    field.press("Enter")
    expect(page.locator("article h1")).to_contain_text("harbour")


def test_a_library_that_does_not_answer_keeps_what_was_found(library: Indexer, open_browser: Callable[..., BrowserContext]) -> None:
    context = open_browser(viewport=DESKTOP)
    page = context.new_page()
    page.goto("/library/?q=gas")
    field, status = page.get_by_role("combobox"), page.locator("[data-search-status]")
    context.set_offline(True)
    field.fill("grain")
    expect(status).to_contain_text("does not answer just now")
    expect(status).to_be_visible()
    expect(page.locator("h3 a").first).to_contain_text("gas corridor")
    context.set_offline(False)
    # An answer that was overtaken by the next letter is not shown, however late it comes.
    late: list[Any] = []
    page.route("**/library/?q=gra", lambda route: late.append(route))
    with page.expect_request("**/library/?q=gra"):
        field.fill("gra")
    field.fill("grain")
    expect(page.locator("h3 a").first).to_contain_text("grain corridor")
    assert len(late) == 1
    late[0].abort()
    expect(page).to_have_url("/library/?q=grain")
    expect(status).not_to_contain_text("does not answer")


def test_on_a_phone_in_the_dark_without_scripts(
    library: Indexer, open_browser: Callable[..., BrowserContext], find_accessibility_problems: Callable[[Page], list[str]]
) -> None:
    page = open_browser(viewport=PHONE, java_script_enabled=False, color_scheme="dark").new_page()
    page.goto("/library/?q=gas")
    expect(page.locator(".mark")).to_have_count(0)
    page.get_by_label("Search every word of the library").fill("grain")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".tally")).to_contain_text("7 articles")
    expect(page.locator(".mark")).to_have_text(["Free to read"])
    page.get_by_role("link", name="Narrow the results").click()
    expect(page.locator("#narrow")).to_be_in_viewport()
    page.get_by_role("link", name="Trade").click()
    expect(page.locator(".chosen")).to_contain_text("Trade")
    scripted = open_browser(viewport=PHONE, color_scheme="dark").new_page()
    scripted.goto("/library/?q=grain&topic=trade")
    assert find_accessibility_problems(scripted) == []
    assert scripted.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_every_page_of_the_search_is_sound(
    library: Indexer,
    open_browser: Callable[..., BrowserContext],
    find_accessibility_problems: Callable[[Page], list[str]],
    find_html_errors: Callable[[dict[str, str]], list[str]],
) -> None:
    page = open_browser(viewport=DESKTOP).new_page()
    html = {}

    def look_at(name: str, address: str) -> None:
        answer = page.goto(address)
        assert answer is not None
        html[name] = answer.text()
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            assert find_accessibility_problems(page) == [], (name, scheme)

    look_at("results", "/library/?q=grain&topic=trade&sort=date")
    look_at("nothing", "/library/?q=zebra&topic=trade")
    look_at("mended", "/library/?q=grian+corridor")
    look_at("help", "/library/help/")
    current = search_store.search_folder().read_current()
    assert current is not None
    for path in search_store.search_folder().path_of(current).glob("*"):
        path.write_bytes(b"")
    look_at("rebuilding", "/library/?q=grain")
    assert "is being built" in html["rebuilding"] and "corridor" in html["rebuilding"]
    assert find_html_errors(html) == []
