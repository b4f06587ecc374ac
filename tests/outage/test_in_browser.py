"""What a reader's own browser does while PostgreSQL is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.outage import story
from tests.outage.conftest import Site, article_id
from tests.outage.site import NAME

pytestmark = pytest.mark.browser


@pytest.fixture
def open_context(browser: Browser, postgresql_site: Site) -> Iterator[Callable[..., BrowserContext]]:
    """A browser of somebody else's, signed in if an address is given."""
    contexts: list[BrowserContext] = []
    url = postgresql_site.host.environment["BROADSHEET_SITE_URL"]

    def make(email: str = "", *, java_script: bool = True) -> BrowserContext:
        context = browser.new_context(base_url=url, java_script_enabled=java_script)
        context.set_default_timeout(15_000)
        cookies = postgresql_site.browse(email).cookies
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


def test_browser_reads_on_and_what_was_typed_goes_through_with_one_press(
    postgresql_site: Site, open_context: Callable[..., BrowserContext]
) -> None:
    site, paths = postgresql_site, postgresql_site.write(3)
    metered_id, metered_email = site.enroll()
    _, subscriber_email = site.enroll(is_subscriber=True)
    subscriber, metered, stranger, without_script = (
        open_context(*who, java_script=script).new_page()
        for who, script in (((subscriber_email,), True), ((metered_email,), True), ((), True), ((), False))
    )
    for page in (subscriber, metered, stranger, without_script) * 2:  # once more, so that nobody's pass is just being renewed
        for path in paths:
            page.goto(path)
    site.cluster.stop()
    try:
        read_three_articles(subscriber, paths)
        metered.locator("form[action*=unlock] button").click()
        expect_to_be_asked_to_try_again(metered)
        for page, email in ((stranger, "with@example.org"), (without_script, "without@example.org")):
            page.fill("input[name=email]", email)
            page.click("form[action*=keep-reading] button")
            expect_to_be_asked_to_try_again(page)
            expect(page.get_by_label("Email address")).to_have_value(email)
    finally:
        site.cluster.start()
    story.until_it_works(lambda: site.browse().get("/login/").status == 200, since=time.monotonic())
    for page in (metered, stranger, without_script):
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("html")).to_have_attribute("data-access", "open")
        expect(page.get_by_text("Paragraph 11 of", exact=False)).to_be_visible()
    assert site.desk.ask("unlocks", metered_id) == [article_id(paths[2])]
    assert site.desk.ask("letters", "with@example.org") == site.desk.ask("letters", "without@example.org") == 1


def read_three_articles(page: Page, paths: list[str]) -> None:
    missing: list[str] = []
    page.on("response", lambda response: missing.append(response.url) if response.status >= 400 else None)
    for path in paths:
        answer = page.goto(path)
        assert answer is not None and answer.status == 200
        expect(page.locator("html")).to_have_attribute("data-access", "open")
        expect(page.get_by_text("Paragraph 11 of", exact=False)).to_be_visible()
    assert not missing, missing


def expect_to_be_asked_to_try_again(page: Page) -> None:
    expect(page.get_by_role("heading", name="Please try again in a moment")).to_be_visible()
    expect(page.locator("header .name")).to_have_text(NAME)
