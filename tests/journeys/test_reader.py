"""A reader's way from stranger to three articles, in a real browser, with and without JavaScript, on phone and desktop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Event
from broadsheet.library.models import Article
from broadsheet.mail.models import OutboxLetter
from broadsheet.paywall.models import Unlock
from tests.browser import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WAYS = {
    "phone": {"viewport": PHONE},
    "phone without JavaScript": {"viewport": PHONE, "java_script_enabled": False},
    "desktop": {"viewport": DESKTOP},
    "desktop without JavaScript": {"viewport": DESKTOP, "java_script_enabled": False},
}


@pytest.fixture
def articles(live_server: Any, make_article: Callable[..., Article]) -> list[Article]:
    return [make_article() for _ in range(5)]


@pytest.fixture(params=WAYS)
def page(request: pytest.FixtureRequest, open_browser: Callable[..., BrowserContext]) -> Page:
    return open_browser(**WAYS[request.param]).new_page()


@pytest.fixture
def plain_page(open_browser: Callable[..., BrowserContext]) -> Page:
    return open_browser().new_page()


def last_words(article: Article) -> str:
    """The end of the body, which only an open page shows."""
    return str(article.body.raw_data[0]["value"]).rsplit("<p>", 1)[1].removesuffix("</p>")


def state(page: Page) -> tuple[str | None, str | None, str | None]:
    root = page.locator("html")
    return root.get_attribute("data-access"), root.get_attribute("data-reason"), root.get_attribute("data-remaining")


def is_open(page: Page, article: Article, reason: str) -> None:
    expect(page.locator(f'html[data-access="open"][data-reason="{reason}"]')).to_be_attached()
    expect(page.get_by_text(last_words(article)[:60])).to_be_visible()


def leave_address(page: Page, article: Article, address: str) -> None:
    page.goto(article.get_absolute_url())
    assert state(page) == ("wall", "stranger", None)
    page.get_by_label("Email address").fill(address)
    page.get_by_role("button", name="Open this article").click()


def letters_to(address: str) -> Iterator[OutboxLetter]:
    yield from OutboxLetter.objects.filter(to_address=address).order_by("-id")


def code_in(letter: OutboxLetter) -> str:
    found = re.search(r"\b(\d{6})\b", letter.text)
    assert found is not None
    return found[1]


def confirm(page: Page, address: str) -> None:
    page.get_by_role("link", name="Type the code").click()
    page.get_by_label("Code from the letter").fill(code_in(next(letters_to(address))))
    page.get_by_role("button", name="Confirm").click()


def read(page: Page) -> None:
    page.get_by_role("button", name="Read this article").click()


def test_stranger_leaves_an_address_confirms_and_opens_three_articles(page: Page, articles: list[Article]) -> None:
    first, *others = articles
    leave_address(page, first, "reader@journey.example")
    is_open(page, first, "instant")
    expect(page.get_by_text("We wrote to reader@journey.example to confirm")).to_be_visible()
    confirm(page, "reader@journey.example")
    expect(page).to_have_url(re.compile(rf"{first.get_absolute_url()}#continue$"))
    is_open(page, first, "instant")
    for left, article in zip((2, 1, 0), others[:3], strict=True):
        page.goto(article.get_absolute_url())
        assert state(page) == ("wall", "meter", str(left + 1))
        expect(page.get_by_text(f"{left + 1} of 3 articles left this month")).to_be_visible()
        read(page)
        is_open(page, article, "unlock")
        assert state(page)[2] == str(left)
    page.goto(others[3].get_absolute_url())
    assert state(page) == ("wall", "spent", "0")
    expect(page.get_by_text("New ones on 1 March")).to_be_visible()
    expect(page.get_by_role("button", name="Read this article")).to_have_count(0)
    page.goto(others[0].get_absolute_url())
    is_open(page, others[0], "unlock")
    assert list(Event.objects.filter(kind="unlocked").values_list("source", flat=True)) == ["1", "2", "3"]


def test_with_javascript_the_text_goes_on_where_the_reader_was(plain_page: Page, articles: list[Article]) -> None:
    plain_page.goto(articles[0].get_absolute_url())
    plain_page.get_by_label("Email address").fill("still@journey.example")
    before = plain_page.evaluate("window.scrollY")
    address = plain_page.url
    plain_page.keyboard.press("Enter")
    is_open(plain_page, articles[0], "instant")
    assert plain_page.url == address
    assert abs(plain_page.evaluate("window.scrollY") - before) < 200


def test_link_of_the_letter_confirms_in_another_browser_by_its_button_only(
    page: Page, articles: list[Article], open_browser: Callable[..., BrowserContext]
) -> None:
    leave_address(page, articles[0], "other@journey.example")
    is_open(page, articles[0], "instant")
    link = re.search(r"https?://\S+/confirm/\S+", next(letters_to("other@journey.example")).text)
    assert link is not None
    elsewhere = open_browser().new_page()
    elsewhere.goto(link[0])
    assert not User.objects.exists()
    elsewhere.get_by_role("button", name=re.compile("Confirm")).click()
    is_open(elsewhere, articles[0], "instant")
    page.goto(articles[1].get_absolute_url())
    assert state(page)[1] == "unconfirmed"  # the browser that left the address is not signed in by it


def test_wrong_code_is_refused_with_words_and_the_right_one_still_works(page: Page, articles: list[Article]) -> None:
    leave_address(page, articles[0], "slip@journey.example")
    is_open(page, articles[0], "instant")
    right = code_in(next(letters_to("slip@journey.example")))
    page.get_by_role("link", name="Type the code").click()
    page.get_by_label("Code from the letter").fill("000000" if right != "000000" else "111111")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".problem")).to_be_visible()
    assert not User.objects.exists()
    page.get_by_label("Code from the letter").fill(right)
    page.get_by_role("button", name="Confirm").click()
    is_open(page, articles[0], "instant")
    assert User.objects.count() == 1


def test_expired_code_says_so_and_opens_nothing(plain_page: Page, articles: list[Article], clock: StoppedClock) -> None:
    leave_address(plain_page, articles[0], "late@journey.example")
    is_open(plain_page, articles[0], "instant")
    code = code_in(next(letters_to("late@journey.example")))
    plain_page.get_by_role("link", name="Type the code").click()
    clock.advance(timedelta(minutes=16))
    plain_page.get_by_label("Code from the letter").fill(code)
    plain_page.get_by_role("button", name="Confirm").click()
    expect(plain_page.locator(".problem")).to_be_visible()
    assert not User.objects.exists()


def test_back_and_reload_spend_nothing(plain_page: Page, articles: list[Article]) -> None:
    leave_address(plain_page, articles[0], "back@journey.example")
    is_open(plain_page, articles[0], "instant")
    confirm(plain_page, "back@journey.example")
    plain_page.goto(articles[1].get_absolute_url())
    read(plain_page)
    is_open(plain_page, articles[1], "unlock")
    plain_page.reload()
    plain_page.goto(articles[2].get_absolute_url())
    plain_page.go_back()
    is_open(plain_page, articles[1], "unlock")
    assert Unlock.objects.count() == 1


def test_two_tabs_open_one_article_once(plain_page: Page, articles: list[Article]) -> None:
    leave_address(plain_page, articles[0], "tabs@journey.example")
    is_open(plain_page, articles[0], "instant")
    confirm(plain_page, "tabs@journey.example")
    is_open(plain_page, articles[0], "instant")
    second = plain_page.context.new_page()
    for tab in (plain_page, second):
        tab.goto(articles[1].get_absolute_url())
    for tab in (plain_page, second):
        read(tab)
        is_open(tab, articles[1], "unlock")
    assert Unlock.objects.count() == 1


def test_speculative_requests_and_foreign_forms_spend_nothing(plain_page: Page, articles: list[Article], live_server: Any) -> None:
    leave_address(plain_page, articles[0], "ahead@journey.example")
    is_open(plain_page, articles[0], "instant")
    confirm(plain_page, "ahead@journey.example")
    is_open(plain_page, articles[0], "instant")
    unlock = f"{live_server.url}/articles/{articles[1].pk}/unlock/"
    request = plain_page.context.request
    ahead = request.post(unlock, headers={"Sec-Purpose": "prefetch", "Origin": live_server.url})
    foreign = request.post(unlock, headers={"Origin": "https://elsewhere.example"})
    assert (ahead.status, foreign.status) == (403, 403)
    request.get(unlock)
    request.get(articles[1].get_absolute_url(), headers={"Sec-Purpose": "prefetch;prerender"})
    assert not Unlock.objects.exists()
