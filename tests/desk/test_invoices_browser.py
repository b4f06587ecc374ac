"""Invoices and alerts in a real browser, at the desk and in a reader's account: nothing that axe finds, nothing too wide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page

from broadsheet.accounts.models import User
from broadsheet.billing import providers
from broadsheet.billing.invoice_provider_flows import InvoiceProvider
from broadsheet.billing.models import Plan
from broadsheet.billing.subscription_flows import raise_alert
from broadsheet.core import clock
from broadsheet.desk.roles import Role
from tests.billing.invoicing import ask, order_by_invoice, pay, set_up_invoices
from tests.browser import DESKTOP, PHONE


@pytest.mark.browser
def test_pages_of_invoices_and_alerts_are_accessible_and_fit_a_phone(
    live_server: Any,
    open_browser: Callable[..., BrowserContext],
    make_staff: Any,
    sign_in: Any,
    find_accessibility_problems: Callable[[Page], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = InvoiceProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    set_up_invoices(tax_percent="19.00", closing_words="Thank you for reading with us.")
    plan = Plan.objects.create(name="All-Access", slug="year", price_cents=9600, period="year")
    request = ask(plan, message="Please name cost centre 4711 on the invoice.")
    paid, waiting = order_by_invoice(plan, quantity=3), order_by_invoice(plan, email="bob@example.net")
    pay(paid, 10000)
    raise_alert("dispute:7:pay_1", "A payment for subscription 7 is disputed (pay_1); access has ended.", now=clock.now())
    raise_alert(
        "failed-payments:2026-02-16", "2 payments failed on 16 February, €19.60 in all", now=clock.now() - timedelta(days=1)
    )
    staff, reader = sign_in(make_staff(Role.PUBLISHER)), sign_in(User.objects.get(email="ann@example.net"))
    name = settings.SESSION_COOKIE_NAME
    desk = ["/desk/", "/desk/invoices/", f"/desk/invoices/{paid.pk}/", f"/desk/invoices/{waiting.pk}/", "/desk/alerts/"]
    desk += [f"/desk/invoice-requests/{request.pk}/", "/desk/settings/billing/invoicesettings/"]
    pages = [(path, staff.cookies[name].value) for path in desk]
    pages += [(path, reader.cookies[name].value) for path in ("/account/invoices/", f"/account/invoices/{paid.pk}/")]
    problems = []
    for viewport in (PHONE, DESKTOP):
        context = open_browser(viewport=viewport)
        page = context.new_page()
        for path, value in pages:
            context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
            page.goto(path, wait_until="networkidle")
            problems += [f"{path}: {found}" for found in find_accessibility_problems(page)]
            width = page.evaluate("document.querySelector('main').scrollWidth")
            if width > viewport["width"]:
                problems.append(f"{path}: {width} px wide on {viewport['width']}")
    assert problems == []
