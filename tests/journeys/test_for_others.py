"""A gift and an organisation's seats in a real browser, and whether their pages are readable by all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from broadsheet.accounts.models import User
from broadsheet.billing import offline_flows, providers
from broadsheet.billing.models import Order, Plan
from broadsheet.billing.order_flows import order_of
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from broadsheet.mail.models import OutboxLetter
from tests.browser import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Look:
    """Looks at each page on a phone in the dark and on a desktop in the light, and collects what is wrong."""

    def __init__(self, find_problems: Callable[[Page], list[str]]) -> None:
        self.find_problems = find_problems
        self.problems: list[str] = []
        self.html: dict[str, str] = {}

    def __call__(self, page: Page, name: str) -> None:
        for size, scheme in ((PHONE, "dark"), (DESKTOP, "light")):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            self.problems.extend(f"{name}: {each}" for each in self.find_problems(page))
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                self.problems.append(f"{name}: wider than its window")
        self.html[name] = page.content()


@pytest.fixture
def look(find_accessibility_problems: Callable[[Page], list[str]]) -> Look:
    return Look(find_accessibility_problems)


@pytest.fixture(autouse=True)
def plans(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    terms: dict[str, Any] = {"price_cents": 9600, "period": "year", "holds": "Every article\nNo advertising"}
    Plan.objects.create(name="A year", slug="present", kind=Plan.Kind.GIFT, **terms)
    Plan.objects.create(name="Two seats and more", slug="team", kind=Plan.Kind.GROUP, **terms)


@pytest.fixture
def come(make_reader: Callable[..., User], sign_in: Any, open_browser: Callable[..., BrowserContext]) -> Callable[[str], Page]:
    """A page in a browser in which somebody with that address is signed in."""

    def sign(address: str) -> Page:
        context = open_browser()
        sign_in(context, make_reader(address))
        return context.new_page()

    return sign


def pay(page: Page, clock: StoppedClock) -> None:
    order = Order.objects.latest("id")
    offline_flows.pay_order(order, order_of(order), now=clock.now())
    page.goto(f"/subscribe/done/{order.ref}/")


def test_gift_goes_from_one_browser_to_another_and_is_read_by_everybody(
    come: Callable[[str], Page],
    open_browser: Callable[..., BrowserContext],
    look: Look,
    make_article: Callable[..., Article],
    find_html_errors: Callable[[dict[str, str]], list[str]],
    clock: StoppedClock,
) -> None:
    article = make_article()
    giver = come("ben@example.org")
    giver.goto("/subscribe/gift/")
    giver.get_by_label("The recipient’s email address").fill("ann@example.org")
    giver.get_by_label("From").fill("Ben")
    giver.get_by_label("Your words").fill("For the long evenings.")
    giver.get_by_label("On a day that I choose").check()
    giver.get_by_role("button", name="Go on to pay").click()
    look(giver, "form with a problem")
    giver.get_by_label("At once, as soon as it is paid").check()
    giver.get_by_role("button", name="Go on to pay").click()
    pay(giver, clock)
    expect(giver.get_by_role("heading", level=1)).to_have_text("Gifts that you give")
    look(giver, "gifts")
    giver.get_by_role("link", name="A card to print").click()
    look(giver, "card")
    code = giver.locator(".gift-code").inner_text()
    assert code in OutboxLetter.objects.get(to_address="ann@example.org").text

    stranger = open_browser().new_page()
    stranger.goto("/gift/")
    stranger.get_by_label("Code").fill(code.lower())
    look(stranger, "code")
    stranger.get_by_role("button", name="See the gift").click()
    expect(stranger.get_by_role("link", name="Leave your address and open it")).to_be_visible()
    ann = come("ann@elsewhere.example")
    ann.goto(stranger.url)
    look(ann, "gift")
    ann.get_by_role("button", name="Open the gift").click()
    expect(ann.get_by_role("heading", level=1)).to_have_text("Your gift is open")
    look(ann, "opened")
    ann.goto(article.get_absolute_url())
    expect(ann.locator('html[data-access="open"][data-reason="subscription"]')).to_be_attached()
    giver.goto(article.get_absolute_url())
    expect(giver.locator('html[data-access="wall"]')).to_be_attached()
    assert [*look.problems, *find_html_errors(look.html)] == []


def test_owner_fills_the_seats_and_people_sit_down(
    come: Callable[[str], Page],
    look: Look,
    find_html_errors: Callable[[dict[str, str]], list[str]],
    clock: StoppedClock,
) -> None:
    owner = come("office@acme.example")
    owner.goto("/subscribe/group/")
    owner.get_by_label("Organisation").fill("Acme")
    owner.get_by_label("Seats").fill("3")
    owner.get_by_role("button", name="See what it costs").click()
    look(owner, "order")
    owner.get_by_role("button", name="Go on to pay €288").click()
    pay(owner, clock)
    expect(owner.get_by_role("heading", level=1)).to_have_text("Acme")
    owner.get_by_label("Email addresses").fill(
        "ann@acme.example\na-name-that-is-as-long-as-a-name-can-be@department.acme.example\nnobody"
    )
    owner.get_by_role("button", name="Write to them").click()
    expect(owner.get_by_text("2 invitations written")).to_be_visible()
    look(owner, "organisation")
    owner.get_by_label("Seats in all").fill("4")
    owner.locator("#number").get_by_role("button").click()
    look(owner, "more seats")

    text = OutboxLetter.objects.get(to_address="ann@acme.example").text
    ann = come("ann@private.example")
    ann.goto(f"/group/join/{text.partition('/group/join/')[2].partition('/')[0]}/")
    look(ann, "invitation")
    ann.get_by_role("button", name="Take the seat").click()
    expect(ann.get_by_role("heading", level=1)).to_have_text("You have a seat of Acme")
    ann.get_by_role("link", name="Your seat").click()
    look(ann, "own seat")
    ann.goto("/group/join/")
    look(ann, "by domain")
    assert [*look.problems, *find_html_errors(look.html)] == []
