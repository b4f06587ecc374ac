"""A reader saves an article, puts it into a folder with a note, and reads on in another browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from broadsheet.accounts.models import User
from broadsheet.library.models import Article
from tests.browser import PHONE

pytestmark = pytest.mark.browser


def test_reader_saves_notes_and_continues_on_another_device(
    live_server: Any,
    open_browser: Callable[..., BrowserContext],
    make_article: Callable[..., Article],
    make_subscriber: Callable[..., User],
    sign_in: Callable[..., None],
) -> None:
    reader, article = make_subscriber(), make_article(headline="Who keeps the strait", paragraphs=["The ships wait. " * 60] * 20)
    desk = open_browser()
    sign_in(desk, reader)
    page = desk.new_page()

    page.goto(article.get_absolute_url())
    expect(page.get_by_text("Saved.")).to_be_hidden()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_hidden()
    page.get_by_role("link", name="Note and folder").click()
    page.get_by_label("Your note").fill("For chapter two")
    page.get_by_label("Or a new folder").fill("Straits")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("heading", name="Straits")).to_be_visible()
    expect(page.get_by_text("For chapter two")).to_be_visible()

    page.goto("/account/history/")
    page.get_by_role("button", name="Keep my reading history").click()
    page.goto(article.get_absolute_url(), wait_until="networkidle")
    page.locator(".text > div > p >> nth=11").evaluate("block => block.scrollIntoView({ block: 'start' })")
    for _ in range(20):  # the browser tells it beside the next page's request
        page.goto("/account/")
        if page.get_by_role("heading", name="Continue reading").is_visible():
            break
    expect(page.get_by_text("Up to paragraph 13 of 20")).to_be_visible()

    phone = open_browser(viewport=PHONE)
    sign_in(phone, reader)
    page = phone.new_page()
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shift += entry.value })"
        ".observe({ type: 'layout-shift', buffered: true })"
    )
    page.goto(article.get_absolute_url())
    offer = page.get_by_role("button", name="Continue where you were")
    expect(offer).to_be_visible()
    assert page.evaluate("window.shift") < 0.02
    offer.focus()
    page.keyboard.press("Enter")
    expect(offer).to_have_count(0)
    expect(page.locator(".text > div > p >> nth=12")).to_be_in_viewport()
    expect(page.locator(".text > div > p >> nth=12")).to_be_focused()
    page.reload()
    page.get_by_role("button", name="Close").click()
    expect(offer).to_have_count(0)
    page.goto("/account/history/")
    page.get_by_role("button", name="Switch it off and erase all").click()
    expect(page.get_by_text("everything that was in it is erased")).to_be_visible()
