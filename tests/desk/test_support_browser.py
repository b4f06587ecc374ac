"""The publisher's and the support's pages in a real browser: nothing that axe finds, nothing wider than a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page

from broadsheet.billing.models import Plan
from broadsheet.desk.roles import Role
from broadsheet.figures.models import DayCount, SubscriptionDay
from broadsheet.library.models import Article
from tests.billing.conftest import offline, plan
from tests.billing.purchases import buy

__all__ = ["offline", "plan"]

MONDAY = date(2026, 2, 16)
PHONE = {"width": 390, "height": 844}


@pytest.mark.browser
def test_pages_of_figures_and_support_are_accessible_and_fit_a_phone(
    live_server: Any,
    open_browser: Callable[..., BrowserContext],
    make_staff: Any,
    sign_in: Any,
    make_reader: Any,
    make_article: Callable[..., Article],
    offline: Any,
    plan: Plan,
    find_accessibility_problems: Callable[[Page], list[str]],
) -> None:
    reader, article = make_reader("a.reader.with.a.long.address@example.org"), make_article(access="subscribers")
    row = buy(reader, plan)
    for week in range(12):
        day = MONDAY - timedelta(weeks=week)
        DayCount.objects.create(day=day, kind="wall_shown", source="stranger", count=1000 + week)
        SubscriptionDay.objects.create(day=day, what="started", plan_id=plan.pk, currency="EUR", count=12, yearly_cents=141_120)
    client = sign_in(make_staff(Role.PUBLISHER))
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    person = f"/desk/readers/{reader.pk}/"
    pages = ["/desk/figures/funnel/", "/desk/figures/funnel/?by=source", "/desk/figures/subscribers/", "/desk/readers/?q=reader"]
    pages += [f"{person}?article={article.pk}", f"{person}subscriptions/{row.pk}/pause/", "/desk/reports/audit/"]
    problems = []
    for viewport in (PHONE, {"width": 1280, "height": 900}):
        context = open_browser(viewport=viewport)
        context.add_cookies([cookie])
        page = context.new_page()
        for path in pages:
            page.goto(path)
            page.locator("main h1, main h2").first.wait_for()
            problems += [f"{path}: {found}" for found in find_accessibility_problems(page)]
            width = page.evaluate("document.querySelector('main').scrollWidth")
            if width > viewport["width"]:
                problems.append(f"{path}: {width} px wide on {viewport['width']}")
    assert problems == []
