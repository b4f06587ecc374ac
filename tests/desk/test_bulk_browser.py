"""A change of many articles in a real browser: what Wagtail's list hands over, and progress that shows itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, expect

from broadsheet.core.clock import StoppedClock
from broadsheet.desk import bulk_flows
from broadsheet.desk.roles import Role
from broadsheet.library.models import Article

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_all_that_a_search_shows_is_changed_while_the_page_counts(
    desk: Callable[[Role], Client],
    open_browser: Callable[..., BrowserContext],
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bulk_flows, "BATCH", 20)
    names = [f"The strait, part {number}" for number in range(51)] + ["Elsewhere"]
    Article.objects.bulk_create(Article(headline=name, slug="-", live=True, published_at=clock.now(), body="[]") for name in names)
    context = open_browser()
    context.add_cookies(
        [
            {"name": name, "value": cookie.value, "domain": "localhost", "path": "/"}
            for name, cookie in desk(Role.EDITOR).cookies.items()
        ]
    )
    page = context.new_page()
    page.goto("/desk/articles/?q=strait&access=metered")
    page.locator("thead [data-bulk-action-select-all-checkbox]").first.check()
    page.get_by_role("button", name="Choose all that the list shows").click()
    page.get_by_role("link", name="Change topics, regions, author, access or kind").click()
    expect(page.locator("h1")).to_contain_text("all 51 articles of the list with “strait”, Access: Metered")
    page.get_by_label("Access").select_option("free")
    page.get_by_role("button", name="See what it would change").click()
    page.get_by_role("button", name="Change 51 articles").click()
    expect(page.get_by_text("20 of 51 articles")).to_be_visible()
    page.evaluate("window.same = true")
    bulk_flows.take_batch(1, now=clock.now())
    expect(page.get_by_text("40 of 51 articles")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#desk-bulk [role=status]")).to_have_text("Stopped")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("40 of 51 articles")).to_be_visible()
    page.evaluate("window.same = true")
    bulk_flows.carry_on(now=clock.now())
    expect(page.locator("#desk-bulk [role=status]")).to_have_text("Done")
    assert page.evaluate("window.same"), "the page was never left"
    assert Article.objects.filter(access="free").count() == 51
