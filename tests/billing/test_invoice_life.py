"""Whatever happens to a subscription by invoice, in whatever order: access, money and numbers are what they should be."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from broadsheet.billing import change_flows, invoice_flows, providers, refund_flows
from broadsheet.billing.invoice_books import paid_cents
from broadsheet.billing.invoice_provider_flows import InvoiceProvider
from broadsheet.billing.ledger import LineKind
from broadsheet.billing.models import Invoice, InvoicePayment, Plan, Subscription
from broadsheet.billing.provider import Refused
from broadsheet.billing.reconcile_flows import find_differences
from broadsheet.core import clock as core_clock
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant
from tests.billing.invoicing import live, order_by_invoice, set_up_invoices
from tests.billing.life import after_months

WINDOW = timedelta(days=21)
PRICE = 9600


class LifeByInvoice(RuleBasedStateMachine):
    """Asks once and is accepted; access begins with the payment. Everything is undone afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.paid_until: datetime | None = None
        self.years = 0
        self.anchor: datetime | None = None
        self.cancels = False
        self.over = False

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(at=st.sampled_from([datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2026, 12, 31, 23, 30, tzinfo=UTC)]))
    def ask(self, at: datetime) -> None:
        self.clock = core_clock.StoppedClock(at)
        core_clock.use(self.clock)
        set_up_invoices(prefix="R", credit_prefix="C", tax_percent="7.00")
        plan = Plan.objects.create(name="All-Access", slug="year", price_cents=PRICE, period="year")
        self.ref = order_by_invoice(plan).agreement.ref

    @rule(days=st.sampled_from([1, 5, 9, 20, 100, 340]))
    def let_time_pass(self, days: int) -> None:
        live(days, self.clock, step=max(5, days // 3))
        self._live_until_now()

    @rule(share=st.sampled_from([1, 1, 1, 2, 3]), more=st.sampled_from([0, 0, 500]))
    def pay(self, share: int, more: int) -> None:
        invoice = self._open()
        if invoice is None:
            return
        left = invoice.cents - paid_cents(invoice)
        cents = left // share + more if left // share else left
        today = self.now.date()
        invoice_flows.book_payment(invoice.pk, cents, paid_on=today, reference="", by=None, now=self.now)
        if cents >= left:
            self._begin_year()

    @rule()
    def cancel_invoice(self) -> None:
        invoice = self._open()
        if invoice is None:
            return
        invoice_flows.cancel_invoice(invoice.pk, now=self.now)
        if self.paid_until is None or self.paid_until <= self.now:
            self.over = True
        else:
            self.cancels = True

    @rule()
    def correct_invoice(self) -> None:
        invoice = self._open()
        if invoice is not None and not invoice.payments.exists():
            written = invoice_flows.correct_invoice(invoice.pk, recipient="Bo\nRoad 1", email="b@example.net", now=self.now)
            assert written.cents == invoice.cents

    @rule()
    def cancel(self) -> None:
        if self.row is None or not change_flows.may_cancel(self.row):
            return
        change_flows.cancel(self.row, now=self.now)
        assert self.paid_until is not None
        if self.now < self.paid_until:
            self.cancels = True
        else:
            self.over = True

    @precondition(lambda self: self.cancels and not self.over)
    @rule()
    def undo(self) -> None:
        assert self.row is not None
        change_flows.undo_cancel(self.row, now=self.now)
        self.cancels = False

    @rule(share=st.sampled_from([1, 3]))
    def refund(self, share: int) -> None:
        row = self.row
        payment = row.lines.filter(kind=LineKind.PAYMENT).order_by("-id").first() if row is not None else None
        if row is None or payment is None:
            return
        left, _ = refund_flows.left_of_payment(row, payment.detail)
        with pytest.raises(Refused):
            refund_flows.refund(row.pk, payment.detail, left + 1, ends_now=False, by=None, now=self.now)
        if left // share:
            refund_flows.refund(row.pk, payment.detail, left // share, ends_now=False, by=None, now=self.now)

    @invariant()
    def access_is_what_was_paid_for(self) -> None:
        if not hasattr(self, "ref"):
            return
        reads = Grant.objects.filter(starts_at__lte=self.now, ends_at__gt=self.now).exists()
        if self.over or self.paid_until is None:
            assert not reads or self.anchor == self.now
        else:
            assert reads is (self.now < (self.paid_until if self.cancels else self.paid_until + WINDOW))

    @invariant()
    def money_is_the_same_in_all_books(self) -> None:
        if not hasattr(self, "ref") or self.row is None:
            return
        sums = InvoicePayment.objects.aggregate(paid=Sum("cents"), back=Sum("refunded_cents"))
        assert self.row.kept_cents == (sums["paid"] or 0) - (sums["back"] or 0)
        assert [difference.what for difference in find_differences(now=self.now)] == []

    @invariant()
    def numbers_have_no_gap_and_credit_notes_never_exceed_their_invoice(self) -> None:
        numbers: dict[str, list[int]] = defaultdict(list)
        for invoice in Invoice.objects.all():
            numbers[invoice.number[0]].append(int(invoice.number[1:]))
            credited = sum(note.cents for note in invoice.credit_notes.all())
            assert 0 <= credited <= invoice.cents
            assert (credited == invoice.cents) or invoice.state != Invoice.State.CANCELLED
        for found in numbers.values():
            assert sorted(found) == list(range(1, len(found) + 1))

    @invariant()
    def reminders_came_once_each(self) -> None:
        for kind in ("invoice-reminder", "invoice-last-reminder"):
            subjects = list(OutboxLetter.objects.filter(kind=kind).values_list("subject", flat=True))
            assert len(subjects) == len(set(subjects))

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def row(self) -> Subscription | None:
        return Subscription.objects.select_related("price__plan", "reader", "grant").filter(ref=self.ref).first()

    def _open(self) -> Invoice | None:
        return Invoice.objects.filter(state=Invoice.State.OPEN).order_by("id").first()

    def _begin_year(self) -> None:
        if self.paid_until is None or self.anchor is None or self.paid_until + WINDOW <= self.now:
            self.anchor, self.years = self.now, 0
        self.years += 1
        self.paid_until = after_months(self.anchor, 12 * self.years)

    def _live_until_now(self) -> None:
        if self.paid_until is not None and self.cancels and self.paid_until <= self.now:
            self.over = True


@pytest.mark.django_db
@pytest.mark.parametrize("lives", [4, pytest.param(150, marks=pytest.mark.soak)])
def test_whatever_happens_access_money_and_numbers_are_right(lives: int, monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    provider = InvoiceProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    chosen = settings(max_examples=lives, stateful_step_count=12, deadline=None, database=None, suppress_health_check=checks)
    run_state_machine_as_test(LifeByInvoice, settings=chosen)
