"""A reader's subscription, withdrawals and cancellations in a real browser: two clicks, readable by all, valid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from broadsheet.accounts.models import User
from broadsheet.billing import offline_flows, providers
from broadsheet.billing.models import Declaration, LawSettings, Plan, Subscription
from broadsheet.billing.order_flows import follow_subscription
from broadsheet.core.clock import StoppedClock
from tests.billing.purchases import buy
from tests.browser import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOME = "/account/subscription/"


@pytest.fixture
def reader(live_server: Any, make_reader: Any, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch) -> User:
    """Somebody with three subscriptions: one runs, one rests, one could not be paid; all the law's switches are on."""
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    LawSettings.objects.create(eu_withdrawal=True, german_cancel=True, save_offer="pause", price_words="incl. VAT")
    plan = Plan.objects.create(name="All-Access", slug="month", price_cents=980, period="month")
    Plan.objects.create(name="By the year", slug="year", price_cents=9600, period="year")
    owner: User = make_reader("reader@example.net")
    rows = []
    for _ in range(3):
        rows.append(buy(owner, plan))
        rows[-1].orders.update(reader=None)  # `buy` looks for the reader's one order
    offline_flows.fail_next_payment(rows[0].ref)
    provider.pause(rows[1].ref, until=rows[1].period_end + timedelta(days=31), now=clock.now())
    clock.advance(timedelta(days=29))
    offline_flows.advance(now=clock.now())
    for row in rows:
        follow_subscription("offline", row.ref, now=clock.now())
    return owner


def test_cancelling_takes_two_clicks_without_script(
    reader: User, open_browser: Callable[..., BrowserContext], sign_in: Any
) -> None:
    context = open_browser(viewport=PHONE, java_script_enabled=False)
    sign_in(context, reader)
    page: Page = context.new_page()
    row = Subscription.objects.get(status="active")
    page.goto(HOME)
    section = page.locator(f"#subscription-{row.pk}")
    section.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Cancel the subscription").click()
    expect(section.get_by_role("status")).to_contain_text("Cancelled.")
    section.get_by_role("button", name="Go on after all").click()
    expect(section.get_by_role("status")).to_have_count(0)


def test_stranger_withdraws_from_the_foot_of_any_page_without_script(
    reader: User, open_browser: Callable[..., BrowserContext]
) -> None:
    page = open_browser(java_script_enabled=False).new_page()
    page.goto("/")
    page.get_by_role("link", name="Withdraw from contract here").click()
    page.get_by_label("Your name").fill("Ann Example")
    page.get_by_label("Email address").fill("ann@example.net")
    page.get_by_label("Which contract?").fill("All-Access")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Confirm withdrawal").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your withdrawal")
    assert Declaration.objects.get().name == "Ann Example"


def test_pages_are_readable_by_all_valid_and_fit_a_phone(
    reader: User,
    open_browser: Callable[..., BrowserContext],
    sign_in: Any,
    find_accessibility_problems: Callable[[Page], list[str]],
    find_html_errors: Callable[[dict[str, str]], list[str]],
) -> None:
    row = Subscription.objects.get(status="active")
    own = f"{HOME}{row.pk}/"
    payment = row.lines.filter(kind="payment").latest("id").detail
    paths = [HOME, f"{own}cancel/", f"{own}pause/", f"{own}change/", f"/account/payments/{payment}/", "/withdraw/", "/cancel/"]
    sources: dict[str, str] = {}
    for scheme in ("light", "dark"):
        context = open_browser(viewport={"width": 360, "height": 740}, color_scheme=scheme)
        sign_in(context, reader)
        page = context.new_page()
        for path in paths:
            page.goto(path)
            assert find_accessibility_problems(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            sources[path] = page.request.get(path).text()
    assert find_html_errors(sources) == []
