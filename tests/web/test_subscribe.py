"""The offer by plan, asking for an invoice, and help that reaches a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from broadsheet.billing.models import InvoiceRequest, Plan
from broadsheet.core.models import Event
from broadsheet.mail.models import OutboxLetter
from broadsheet.publication.models import PlainPage, Publication
from tests.web.conftest import ReadLetter
from tests.web.pages import problem

pytestmark = pytest.mark.django_db

FILLED = {
    "name": "Ann Reader",
    "email": "ann@example.net",
    "organisation": "Library",
    "postal_address": "1 Quay\nPort",
    "message": "",
}


@pytest.fixture(autouse=True)
def plans(db: None) -> None:
    holds = "Every article, without a limit\nThe whole library"
    Plan.objects.all().delete()
    Plan.objects.create(name="All-Access", slug="all-access", price_cents=9600, period="year", holds=holds)
    Plan.objects.create(name="Month", slug="month", price_cents=950, currency="CHF", period="month")
    Plan.objects.create(name="Old", slug="old", price_cents=100, period="year", is_offered=False)


def test_offer_says_each_line_of_each_plan(visitor: Client) -> None:
    page = visitor.get("/subscribe/").content.decode()
    for words in (
        "<strong>€96</strong> a year",
        "Every article, without a limit",
        "The whole library",
        "<strong>CHF\u00a09.50</strong> a month",
    ):
        assert words in page
    assert "Old" not in page


def test_request_is_kept_and_both_sides_hear_of_it(visitor: Client, open_letter: Callable[[str], ReadLetter]) -> None:
    Publication.objects.create(help_address="help@review.example")
    answer = visitor.post("/subscribe/all-access/invoice/", FILLED)
    assert answer.status_code == 200
    row = InvoiceRequest.objects.get()
    assert (row.plan.slug, row.name, row.postal_address, row.state, row.reader) == (
        "all-access",
        "Ann Reader",
        "1 Quay\nPort",
        "new",
        None,
    )
    told = open_letter("help@review.example")
    assert "1 Quay\nPort" in told.text
    assert OutboxLetter.objects.get(kind="invoice-request").reply_to == "ann@example.net"
    receipt = open_letter("ann@example.net")
    assert "All-Access (€96 a year)" in receipt.text
    assert "Ann Reader" not in receipt.text  # nothing that a stranger typed goes to an address that a stranger typed
    assert list(Event.objects.values_list("kind", "source")) == [("invoice_requested", "all-access")]


def test_signed_in_reader_is_noted_and_need_not_type_the_address(visitor: Client, make_reader: Any, sign_in: Any) -> None:
    reader = make_reader()
    sign_in(visitor, reader)
    assert reader.email in visitor.get("/subscribe/all-access/invoice/").content.decode()
    visitor.post("/subscribe/all-access/invoice/", FILLED)
    assert InvoiceRequest.objects.get().reader == reader


@pytest.mark.parametrize(
    ("field", "words"), [("name", "your name"), ("email", "address for the invoice"), ("postal_address", "postal address")]
)
def test_missing_field_says_what_to_do_and_keeps_the_rest(field: str, words: str, visitor: Client) -> None:
    answer = visitor.post("/subscribe/all-access/invoice/", {**FILLED, field: ""})
    assert answer.status_code == 422
    assert words in problem(answer)
    assert "Library" in answer.content.decode()
    assert not InvoiceRequest.objects.exists()


def test_plan_that_is_not_offered_is_not_there(visitor: Client) -> None:
    assert visitor.post("/subscribe/old/invoice/", FILLED).status_code == 404


def test_gift_by_invoice_is_refused_in_words_before_anything_is_typed(visitor: Client) -> None:
    Plan.objects.create(name="Gift", slug="present", price_cents=9600, period="year", kind=Plan.Kind.GIFT)
    page = visitor.get("/subscribe/present/invoice/").content.decode()
    assert "can’t be paid by invoice here" in page
    assert 'name="postal_address"' not in page
    visitor.post("/subscribe/present/invoice/", FILLED)
    assert not InvoiceRequest.objects.exists()


def test_one_mailbox_gets_few_receipts(visitor: Client) -> None:
    answers = [visitor.post("/subscribe/all-access/invoice/", FILLED).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]


def test_help_reaches_a_person_without_an_account(visitor: Client, open_letter: Callable[[str], ReadLetter]) -> None:
    PlainPage.objects.create(title="Questions and answers", slug="help", body="<p>How the meter counts.</p>")
    page = visitor.get("/help/?about=/library/").content.decode()
    assert "How the meter counts." in page
    assert 'value="/library/"' in page
    answer = visitor.post("/help/", {"email": "ann@example.net", "message": "The map is upside down.", "about": "/library/"})
    assert answer.status_code == 200
    letter = open_letter(settings.BROADSHEET.support_address)
    assert "The map is upside down." in letter.text
    assert "Page: /library/" in letter.text
    assert OutboxLetter.objects.get().reply_to == "ann@example.net"


def test_help_asks_for_what_is_missing_and_keeps_what_was_typed(visitor: Client) -> None:
    answer = visitor.post("/help/", {"email": "ann", "message": "The map is upside down."})
    assert answer.status_code == 422
    assert "The map is upside down." in answer.content.decode()
    assert visitor.post("/help/", {"email": "ann@example.net", "message": " "}).status_code == 422
    assert not OutboxLetter.objects.exists()


def test_help_is_limited_by_network(visitor: Client) -> None:
    answers = [visitor.post("/help/", {"email": "ann@example.net", "message": f"Letter {n}"}).status_code for n in range(22)]
    assert answers == [200] * 20 + [429] * 2
