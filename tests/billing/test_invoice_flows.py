"""Subscribing by invoice: from the request to the renewal, and what staff can do on the way."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from broadsheet.accounts.models import User
from broadsheet.billing import invoice_flows, providers, refund_flows
from broadsheet.billing.change_flows import cancel, undo_cancel
from broadsheet.billing.invoice_provider_flows import InvoiceProvider
from broadsheet.billing.models import Alert, Invoice, InvoicePayment, InvoiceSettings, Organisation, Plan, PriceChange
from broadsheet.billing.order_flows import terms_of
from broadsheet.billing.provider import Refused
from broadsheet.billing.reconcile_flows import find_differences
from broadsheet.billing.seat_flows import change_seats, preview_seats
from broadsheet.core import clock
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant
from tests.billing.invoicing import agreement_of, ask, live, order_by_invoice, pay, set_up_invoices, subscription_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def provider(monkeypatch: pytest.MonkeyPatch) -> InvoiceProvider:
    provider = InvoiceProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    return provider


@pytest.fixture
def year() -> Plan:
    return Plan.objects.create(name="All-Access", slug="year", price_cents=9600, period="year", holds="Every article")


@pytest.fixture
def terms() -> InvoiceSettings:
    return set_up_invoices()


def letters() -> list[str]:
    return list(OutboxLetter.objects.order_by("id").values_list("kind", flat=True))


def reads(email: str = "ann@example.net") -> bool:
    grants = Grant.objects.filter(reader__email=email, starts_at__lte=clock.now(), ends_at__gt=clock.now())
    return grants.exists()


def test_request_that_is_accepted_becomes_an_invoice_and_opens_when_it_is_paid(year: Plan, terms: InvoiceSettings) -> None:
    invoice = order_by_invoice(year)
    assert (invoice.number, invoice.cents, invoice.due_on) == ("2026-1", 9600, date(2026, 3, 3))
    assert not reads()
    letter = OutboxLetter.objects.get(kind="invoice")
    assert letter.attachment_name == "2026-1.pdf" and bytes(letter.attachment or b"").startswith(b"%PDF-")
    assert "€96" in letter.subject and "Access begins when we have received it" in letter.text
    assert pay(invoice) == invoice_flows.Booked(0, 0)
    assert reads()
    row = subscription_of(invoice)
    assert row is not None and (row.status, row.kept_cents, row.next_cents) == ("active", 9600, 9600)
    assert letters() == ["invoice", "welcome", "invoice-paid"]
    assert list(find_differences(now=clock.now())) == []


def test_access_begins_with_the_invoice_where_the_publisher_trusts_and_ends_if_it_stays_unpaid(year: Plan, clock: Any) -> None:
    set_up_invoices(opens_on="order")
    invoice = order_by_invoice(year)
    assert reads()
    live(14, clock)
    assert subscription_of(invoice).status == "active"  # type: ignore[union-attr]
    live(2, clock)
    assert subscription_of(invoice).status == "past_due" and reads()  # type: ignore[union-attr]
    live(21, clock)
    assert subscription_of(invoice).status == "unpaid" and not reads()  # type: ignore[union-attr]
    assert letters() == ["invoice", "welcome", "invoice-reminder", "invoice-last-reminder", "invoice-unpaid"]
    assert "is unpaid and its subscription has ended" in Alert.objects.get().text
    pay(invoice)
    row = subscription_of(invoice)
    assert row is not None and row.status == "active" and reads()
    assert row.period_end > clock.now() + timedelta(days=360), "days that were not read are not paid for"
    assert list(find_differences(now=clock.now())) == []


def test_next_invoice_comes_a_month_before_and_its_payment_lengthens_the_period(
    year: Plan, terms: InvoiceSettings, clock: Any
) -> None:
    first = order_by_invoice(year)
    pay(first)
    end = agreement_of(first).period_end
    assert end is not None
    live(334, clock, step=80)
    assert Invoice.objects.count() == 1
    live(2, clock)
    second = Invoice.objects.get(number="2027-1")
    assert (second.period_start, second.cents) == (end, 9600)
    assert "for three weeks more" in OutboxLetter.objects.filter(kind="invoice").last().text  # type: ignore[union-attr]
    pay(second)
    assert agreement_of(first).period_end == end.replace(year=2028)
    live(5, clock)
    assert Invoice.objects.count() == 2
    assert subscription_of(first).kept_cents == 2 * 9600  # type: ignore[union-attr]


def test_renewal_that_nobody_pays_is_past_due_from_the_period_on_and_then_over_with_letters_once_each(
    year: Plan, terms: InvoiceSettings, clock: Any
) -> None:
    first = order_by_invoice(year)
    pay(first)
    live(334, clock, step=167)
    live(32, clock)
    assert subscription_of(first).status == "past_due" and reads()  # type: ignore[union-attr]
    live(40, clock)
    assert subscription_of(first).status == "unpaid" and not reads()  # type: ignore[union-attr]
    expected = ["invoice", "welcome", "invoice-paid", "invoice", "invoice-reminder", "invoice-last-reminder", "invoice-unpaid"]
    assert letters() == expected, "a card that could not be charged is no matter here"
    note = invoice_flows.cancel_invoice(Invoice.objects.get(number="2027-1").pk, now=clock.now())
    assert (note.number, note.cents) == ("C2027-1", 9600)
    assert subscription_of(first).status == "ended"  # type: ignore[union-attr]


def test_server_that_was_down_sends_the_last_reminder_only(year: Plan, terms: InvoiceSettings, clock: Any) -> None:
    order_by_invoice(year)
    clock.advance(timedelta(days=60))
    for _ in range(3):
        invoice_flows.remind_of_invoices(now=clock.now())
    assert letters() == ["invoice", "invoice-last-reminder"]
    assert "three weeks after its day" in Alert.objects.get().text


def test_part_payments_add_up_and_too_much_is_said(year: Plan, terms: InvoiceSettings) -> None:
    invoice = order_by_invoice(year)
    assert pay(invoice, 5000) == invoice_flows.Booked(4600, 0)
    assert not reads()
    assert "€46 are still open" in OutboxLetter.objects.get(kind="invoice-paid").text
    assert pay(invoice, 5600) == invoice_flows.Booked(0, 1000)
    assert reads()
    assert "€10 more than the invoice" in OutboxLetter.objects.filter(kind="invoice-paid").last().text  # type: ignore[union-attr]
    row = subscription_of(invoice)
    assert row is not None and row.kept_cents == 10600
    refund_flows.refund(row.pk, "2026-1.2", 1000, ends_now=False, by=None, now=clock.now())
    row.refresh_from_db()
    assert row.kept_cents == 9600
    assert not Invoice.objects.filter(kind="credit").exists(), "what was never asked for is not credited"


def test_money_that_goes_back_is_credited_under_a_number_of_its_own(year: Plan, terms: InvoiceSettings, clock: Any) -> None:
    invoice = order_by_invoice(year)
    pay(invoice)
    row = subscription_of(invoice)
    assert row is not None
    clock.advance(timedelta(days=1))
    refund_flows.refund(row.pk, "2026-1.1", 9600, ends_now=True, by=None, now=clock.now())
    note = Invoice.objects.get(kind="credit")
    assert (note.number, note.cents, note.credits) == ("C2026-1", 9600, invoice)
    row.refresh_from_db()
    assert (row.status, row.kept_cents) == ("ended", 0) and not reads()
    assert {"credit-note", "refunded", "ended"} <= set(letters())


@pytest.mark.parametrize(
    ("cents", "days", "left", "words"),
    [(0, 0, None, "above nothing"), (100, 1, None, "has not come yet"), (100, 0, 100, "€96 are open by now")],
)
def test_payment_that_cannot_be_is_refused(
    year: Plan, terms: InvoiceSettings, cents: int, days: int, left: int | None, words: str
) -> None:
    invoice, day = order_by_invoice(year), clock.now().date() + timedelta(days=days)
    with pytest.raises(Refused, match=words):
        invoice_flows.book_payment(invoice.pk, cents, paid_on=day, reference="", by=None, now=clock.now(), left_cents=left)
    assert not InvoicePayment.objects.exists()


def test_form_sent_twice_books_once(year: Plan, terms: InvoiceSettings) -> None:
    invoice, today = order_by_invoice(year), clock.now().date()
    for expected in (False, True):
        try:
            invoice_flows.book_payment(
                invoice.pk, 5000, paid_on=today, reference="", by=None, now=clock.now(), left_cents=invoice.cents
            )
            assert not expected
        except Refused:
            assert expected
    assert InvoicePayment.objects.count() == 1


def test_cancelled_invoice_keeps_its_number_and_nothing_more_comes(year: Plan, terms: InvoiceSettings, clock: Any) -> None:
    invoice = order_by_invoice(year)
    note = invoice_flows.cancel_invoice(invoice.pk, now=clock.now())
    invoice.refresh_from_db()
    assert (invoice.state, note.number) == ("cancelled", "C2026-1")
    with pytest.raises(Refused, match="is cancelled"):
        pay(invoice)
    with pytest.raises(Refused, match="is cancelled"):
        invoice_flows.cancel_invoice(invoice.pk, now=clock.now())
    live(30, clock)
    assert letters() == ["invoice", "credit-note"]
    assert subscription_of(invoice) is None and not reads()


def test_part_payment_of_a_cancelled_invoice_counts_as_given_back(year: Plan, clock: Any) -> None:
    set_up_invoices(opens_on="order")
    invoice = order_by_invoice(year)
    pay(invoice, 5000)
    clock.advance(timedelta(days=1))
    invoice_flows.cancel_invoice(invoice.pk, now=clock.now())
    row = subscription_of(invoice)
    assert row is not None and (row.status, row.kept_cents) == ("ended", 0) and not reads()
    assert list(find_differences(now=clock.now())) == []


def test_corrected_invoice_is_a_new_one_and_the_old_one_is_credited(year: Plan, terms: InvoiceSettings) -> None:
    invoice = order_by_invoice(year)
    written = invoice_flows.correct_invoice(
        invoice.pk, recipient="Institute of Straits\nAccounts\n5 Quay Road", email="books@example.net", now=clock.now()
    )
    assert (written.number, written.cents, written.recipient.splitlines()[0]) == ("2026-2", 9600, "Institute of Straits")
    assert Invoice.objects.get(kind="credit").credits == invoice
    assert OutboxLetter.objects.last().to_address == "books@example.net"  # type: ignore[union-attr]
    pay(written)
    assert reads(), "the subscription stays the reader's"


def test_cancelling_before_the_renewal_credits_its_invoice_and_undoing_writes_it_anew(
    year: Plan, terms: InvoiceSettings, clock: Any
) -> None:
    pay(order_by_invoice(year))
    live(340, clock, step=170)
    row = subscription_of(Invoice.objects.get(number="2026-1"))
    assert row is not None
    row = cancel(row, now=clock.now())
    assert row.cancel_at == row.period_end
    assert Invoice.objects.get(number="2027-1").state == "cancelled"
    row = undo_cancel(row, now=clock.now())
    live(1, clock)
    assert Invoice.objects.get(number="2027-2").state == "open"


def test_part_payment_for_a_period_that_will_not_come_is_for_staff_to_pay_back(
    year: Plan, terms: InvoiceSettings, clock: Any
) -> None:
    first = order_by_invoice(year)
    pay(first)
    live(340, clock, step=170)
    pay(Invoice.objects.get(number="2027-1"), 5000)
    row = subscription_of(first)
    assert row is not None
    row = cancel(row, now=clock.now())
    assert row.kept_cents == 9600
    assert Invoice.objects.get(number="2027-1").state == "cancelled"
    assert "€50 had come in. Pay it back" in Alert.objects.get().text
    assert list(find_differences(now=clock.now())) == []


@pytest.mark.parametrize(("kind", "quantity", "words"), [("gift", 1, "gift cannot"), ("group", 1, "2 to 500 seats")])
def test_plan_that_does_not_fit_an_invoice_is_refused(
    year: Plan, terms: InvoiceSettings, kind: str, quantity: int, words: str
) -> None:
    Plan.objects.update(kind=kind)
    with pytest.raises(Refused, match=words):
        invoice_flows.accept_request(ask(year).pk, quantity=quantity, by=None, now=clock.now())
    assert not Invoice.objects.exists()


def test_announced_price_stands_on_the_next_invoice_and_says_so(year: Plan, terms: InvoiceSettings, clock: Any) -> None:
    invoice = order_by_invoice(year)
    pay(invoice)
    old = year.prices.first()
    year.price_cents = 10800
    year.save()
    PriceChange.objects.create(
        from_price=old, to_price=year.prices.first(), effective_on=date(2026, 6, 1), announced_at=clock.now()
    )
    live(336, clock, step=168)
    second = Invoice.objects.get(number="2027-1")
    assert second.cents == 10800
    assert "Your last invoice was over €96." in OutboxLetter.objects.filter(kind="invoice").last().text  # type: ignore[union-attr]
    pay(second)
    row = subscription_of(invoice)
    assert row is not None and row.price == year.prices.first()
    assert list(find_differences(now=clock.now())) == []


def test_announced_price_waits_for_the_period_after_seats_that_were_ordered(year: Plan, terms: InvoiceSettings, clock: Any) -> None:
    Plan.objects.update(kind=Plan.Kind.GROUP)
    pay(order_by_invoice(year, quantity=3))
    change_seats(Organisation.objects.get(), 5, agreed_text="I agree.", shown_cents=0, now=clock.now())
    old = year.prices.first()
    year.price_cents = 10800
    year.save()
    PriceChange.objects.create(
        from_price=old, to_price=year.prices.first(), effective_on=date(2026, 6, 1), announced_at=clock.now()
    )
    live(336, clock, step=168)
    assert Invoice.objects.get(number="2027-1").cents == 5 * 9600


@pytest.mark.parametrize("seats", [5, 2])
def test_other_number_of_seats_stands_on_the_next_invoice_and_begins_when_it_is_paid(
    year: Plan, terms: InvoiceSettings, clock: Any, seats: int
) -> None:
    Plan.objects.update(kind=Plan.Kind.GROUP)
    invoice = order_by_invoice(year, quantity=3)
    pay(invoice)
    organisation = Organisation.objects.get()
    assert preview_seats(organisation, seats, now=clock.now()).is_at_renewal
    row = change_seats(organisation, seats, agreed_text="I agree.", shown_cents=0, now=clock.now())
    assert (row.quantity, row.kept_cents, row.next_cents) == (3, 3 * 9600, seats * 9600)
    live(336, clock, step=168)
    second = Invoice.objects.get(number="2027-1")
    assert (second.quantity, second.cents) == (seats, seats * 9600)
    assert subscription_of(invoice).quantity == 3  # type: ignore[union-attr]
    pay(second)
    row = subscription_of(invoice)  # type: ignore[assignment]
    assert (row.quantity, row.next_cents, agreement_of(invoice).next_quantity) == (seats, seats * 9600, None)
    assert list(find_differences(now=clock.now())) == []


def test_change_to_what_is_held_takes_back_the_one_that_waits(year: Plan, terms: InvoiceSettings, clock: Any) -> None:
    invoice = order_by_invoice(year, quantity=3)
    pay(invoice)
    agreement, price = agreement_of(invoice), year.prices.get()
    other = Plan.objects.create(name="Other", slug="other", price_cents=100, period="year").prices.get()
    for wanted, quantity, held in ((other, 5, (other.pk, 5)), (price, 3, (None, None))):
        order = terms_of(wanted, None, order_ref="", quantity=quantity)
        InvoiceProvider().change_price(agreement.ref, order, at_renewal=True, now=clock.now())
        agreement.refresh_from_db()
        assert (agreement.next_price_id, agreement.next_quantity, agreement.quantity) == (*held, 3)


def test_several_seats_and_a_tax_are_on_the_invoice(year: Plan) -> None:
    set_up_invoices(tax_percent="19.00")
    invoice = order_by_invoice(year, quantity=3)
    assert (invoice.quantity, invoice.cents, invoice.tax_cents) == (3, 28800, 4598)


def test_whoever_asked_has_an_account_from_then_on_and_one_who_had_one_keeps_it(
    year: Plan, terms: InvoiceSettings, make_reader: Any
) -> None:
    reader = make_reader(email="Bob@example.net")
    order_by_invoice(year, email="bob@Example.net")
    order_by_invoice(year)
    assert list(User.objects.values_list("email", "confirmed_at")) == [
        (reader.email, reader.confirmed_at),
        ("ann@example.net", None),
    ]


def test_request_is_declined_with_a_word_and_answered_once(year: Plan, terms: InvoiceSettings) -> None:
    request = ask(year)
    invoice_flows.decline_request(request.pk, word="We write invoices from five seats on.", by=None, now=clock.now())
    assert "from five seats on" in OutboxLetter.objects.get(kind="invoice-declined").text
    for answer in (
        lambda: invoice_flows.accept_request(request.pk, quantity=1, by=None, now=clock.now()),
        lambda: invoice_flows.decline_request(request.pk, word="", by=None, now=clock.now()),
    ):
        with pytest.raises(Refused, match="answered before"):
            answer()
    assert not Invoice.objects.exists()


def test_no_invoice_is_written_without_the_publishers_name_and_no_number_is_lost(year: Plan) -> None:
    request = ask(year)
    with pytest.raises(Refused, match="Settings > Invoices"):
        invoice_flows.accept_request(request.pk, quantity=1, by=None, now=clock.now())
    set_up_invoices()
    assert invoice_flows.accept_request(request.pk, quantity=1, by=None, now=clock.now()).number == "2026-1"


def test_numbers_go_on_where_another_system_stopped_and_begin_anew_with_the_year(year: Plan, clock: Any) -> None:
    set_up_invoices(first_number=412)
    assert order_by_invoice(year).number == "2026-412"
    assert order_by_invoice(year, email="bob@example.net").number == "2026-413"
    clock.advance(timedelta(days=365))
    assert order_by_invoice(year, email="cleo@example.net").number == "2027-1"


def test_subscription_by_invoice_cannot_rest_or_change_in_mid_term(year: Plan, terms: InvoiceSettings, provider: Any) -> None:
    invoice = order_by_invoice(year)
    pay(invoice)
    with pytest.raises(Refused, match="cannot rest"):
        provider.pause(invoice.agreement.ref, until=clock.now(), now=clock.now())
