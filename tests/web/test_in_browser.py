"""In a real browser: the wall without a round trip, without JavaScript too, and a passkey from adding it to signing in with it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from broadsheet.accounts.models import User
from broadsheet.billing.models import Plan
from broadsheet.library.models import Article
from broadsheet.mail.models import OutboxLetter
from tests.browser import PHONE

pytestmark = pytest.mark.browser

ADDRESS = "ann@example.net"


def code() -> str:
    found = re.search(r"(?m)^ +(\d{6})$", OutboxLetter.objects.filter(to_address=ADDRESS).latest("id").text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("java_script", [True, False], ids=["with JavaScript", "without"])
def test_reader_leaves_an_address_reads_on_confirms_and_opens_another(
    java_script: bool, live_server: LiveServer, open_browser: Callable[..., BrowserContext], make_article: Callable[..., Article]
) -> None:
    first, second = make_article(), make_article()
    page = open_browser(java_script_enabled=java_script).new_page()
    page.goto(f"{live_server.url}{first.get_absolute_url()}")
    page.get_by_label("Email address").fill("ann@gmial")
    page.get_by_role("button", name="Open this article").click()
    expect(page.locator("#email-problem")).to_contain_text("read that address")
    page.get_by_label("Email address").fill(ADDRESS)
    page.get_by_role("button", name="Open this article").click()
    expect(page.locator("html")).to_have_attribute("data-reason", "instant")
    expect(page.get_by_text("We wrote to")).to_be_visible()
    page.get_by_role("link", name="Type the code").click()
    page.get_by_label("Code from the letter").fill(code())
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page).to_have_url(f"{live_server.url}{first.get_absolute_url()}#continue")
    page.goto(f"{live_server.url}{second.get_absolute_url()}")
    expect(page.get_by_text("3 of 3 articles left this month")).to_be_visible()
    page.get_by_role("button", name="Read this article").click()
    expect(page.locator("html")).to_have_attribute("data-remaining", "2")


def sign_in_by_code(page: Page, site: str) -> None:
    page.goto(f"{site}/login/?next=/account/")
    page.get_by_label("Email address").fill(ADDRESS)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Code from the letter").fill(code())
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()


def test_passkey_is_added_and_signs_in(live_server: LiveServer, open_browser: Callable[..., BrowserContext]) -> None:
    page = open_browser().new_page()
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in_by_code(page, live_server.url)
    page.get_by_role("link", name="Passkeys").click()
    page.get_by_role("link", name="Add").click()
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("recovery codes").first).to_be_visible()
    page.goto(f"{live_server.url}/account/")
    page.get_by_role("button", name="Log out here").click()
    page.goto(f"{live_server.url}/login/?next=/account/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    assert User.objects.get().email == ADDRESS


STRANGERS_PAGES = [
    "/login/",
    "/confirm/",
    "/logout/",
    "/subscribe/",
    "/subscribe/all-access/",
    "/help/",
    "/confirm/over/",
    "/login/closed/",
]
READERS_PAGES = ["/account/", "/account/address/", "/account/erase/", "/accounts/2fa/", "/accounts/2fa/webauthn/"]
READERS_PAGES += ["/accounts/2fa/webauthn/add/", "/accounts/2fa/totp/activate/", "/accounts/password/set/"]


def test_pages_with_forms_are_accessible_and_correct_html(
    live_server: LiveServer,
    open_browser: Callable[..., BrowserContext],
    find_accessibility_problems: Callable[[Page], list[str]],
    find_html_errors: Callable[[dict[str, str]], list[str]],
) -> None:
    Plan.objects.get_or_create(slug="all-access", defaults={"name": "All-Access", "price_cents": 9600, "period": "year"})
    page = open_browser(viewport=PHONE).new_page()
    problems, shown = [], {}
    for paths in (STRANGERS_PAGES, READERS_PAGES):
        for path in paths:
            page.goto(f"{live_server.url}{path}")
            problems += [f"{path}: {found}" for found in find_accessibility_problems(page)]
            shown[path] = page.context.request.get(f"{live_server.url}{path}").text()
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        if paths is STRANGERS_PAGES:
            sign_in_by_code(page, live_server.url)
    assert problems == []
    assert find_html_errors(shown) == []
