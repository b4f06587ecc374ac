"""A reader's own invoices, to read, print and keep."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.billing import providers
from broadsheet.billing.invoice_provider_flows import InvoiceProvider
from broadsheet.billing.models import Plan
from tests.billing.invoicing import order_by_invoice, pay, set_up_invoices

pytestmark = pytest.mark.django_db


def test_reader_sees_their_own_invoices_and_nobody_elses(
    make_reader: Any, sign_in: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = InvoiceProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    set_up_invoices(tax_percent="19.00")
    plan = Plan.objects.create(name="All-Access", slug="year", price_cents=9600, period="year")
    ann, bob = make_reader("ann@example.net"), make_reader("bob@example.net")
    invoice = order_by_invoice(plan, email="ann@example.net")
    pay(invoice)
    hers, his = Client(), Client()
    sign_in(hers, ann)
    sign_in(his, bob)
    assert 'href="/account/invoices/"' in hers.get("/account/").content.decode()
    assert "2026-1" in hers.get("/account/invoices/").content.decode()
    page = hers.get(f"/account/invoices/{invoice.pk}/").content.decode()
    for words in ("Review of Straits Ltd", "Strait Institute", "All-Access, one year", "80.67", "15.33", "96.00 EUR", "IBAN MT84"):
        assert words in page
    assert "Paid" in page
    answer = hers.get(f"/account/invoices/{invoice.pk}/pdf/")
    assert answer.content.startswith(b"%PDF-") and "no-store" in answer["Cache-Control"]
    assert "2026-1.1" in hers.get("/account/payments/2026-1.1/").content.decode()
    assert "None." in his.get("/account/invoices/").content.decode()
    assert "account/invoices" not in his.get("/account/").content.decode()
    for address in (f"/account/invoices/{invoice.pk}/", f"/account/invoices/{invoice.pk}/pdf/"):
        assert his.get(address).status_code == 404
        assert client.get(address)["Location"].startswith("/login/")
    assert User.objects.count() == 2
