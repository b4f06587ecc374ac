"""Invoices and alerts at the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from broadsheet.billing import providers
from broadsheet.billing.invoice_provider_flows import InvoiceProvider
from broadsheet.billing.models import Alert, Invoice, InvoicePayment, Plan
from broadsheet.billing.subscription_flows import raise_alert
from broadsheet.core import clock
from broadsheet.desk.roles import Role
from broadsheet.mail.models import OutboxLetter
from tests.billing.invoicing import ask, order_by_invoice, pay, set_up_invoices

pytestmark = pytest.mark.django_db
Desk = Callable[[Role], Client]


@pytest.fixture(autouse=True)
def _provider(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = InvoiceProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})


@pytest.fixture
def year() -> Plan:
    return Plan.objects.create(name="All-Access", slug="year", price_cents=9600, period="year")


def test_publisher_answers_a_request_notes_the_payment_and_sees_the_pdf(desk: Desk, year: Plan) -> None:
    set_up_invoices()
    request, publisher = ask(year), desk(Role.PUBLISHER)
    assert "Ann Öztürk" in publisher.get("/desk/invoices/").content.decode()
    assert "€96 a year" in publisher.get(f"/desk/invoice-requests/{request.pk}/").content.decode()
    answer = publisher.post(f"/desk/invoice-requests/{request.pk}/accept/", {"quantity": "2"}, follow=True)
    assert "Invoice 2026-1 is written" in answer.content.decode()
    invoice = Invoice.objects.get()
    assert invoice.cents == 19200
    posted = {"amount": "100", "paid_on": "2026-02-17", "reference": "STMT 4", "left": "19200"}
    page = publisher.post(f"/desk/invoices/{invoice.pk}/pay/", posted, follow=True).content.decode()
    assert "€92 are still open" in page and "STMT 4" in page
    again = publisher.post(f"/desk/invoices/{invoice.pk}/pay/", posted).content.decode()
    assert "€92 are open by now" in again
    posted = {"amount": "92,00", "paid_on": "2026-02-17", "left": "9200"}
    assert "Paid in full" in publisher.post(f"/desk/invoices/{invoice.pk}/pay/", posted, follow=True).content.decode()
    pdf = publisher.get(f"/desk/invoices/{invoice.pk}/pdf/")
    assert pdf.content.startswith(b"%PDF-") and "no-store" in pdf["Cache-Control"]
    assert "2026-1" in publisher.get("/desk/invoices/?show=paid&q=ztürk").content.decode()


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ({"amount": "ten", "paid_on": "2026-02-17"}, "Write the amount in figures"),
        ({"amount": "1", "paid_on": "2026-02-18"}, "That day has not come yet"),
        ({"amount": "0", "paid_on": "2026-02-17"}, "above nothing"),
    ],
)
def test_payment_that_cannot_be_read_is_said_beside_the_form(desk: Desk, year: Plan, posted: dict[str, str], words: str) -> None:
    set_up_invoices()
    invoice = order_by_invoice(year)
    page = desk(Role.PUBLISHER).post(f"/desk/invoices/{invoice.pk}/pay/", posted).content.decode()
    assert words in page
    assert not InvoicePayment.objects.exists()


def test_publisher_corrects_and_cancels(desk: Desk, year: Plan) -> None:
    set_up_invoices()
    invoice, publisher = order_by_invoice(year), desk(Role.PUBLISHER)
    posted = {"recipient": "Institute of Straits\n5 Quay Road", "email": "no address"}
    assert "no address that letters reach" in publisher.post(f"/desk/invoices/{invoice.pk}/correct/", posted).content.decode()
    posted["email"] = "books@example.net"
    publisher.post(f"/desk/invoices/{invoice.pk}/correct/", posted)
    written = Invoice.objects.get(number="2026-2")
    assert written.email == "books@example.net"
    page = publisher.post(f"/desk/invoices/{written.pk}/cancel/", follow=True).content.decode()
    assert "Cancelled by credit note C2026-2" in page
    assert "Note a payment" not in page
    assert "Not done" in publisher.post(f"/desk/invoices/{written.pk}/cancel/", follow=True).content.decode()


def test_request_is_declined_with_a_word_only(desk: Desk, year: Plan) -> None:
    request, publisher = ask(year), desk(Role.PUBLISHER)
    assert "Say why" in publisher.post(f"/desk/invoice-requests/{request.pk}/decline/", {"word": ""}).content.decode()
    assert "Fill in name and address" in publisher.post(
        f"/desk/invoice-requests/{request.pk}/accept/", {"quantity": "1"}
    ).content.decode().replace("&gt;", ">")
    publisher.post(f"/desk/invoice-requests/{request.pk}/decline/", {"word": "Only for organisations."})
    assert "Only for organisations." in OutboxLetter.objects.get(kind="invoice-declined").text


def test_support_sees_invoices_and_changes_none(desk: Desk, year: Plan) -> None:
    set_up_invoices()
    invoice, support = order_by_invoice(year), desk(Role.SUPPORT)
    page = support.get(f"/desk/invoices/{invoice.pk}/").content.decode()
    assert "2026-1" in page and "Note a payment" not in page and "Cancel the invoice" not in page
    for action in ("pay", "cancel", "correct", "send"):
        support.post(f"/desk/invoices/{invoice.pk}/{action}/", {"amount": "96", "paid_on": "2026-02-17"})
    invoice.refresh_from_db()
    assert invoice.state == "open" and OutboxLetter.objects.count() == 1


def test_overdue_ones_are_marked(desk: Desk, year: Plan, clock: Any) -> None:
    set_up_invoices()
    order_by_invoice(year)
    pay(order_by_invoice(year, email="bob@example.net"))
    publisher = desk(Role.PUBLISHER)
    assert "2026-1" not in publisher.get("/desk/invoices/?show=overdue").content.decode()
    clock.advance(timedelta(days=15))
    page = publisher.get("/desk/invoices/?show=overdue").content.decode()
    assert "2026-1" in page and "overdue</span>" in page and "2026-2" not in page


def test_alert_is_on_the_first_page_until_somebody_ticks_it_off(desk: Desk) -> None:
    raise_alert("dispute:7:pay_1", "A payment for subscription 7 is disputed.", now=clock.now())
    publisher, support, editor = desk(Role.PUBLISHER), desk(Role.SUPPORT), desk(Role.EDITOR)
    assert "1 alert about money" in publisher.get("/desk/").content.decode()
    assert "about money" not in editor.get("/desk/").content.decode()
    page = support.get("/desk/alerts/").content.decode()
    assert "is disputed" in page and "before its deadline" in page and "Done<span" not in page
    alert = Alert.objects.get()
    support.post(f"/desk/alerts/{alert.pk}/settle/")
    alert.refresh_from_db()
    assert alert.settled_at is None
    assert "Ticked off." in publisher.post(f"/desk/alerts/{alert.pk}/settle/", follow=True).content.decode()
    assert "Somebody has ticked it off" in publisher.post(f"/desk/alerts/{alert.pk}/settle/", follow=True).content.decode()
    alert.refresh_from_db()
    assert alert.settled_by is not None
    assert "about money" not in publisher.get("/desk/").content.decode()
