"""Whatever happens to a subscription, in whatever order, the books say what the rules say."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from broadsheet.accounts.models import User
from broadsheet.billing import change_flows, offline_flows, order_flows, providers, refund_flows
from broadsheet.billing.event_flows import ask_about_due, receive_event, settle_received_events
from broadsheet.billing.ledger import LineKind, fold
from broadsheet.billing.letter_flows import write_failure_letters, write_pause_notices, write_renewal_notices
from broadsheet.billing.models import LedgerLine, OfflineEvent, Order, Plan, ReceivedEvent, Subscription
from broadsheet.billing.provider import Refused
from broadsheet.billing.reconcile_flows import find_differences, mend
from broadsheet.core import clock as core_clock
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant
from broadsheet.web.account_flows import erase_account
from tests.billing.life import DAY, Life

BEGINNINGS = [
    datetime(2028, 1, 31, 12, tzinfo=UTC),  # the next month's end is 29 February
    datetime(2027, 12, 31, 23, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 0, 0, tzinfo=UTC),
    datetime(2026, 3, 28, 23, 30, tzinfo=UTC),  # the clocks go forward in Berlin
    datetime(2026, 9, 24, 22, 30, tzinfo=UTC),  # the month's end is the hour that comes twice
]
ADDRESS = "ann@example.net"
PLANS = {"month": (980, 1), "better": (1980, 1), "year": (9600, 12), "trial": (980, 1)}


class LifeOfASubscription(RuleBasedStateMachine):
    """Buys once, then lets anything happen; everything is undone afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.life: Life | None = None
        self.erased = False

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    # -- What can happen ------------------------------------------------------------------------------------------------

    @initialize(at=st.sampled_from(BEGINNINGS), name=st.sampled_from(sorted(PLANS)))
    def buy(self, at: datetime, name: str) -> None:
        self.clock = core_clock.StoppedClock(at)
        core_clock.use(self.clock)
        for slug, (cents, months) in PLANS.items():
            period = "year" if months == 12 else "month"
            trial = 14 if slug == "trial" else 0
            Plan.objects.create(name=slug, slug=slug, price_cents=cents, period=period, trial_days=trial, holds="Every article")
        reader = User.objects.create_user(ADDRESS, confirmed_at=at)
        price = Plan.objects.get(slug=name).prices.get()
        order_flows.begin_order(reader, order_flows.Wish(price.pk, "offline"), now=at)
        order = Order.objects.get()
        offline_flows.pay_order(order, order_flows.order_of(order), now=at)
        cents, months = PLANS[name]
        self.life = Life(at, at, cents, months)
        if name == "trial":
            self.life.status, self.life.anchor = "trial", at + 14 * DAY
        else:
            self.life.pay()
        row = order_flows.finish_order(order, now=at)
        assert row is not None
        self.pk, self.ref = row.pk, row.ref

    @rule(days=st.sampled_from([1, 1, 2, 3, 7, 10, 28, 45]), lost=st.booleans())
    def let_time_pass(self, days: int, lost: bool) -> None:
        self.clock.advance(days * DAY)
        offline_flows.advance(now=self.now)
        self.the_life.live_until(self.now)
        self._hear(lost=lost)

    @rule(steps=st.integers(1, 30))
    def let_days_pass_one_by_one(self, steps: int) -> None:
        for _ in range(steps):
            self.clock.advance(DAY)
            offline_flows.advance(now=self.now)
            self.the_life.live_until(self.now)
        self._hear(lost=False)

    @rule(lost=st.booleans())
    def card_fails_from_now_on(self, lost: bool) -> None:
        offline_flows.fail_next_payment(self.ref)
        self.the_life.card_works = False

    @rule(lost=st.booleans())
    def card_is_mended(self, lost: bool) -> None:
        offline_flows.mend_card(self.ref, now=self.now)
        self.the_life.mend(self.now)
        self._hear(lost=lost)

    @rule()
    def cancel(self) -> None:
        life = self.the_life
        if life.status in ("unpaid", "ended") or life.cancels:
            self._refused(change_flows.cancel)
            return
        change_flows.cancel(self.row, now=self.now)
        if life.status == "past_due" or life.period_end <= self.now:
            life.end(self.now)
        else:
            life.cancels = True

    @rule()
    def undo_cancel(self) -> None:
        life = self.the_life
        if not life.cancels or life.status == "ended":
            self._refused(change_flows.undo_cancel)
            return
        change_flows.undo_cancel(self.row, now=self.now)
        life.cancels = False

    @rule(months=st.integers(1, 3))
    def pause(self, months: int) -> None:
        life = self.the_life
        if life.status != "active" or life.cancels:
            self._refused(lambda row, now: change_flows.pause(row, months, now=now))
            return
        row = change_flows.pause(self.row, months, now=self.now)
        life.status, life.paused_until = "paused", row.paused_until

    @rule()
    def resume(self) -> None:
        if self.the_life.status != "paused":
            self._refused(change_flows.resume)
            return
        change_flows.resume(self.row, now=self.now)
        self.the_life.resume(self.now)

    @precondition(lambda self: self.life is not None and not self.erased)
    @rule(name=st.sampled_from(["month", "better", "year"]))
    def change_plan(self, name: str) -> None:
        life, price = self.the_life, Plan.objects.get(slug=name).prices.get()
        shown = {target.price.pk: target.change for target in change_flows.find_targets(self.row, now=self.now)}
        if price.pk not in shown:
            return
        change, (cents, months) = shown[price.pk], PLANS[name]
        change_flows.change_plan(self.row, price, agreed_text="Change", shown_cents=change.due_cents, now=self.now)
        if change.is_at_renewal:
            life.next_terms = (cents, months)
        else:
            life.change(cents, months, change.due_cents, self.now)

    @rule(share=st.sampled_from([1, 2, 3]), ends_now=st.booleans())
    def refund(self, share: int, ends_now: bool) -> None:
        payment = self.row.lines.filter(kind=LineKind.PAYMENT).order_by("id").last()
        if payment is None:
            return
        left, _ = refund_flows.left_of_payment(self.row, payment.detail)
        if left // share == 0:
            return
        with pytest.raises(Refused):
            refund_flows.refund(self.pk, payment.detail, left + 1, ends_now=False, by=None, now=self.now)
        refund_flows.refund(self.pk, payment.detail, left // share, ends_now=ends_now, by=None, now=self.now)
        self.the_life.given_back += left // share
        if ends_now and self.the_life.status != "ended":
            self.the_life.end(self.now)

    @rule(lost=st.booleans())
    def bank_takes_the_money_back(self, lost: bool) -> None:
        offline_flows.dispute_last_payment(self.ref, now=self.now)
        self.the_life.disputed = self.the_life.disputed or bool(self.the_life.paid)
        self._hear(lost=lost)

    @precondition(lambda self: self.life is not None and not self.erased)
    @rule()
    def erase_the_account(self) -> None:
        reader = User.objects.get(email=ADDRESS)
        change_flows.end_for_erasure(reader.pk, now=self.now)
        erase_account(reader, now=self.now)
        self.erased = True
        if self.the_life.status not in ("unpaid", "ended"):
            self.the_life.end(self.now)

    # -- What must hold -------------------------------------------------------------------------------------------------

    @invariant()
    def books_say_what_the_rules_say(self) -> None:
        if self.life is None:
            return
        row, life = self.row, self.life
        assert (row.status, row.kept_cents) == (life.status, life.kept)
        if life.status in ("trial", "active", "past_due", "paused"):
            assert row.period_end == life.period_end
        reads = Grant.objects.filter(source="subscription", starts_at__lte=self.now, ends_at__gt=self.now).exists()
        # What began and ended in one moment is open for a moment more.
        assert reads is (life.reads(self.now) and not self.erased) or self.now == life.started_at

    @invariant()
    def ledger_adds_up_to_the_columns_and_the_grant(self) -> None:
        if self.life is None:
            return
        row, standing = self.row, fold(line.line() for line in LedgerLine.objects.filter(subscription_id=self.pk))
        assert (row.status, row.period_end, row.kept_cents) == (standing.status, standing.period_end, standing.kept_cents)
        if row.grant is not None and row.grant.ends_at is not None:
            assert row.grant.ends_at == standing.access_ends_at()

    @invariant()
    def providers_books_and_ours_are_the_same(self) -> None:
        if self.life is not None:
            assert [difference.what for difference in find_differences(now=self.now)] == []

    @invariant()
    def letters_came_once_each(self) -> None:
        if self.life is None or self.erased:
            return
        written = Counter(OutboxLetter.objects.filter(to_address=ADDRESS).values_list("kind", flat=True))
        assert written["welcome"] == 1
        assert written["receipt"] == sum(1 for cents in self.life.paid if cents)
        for kind in ("payment-failed", "payment-failed-again", "payment-failed-last"):
            assert written[kind] <= len(self.life.failures)
        if self.life.status == "past_due":
            assert sum(written[kind] for kind in ("payment-failed", "payment-failed-again", "payment-failed-last"))

    # -- Parts ----------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def row(self) -> Subscription:
        return Subscription.objects.select_related("price__plan", "reader", "grant").get(pk=self.pk)

    @property
    def the_life(self) -> Life:
        assert self.life is not None
        return self.life

    def _refused(self, change: Any) -> None:
        before = self.row.lines.count()
        with pytest.raises(Refused):
            change(self.row, now=self.now)
        assert self.row.lines.count() == before

    def _hear(self, *, lost: bool) -> None:
        """The provider's events come twice and the newest first, or not at all; the worker does its part, and the night's."""
        told = ReceivedEvent.objects.values("event_id")
        waiting = list(OfflineEvent.objects.exclude(event_id__in=told).order_by("-id"))
        for event in [] if lost else [*waiting, *waiting]:
            receive_event("offline", {}, json.dumps({"id": event.event_id}).encode(), now=self.now)
        settle_received_events(now=self.now)
        ask_about_due(now=self.now)
        if lost:
            for difference in list(find_differences(now=self.now)):
                mend(difference, now=self.now)
        for _ in range(2):
            write_failure_letters(now=self.now)
            write_renewal_notices(now=self.now)
            write_pause_notices(now=self.now)


def live(monkeypatch: pytest.MonkeyPatch, *, lives: int, steps: int) -> None:
    provider = offline_flows.OfflineProvider()
    monkeypatch.setattr(providers, "load_providers", lambda: {provider.name: provider})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    chosen = settings(
        max_examples=lives, stateful_step_count=steps, deadline=None, database=None, suppress_health_check=checks, print_blob=True
    )
    run_state_machine_as_test(LifeOfASubscription, settings=chosen)


@pytest.mark.django_db
def test_whatever_happens_the_books_say_what_the_rules_say(monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    live(monkeypatch, lives=8, steps=12)


@pytest.mark.soak
@pytest.mark.django_db
def test_whatever_happens_in_many_long_lives(monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    live(monkeypatch, lives=int(os.environ.get("BROADSHEET_LIVES", "400")), steps=40)
