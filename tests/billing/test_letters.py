"""Letters about subscriptions: which come, when, once each, and what they say."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import broadsheet
from broadsheet.billing import offline_flows
from broadsheet.billing.alert_flows import ADVICE, report_failed_payments
from broadsheet.billing.letter_flows import (
    write_card_notices,
    write_failure_letters,
    write_price_letters,
    write_renewal_notices,
    write_yearly_reminders,
)
from broadsheet.billing.models import Alert, LawSettings, Plan, PriceChange, Subscription
from broadsheet.billing.order_flows import follow_subscription
from broadsheet.core import clock as core_clock
from broadsheet.mail.models import OutboxLetter
from broadsheet.publication.models import Publication
from tests.billing.purchases import buy

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FAILURE = ["payment-failed", "payment-failed-again", "payment-failed-last"]


def kinds(*wanted: str) -> list[str]:
    found = OutboxLetter.objects.filter(kind__in=wanted) if wanted else OutboxLetter.objects.all()
    return list(found.order_by("id").values_list("kind", flat=True))


def letter(kind: str) -> OutboxLetter:
    found = OutboxLetter.objects.filter(kind=kind).last()
    assert found is not None
    return found


def fall_due(row: Subscription, stopped: Any, *, wait: timedelta = timedelta(0)) -> None:
    """Let the period end, and some time more, with a card that fails."""
    offline_flows.fail_next_payment(row.ref)
    stopped.at = row.period_end + wait
    follow(row)


def follow(row: Subscription) -> None:
    now = core_clock.now()
    offline_flows.advance(now=now)
    follow_subscription("offline", row.ref, now=now)
    write_failure_letters(now=now)
    row.refresh_from_db()


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 2, 17, 9, 30, tzinfo=UTC),
        datetime(2028, 1, 31, 12, tzinfo=UTC),  # due on 29 February
        datetime(2026, 9, 25, 0, 30, tzinfo=UTC),  # due in the hour that comes twice in Berlin
        datetime(2027, 11, 30, 23, 59, tzinfo=UTC),  # day 3 is in the next year
    ],
)
def test_failed_payment_is_told_on_day_0_3_and_10_once_each(
    offline: Any, plan: Plan, make_reader: Any, clock: Any, start: datetime
) -> None:
    clock.at = start
    row = buy(make_reader(), plan)
    fall_due(row, clock)
    told = {}
    for day in range(15):
        for _ in range(2):
            follow(row)
        told[day] = len(kinds(*FAILURE))
        clock.advance(DAY)
    assert [day for day in told if told[day] > told.get(day - 1, 0)] == [0, 3, 10]
    assert kinds(*FAILURE) == FAILURE


def test_server_that_was_down_tells_the_newest_only_and_nothing_twice(
    offline: Any, plan: Plan, make_reader: Any, clock: Any
) -> None:
    row = buy(make_reader(), plan)
    fall_due(row, clock, wait=5 * DAY)
    clock.advance(-4 * DAY)  # the clock was wrong, and is put back
    write_failure_letters(now=clock.now())
    clock.advance(9 * DAY)
    follow(row)
    assert kinds(*FAILURE) == ["payment-failed-again", "payment-failed-last"]


def test_second_failure_has_letters_of_its_own(offline: Any, plan: Plan, make_reader: Any, clock: Any) -> None:
    row = buy(make_reader(), plan)
    for _ in range(2):
        fall_due(row, clock)
        offline_flows.mend_card(row.ref, now=clock.now())
        follow(row)
    assert kinds(*FAILURE) == ["payment-failed"] * 2


def test_letters_say_what_will_really_be_taken(offline: Any, plan: Plan, make_reader: Any, clock: Any) -> None:
    plan.period, plan.price_cents = "year", 9600
    plan.save()
    row = buy(make_reader(), plan)
    offline_flows.OfflineSubscription.objects.update(cents=4800, full_cents=9600, discount_left=0)
    follow_subscription("offline", row.ref, now=clock.now())
    clock.at = row.period_end - 10 * DAY
    for _ in range(2):
        write_renewal_notices(now=clock.now())
    assert "€96 is taken" in letter("renews-soon").text
    assert kinds("renews-soon") == ["renews-soon"]


def test_whoever_pays_an_old_price_is_told_of_the_new_one_and_the_day_it_is_taken(
    offline: Any, plan: Plan, make_reader: Any, clock: Any
) -> None:
    row = buy(make_reader(), plan)
    old = row.price
    plan.price_cents = 1280
    plan.save()
    new = plan.prices.first()
    assert new is not None
    change = PriceChange.objects.create(from_price=old, to_price=new, effective_on=date(2026, 4, 1), announced_at=clock.now())
    for _ in range(2):
        assert write_price_letters(now=clock.now()) in (0, 1)
    told = letter("price-changes").text
    assert "€12.80 a month" in told and "€9.80 a month" in told and "17 April 2026" in told
    assert kinds("price-changes") == ["price-changes"]
    change.withdrawn_at = clock.now()
    change.save()
    buy(make_reader("late@example.net"), plan)
    assert write_price_letters(now=clock.now()) == 0


@pytest.mark.parametrize(
    ("expires", "told"),
    [(date(2026, 3, 15), True), (date(2026, 3, 31), False), (date(2026, 2, 16), False), (date(2026, 4, 30), False)],
)
def test_card_that_will_not_live_to_the_next_payment_is_told_of_once(
    offline: Any, plan: Plan, make_reader: Any, clock: Any, expires: date, told: bool
) -> None:
    row = buy(make_reader(), plan)
    Subscription.objects.filter(pk=row.pk).update(card_expires=expires)
    assert [write_card_notices(now=clock.now()) for _ in range(2)] == [int(told), 0]
    if told:
        assert "at the end of March 2026" in letter("card-expires").text


def test_yearly_reminder_comes_where_the_law_wants_it_and_once_a_year(
    offline: Any, plan: Plan, make_reader: Any, clock: Any
) -> None:
    row = buy(make_reader(), plan)
    clock.advance(366 * DAY)
    follow(row)
    assert write_yearly_reminders(now=clock.now()) == 0
    LawSettings.objects.update_or_create(pk=1, defaults={"us_reminder": True})
    assert [write_yearly_reminders(now=clock.now()) for _ in range(2)] == [1, 0]
    assert "since 17 February 2026" in letter("yearly-reminder").text
    clock.advance(365 * DAY)
    follow(row)
    assert write_yearly_reminders(now=clock.now()) == 1


def test_publisher_is_told_of_failed_payments_once_a_day(offline: Any, plan: Plan, make_reader: Any, clock: Any) -> None:
    Publication.objects.create(name="The Review", money_alerts_to="money@review.example")
    rows = [buy(make_reader(f"r{number}@example.net"), plan) for number in range(3)]
    for row in rows[:2]:
        offline_flows.fail_next_payment(row.ref)
    clock.at = rows[0].period_end + timedelta(hours=1)
    for row in rows:
        follow(row)
    assert report_failed_payments(now=clock.now()) == 0, "the day is not over"
    clock.advance(DAY)
    assert [report_failed_payments(now=clock.now()) for _ in range(3)] == [1, 0, 0]
    told = letter("money-alert")
    assert told.to_address == "money@review.example"
    assert "2 payments failed on 17 March, €19.60 in all" in told.subject
    assert "@" not in told.text.replace("money@review.example", "")
    assert Alert.objects.get().settled_at is not None, "nothing is left to do about it"


def test_dispute_is_told_at_once_and_once(offline: Any, plan: Plan, make_reader: Any, clock: Any) -> None:
    row = buy(make_reader(), plan)
    offline_flows.dispute_last_payment(row.ref, now=clock.now())
    for _ in range(2):
        follow(row)
    assert kinds("money-alert") == ["money-alert"]
    assert "before its deadline" in letter("money-alert").text
    assert "is disputed" in Alert.objects.get(settled_at=None).text


def test_welcome_says_what_the_reader_holds_and_what_is_taken_when(offline: Any, plan: Plan, make_reader: Any, clock: Any) -> None:
    plan.holds = "Every article\nThe Daily Review by email"
    plan.trial_days = 14
    plan.save()
    buy(make_reader(), plan)
    told = letter("welcome").text
    assert "- Every article\n- The Daily Review by email" in told
    assert "free, until 3 March 2026" in told and "€9.80, is on 3 March 2026" in told
    assert not re.search(r"\{|\}|\bNone\b|  ", told)
    assert kinds("receipt") == []


def test_every_kind_of_alert_says_what_to_do() -> None:
    sources = "".join(path.read_text("utf-8") for path in Path(broadsheet.__file__).parent.rglob("*.py"))
    raised = set(re.findall(r'raise_alert\(\s*f"([a-z-]+):', sources)) | {"price", "dispute", "no-account"}
    assert len(raised) > 8
    assert raised <= set(ADVICE)
