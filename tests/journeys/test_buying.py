"""Buying in a real browser: from the wall through address, code and payment back to the place where the wall stood."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from broadsheet.accounts.models import User
from broadsheet.billing import offline_flows, providers
from broadsheet.billing.models import Campaign, Order, Plan, Subscription
from broadsheet.billing.order_flows import order_of
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from broadsheet.mail.models import OutboxLetter
from tests.browser import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOLDS = "Every article, at once and without limit\nThe whole library\nNo advertising"
LONG = "Everything-for-whole-households-and-their-neighbours, with the Donaudampfschifffahrtsgesellschaft"


@pytest.fixture
def plans(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    Plan.objects.all().delete()
    common = {"name": "All-Access", "holds": HOLDS, "summary": "Paid in one go."}
    return [
        Plan.objects.create(slug="year", price_cents=9600, period="year", position=1, **common),
        Plan.objects.create(slug="month", price_cents=980, period="month", position=2, trial_days=7, **common),
        Plan.objects.create(
            name="Student", slug="students", price_cents=4200, period="year", kind="student", holds="The whole library", position=3
        ),
    ]


@pytest.fixture
def campaign(plans: list[Plan]) -> Campaign:
    row = Campaign.objects.create(name="Spring", slug="spring", code="APRIL", headline="Half the price", discount_percent=50)
    row.plans.set(plans[:2])
    return row


def pay(page: Page, clock: StoppedClock) -> None:
    """Go to the provider, pay there, and come back."""
    page.get_by_role("button", name="Go on to pay").click()
    page.wait_for_url(re.compile("/demo/pay/"))
    order = Order.objects.latest("id")
    offline_flows.pay_order(order, order_of(order), now=clock.now())
    page.goto(f"/subscribe/done/{order.ref}/")


@pytest.mark.parametrize(
    ("name", "slug", "options"),
    [
        ("Subscribe by the year to All-Access", "year", {"viewport": DESKTOP}),
        ("Subscribe by the month to All-Access", "month", {"viewport": PHONE, "java_script_enabled": False}),
        ("Subscribe to Student", "students", {"viewport": PHONE}),
    ],
)
def test_stranger_buys_each_plan_and_reads_on(
    plans: list[Plan],
    make_article: Callable[..., Article],
    open_browser: Callable[..., BrowserContext],
    clock: StoppedClock,
    name: str,
    slug: str,
    options: dict[str, Any],
) -> None:
    article = make_article()
    page = open_browser(**options).new_page()
    page.goto(article.get_absolute_url())
    page.locator(".offer").get_by_role("link", name="Subscribe").click()
    page.get_by_role("link", name=name).click()
    page.get_by_label("Email address").fill("ann@example.net")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Code from the letter")).to_be_visible()
    code = re.search(r"\b(\d{6})\b", OutboxLetter.objects.get(to_address="ann@example.net").text)
    assert code is not None
    page.get_by_label("Code from the letter").fill(code[1])
    page.get_by_role("button", name="Continue").click()
    if slug == "students":
        page.get_by_label("Where do you study?").fill("A college")
        page.get_by_label("I study there now").check()
    pay(page, clock)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you: everything is open")
    page.get_by_role("link", name="Go on reading where you were").click()
    expect(page.locator('html[data-access="open"][data-reason="subscription"]')).to_be_attached()
    assert page.url.endswith("#continue")
    assert Subscription.objects.get().price.plan.slug == slug


def test_pages_that_sell_are_readable_by_all_and_fit_their_window(
    plans: list[Plan],
    campaign: Campaign,
    make_reader: Callable[..., User],
    sign_in: Any,
    open_browser: Callable[..., BrowserContext],
    find_accessibility_problems: Callable[[Page], list[str]],
    find_html_errors: Callable[[dict[str, str]], list[str]],
    clock: StoppedClock,
) -> None:
    html: dict[str, str] = {}
    problems: list[str] = []

    def look(page: Page, name: str) -> None:
        problems.extend(f"{name}: {each}" for each in find_accessibility_problems(page))
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            problems.append(f"{name}: wider than its window")
        html[name] = page.content()

    for form, options in {
        "phone": {"viewport": PHONE, "color_scheme": "dark"},
        "desktop": {"viewport": DESKTOP, "color_scheme": "light"},
    }.items():
        context = open_browser(**options)
        page = context.new_page()
        for address in ("/subscribe/", "/subscribe/offer/spring/", "/subscribe/year/", "/subscribe/month/invoice/"):
            page.goto(address)
            look(page, f"{address} on a {form}")
        page.goto("/subscribe/")
        page.get_by_label("Code", exact=True).fill("MAY")
        page.get_by_role("button", name="Use this code").click()
        look(page, f"a wrong code on a {form}")
        sign_in(context, make_reader(f"{form}@example.net"))
        page.goto("/subscribe/students/")
        look(page, f"an order on a {form}")
        page.goto("/subscribe/month/")
        pay(page, clock)
        look(page, f"thanks on a {form}")
        page.goto("/subscribe/")
        look(page, f"what somebody has on a {form}")
    assert not problems, problems
    assert not find_html_errors(html)


def test_any_number_of_plans_with_long_names_fits(
    plans: list[Plan],
    open_browser: Callable[..., BrowserContext],
    find_accessibility_problems: Callable[[Page], list[str]],
) -> None:
    Plan.objects.update(is_offered=False)
    page = open_browser().new_page()
    for number in range(6):
        for viewport in (PHONE, DESKTOP):
            page.set_viewport_size(viewport)  # type: ignore[arg-type]
            page.goto("/subscribe/")
            expect(page.get_by_role("link", name="Subscribe to Everything")).to_have_count(number)
            assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), (number, viewport)
        Plan.objects.create(
            name=f"{LONG} {number}", slug=f"plan-{number}", price_cents=123456789 + number, period="year", holds=f"{LONG}\n{HOLDS}"
        )
    assert not find_accessibility_problems(page)
