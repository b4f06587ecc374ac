"""What an invoice says, its sums, its PDF, and numbers that many writers take at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.billing import invoice_books
from broadsheet.billing.invoice_pdf import draw
from broadsheet.billing.invoices import Debt, Paper, due_day, failing_since, fill_prefix, percent_text, status_at, tax_within
from broadsheet.billing.ledger import RETRY_WINDOW, Status
from broadsheet.billing.models import InvoiceSeries
from broadsheet.core import clock

PAPER = Paper(
    title="Invoice",
    number="2026-17",
    issued_on=date(2026, 3, 3),
    due_on=date(2026, 3, 17),
    recipient=("Łódź Institute", "Αθήνα", "Привет"),
    issuer=("Review of Straits Ltd", "Valletta"),
    what="All-Access, one year",
    period="17 February 2026 to 17 February 2027",
    quantity=3,
    cents=28800,
    tax_cents=4598,
    tax_percent=Decimal("19.00"),
    currency="EUR",
    words=("Please pay by 17 March 2026.",),
)
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cents", "percent", "tax"),
    [(960, "20", 160), (9600, "7", 628), (28800, "19", 4598), (9600, "0", 0), (1, "50", 0), (980, "5.5", 51)],
)
def test_tax_is_what_the_price_holds(cents: int, percent: str, tax: int) -> None:
    assert tax_within(cents, Decimal(percent)) == tax


@given(st.integers(0, 10**9), st.decimals(0, 50, places=2))
def test_net_and_tax_are_the_price_to_the_cent(cents: int, percent: Decimal) -> None:
    tax = tax_within(cents, percent)
    assert 0 <= tax <= cents
    assert abs((cents - tax) * percent / 100 - tax) <= 1


def test_sums_show_the_tax_where_there_is_one() -> None:
    assert PAPER.rows == (("Net", "242.02"), ("Tax, 19%", "45.98"), ("Total", "288.00 EUR"))
    assert [percent_text(Decimal(text)) for text in ("7.00", "5.50", "20.00")] == ["7%", "5.5%", "20%"]


def test_same_paper_gives_the_same_pdf_and_names_itself() -> None:
    pdf = draw(PAPER, publication="The Review")
    assert pdf == draw(PAPER, publication="The Review")
    assert pdf.startswith(b"%PDF-") and len(pdf) < 60_000


def test_day_to_pay_is_the_publications() -> None:
    late = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
    assert due_day(late, 14, ZoneInfo("UTC")) == date(2026, 3, 17)
    assert due_day(late, 14, ZoneInfo("Europe/Berlin")) == date(2026, 3, 18)
    assert fill_prefix("R{year}-", date(2027, 1, 1)) == "R2027-"


def debt(*, days_to_pay: int = 14, period_in: int | None, opens: bool = False) -> Debt:
    start = None if period_in is None else NOON + timedelta(days=period_in)
    return Debt(NOON, NOON + timedelta(days=days_to_pay), start, opens)


@pytest.mark.parametrize(
    ("debts", "days"),
    [
        ((), None),
        ((debt(period_in=None),), None),
        ((debt(period_in=0, opens=True),), 14),
        ((debt(period_in=30),), 30),
        ((debt(period_in=-5),), 0),
        ((debt(period_in=30), debt(period_in=0, opens=True)), 14),
    ],
)
def test_debt_counts_once_it_is_overdue_or_its_period_has_begun(debts: tuple[Debt, ...], days: int | None) -> None:
    assert failing_since(debts) == (None if days is None else NOON + timedelta(days=days))


@pytest.mark.parametrize(
    ("hours", "ended", "status"),
    [
        (-1, None, Status.ACTIVE),
        (0, None, Status.PAST_DUE),
        (21 * 24 - 1, None, Status.PAST_DUE),
        (21 * 24, None, Status.UNPAID),
        (5, -6, Status.ENDED),
        (5, 6, Status.PAST_DUE),
    ],
)
def test_agreement_is_past_due_through_the_window_and_then_unpaid(hours: int, ended: int | None, status: Status) -> None:
    now = NOON + timedelta(hours=hours)
    found, since = status_at(now, failed_at=NOON, ended_at=None if ended is None else now + timedelta(hours=ended))
    assert found is status
    assert (since == NOON + RETRY_WINDOW) is (status is Status.UNPAID)


def all_at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Make every call in a thread with a connection of its own, all in the same moment."""
    start = Barrier(len(calls))

    def make(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make, calls))


@pytest.mark.django_db(transaction=True)
def test_twenty_writers_at_once_get_numbers_without_a_gap_though_some_fail() -> None:
    now = clock.now()

    class Broken(Exception):
        pass

    def take(fails: bool) -> str | None:
        try:
            with transaction.atomic():
                number = invoice_books.take_number("{year}-", now)
                if fails:
                    raise Broken
                return number
        except Broken:
            return None

    taken = all_at_once([lambda fails=number % 4 == 0: take(fails) for number in range(20)])
    numbers = sorted(int(number.removeprefix("2026-")) for number in taken if number is not None)
    assert numbers == list(range(1, 16))
    assert InvoiceSeries.objects.get().last_number == 15
