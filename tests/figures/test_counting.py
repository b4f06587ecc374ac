"""Counting events and ledgers: once, on the right day, whatever happens meanwhile."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections, transaction
from pytest_django import Settings

from broadsheet.billing import offline_flows
from broadsheet.billing.models import LedgerLine, Order, Plan
from broadsheet.billing.order_flows import Wish, begin_order, finish_order, follow_subscription, order_of
from broadsheet.core import clock
from broadsheet.core.clock import StoppedClock
from broadsheet.core.flows import EventKind, record_event
from broadsheet.core.models import Event
from broadsheet.figures import flows
from broadsheet.figures.flows import EVENTS, LEDGERS, count_ledgers, start_over
from broadsheet.figures.models import ArticleDayCount, DayCount, SubscriptionDay
from tests.billing.purchases import buy
from tests.subprocesses import child_environment

NOON = datetime(2026, 2, 17, 12, tzinfo=UTC)


PATIENCE_S = 60.0
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname <> current_database()"
    " AND backend_xid::text::bigint <= (SELECT max(place) FROM core_event)"
)


def settle() -> None:
    """Wait for transactions of other tests on the same server: what is final is so for all of its databases at once."""
    deadline = time.monotonic() + PATIENCE_S
    while connection.vendor == "postgresql" and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(_OTHERS)
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.05)


def count_everything() -> int:
    settle()
    return flows.count_everything()


def count_events(*, at_most: int) -> int:
    settle()
    return flows.count_events(at_most=at_most)


def days() -> list[tuple[date, str, str, int]]:
    return list(DayCount.objects.values_list("day", "kind", "source", "count"))


def articles() -> list[tuple[Any, ...]]:
    return list(ArticleDayCount.objects.values_list("day", "kind", "article_id", "source", "count"))


def ledger_days() -> list[tuple[Any, ...]]:
    """What the sums say, without rows that have come to nothing."""
    rows = SubscriptionDay.objects.values_list("day", "what", "why", "plan_id", "currency", "count", "yearly_cents")
    return [row for row in rows if row[5] or row[6]]


def shown(article_id: int | None, at: datetime, count: int = 1, source: str = "stranger") -> None:
    record_event(EventKind.WALL_SHOWN, now=at, article_id=article_id, count=count, source=source)


@pytest.mark.django_db(transaction=True)
def test_events_are_summed_by_day_kind_article_and_source() -> None:
    shown(1, NOON, 3)
    shown(1, NOON, 2)
    shown(2, NOON, source="meter")
    record_event(EventKind.CONFIRMED, now=NOON)
    count_everything()
    day = NOON.date()
    assert days() == [(day, "confirmed", "", 1), (day, "wall_shown", "meter", 1), (day, "wall_shown", "stranger", 5)]
    assert articles() == [(day, "wall_shown", 1, "stranger", 5), (day, "wall_shown", 2, "meter", 1)]


@pytest.mark.django_db(transaction=True)
def test_counting_again_counts_nothing_twice() -> None:
    shown(1, NOON)
    assert count_everything() == 1
    assert count_everything() == 0
    shown(1, NOON)
    assert count_everything() == 1
    assert [row[-1] for row in days()] == [2]


@pytest.mark.django_db(transaction=True)
def test_day_is_the_publications_and_late_event_lands_on_its_own() -> None:
    shown(1, datetime(2026, 2, 17, 22, 59, 59, tzinfo=UTC))  # a second before midnight in Berlin
    shown(1, datetime(2026, 2, 17, 23, 0, tzinfo=UTC))
    count_everything()
    shown(1, datetime(2026, 2, 16, 8, tzinfo=UTC))  # came late
    shown(1, datetime(2026, 3, 28, 23, 30, tzinfo=UTC))  # the short day on which clocks go forward
    shown(1, datetime(2026, 3, 29, 21, 59, tzinfo=UTC))
    shown(1, datetime(2026, 3, 29, 22, 0, tzinfo=UTC))
    count_everything()
    found = {day.isoformat(): count for day, _, _, count in days()}
    assert found == {"2026-02-16": 1, "2026-02-17": 1, "2026-02-18": 1, "2026-03-29": 2, "2026-03-30": 1}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at_most", [1, 7])
def test_size_of_a_batch_changes_nothing(at_most: int) -> None:
    random = Random(at_most)
    for _ in range(25):
        shown(random.randint(1, 3), NOON + timedelta(hours=random.randint(-40, 40)), random.randint(1, 4))
        if random.random() < 0.3:
            count_events(at_most=at_most)
    while count_events(at_most=at_most):
        pass
    counted = days(), articles()
    start_over(EVENTS)
    count_everything()
    assert (days(), articles()) == counted
    assert sum(row[-1] for row in days()) == sum(Event.objects.values_list("count", flat=True))


@pytest.mark.django_db(transaction=True)
def test_another_zone_counts_anew(settings: Settings) -> None:
    shown(1, datetime(2026, 2, 17, 23, 30, tzinfo=UTC))
    count_everything()
    assert [day.day for day, *_ in days()] == [18]
    from dataclasses import replace

    settings.BROADSHEET = replace(django_settings.BROADSHEET, time_zone="America/New_York")
    count_everything()
    assert [(day.day, count) for day, *_, count in days()] == [(17, 1)]


@pytest.mark.django_db(transaction=True)
def test_events_from_before_the_column_are_counted_once() -> None:
    shown(1, NOON)
    Event.objects.update(place=None)
    shown(1, NOON)
    count_everything()
    count_everything()
    assert [row[-1] for row in days()] == [2]


DIE = """
import os, django
django.setup()
from broadsheet.figures import store
from broadsheet.figures.flows import count_everything
add = store.add
def add_and_die(*args):
    add(*args)
    os.kill(os.getpid(), 9)
store.add = add_and_die
count_everything()
"""


@pytest.mark.django_db(transaction=True)
def test_job_that_is_killed_loses_and_doubles_nothing() -> None:
    shown(1, NOON, 4)
    count_everything()
    shown(1, NOON, 3)
    settle()
    ran = subprocess.run([sys.executable, "-c", DIE], env=child_environment(), check=False, capture_output=True, text=True)
    assert ran.returncode == -9, ran.stderr
    assert [row[-1] for row in days()] == [4]
    count_everything()
    assert [row[-1] for row in days()] == [7]


@pytest.fixture
def second_connection(db: None) -> Iterator[Any]:
    """Another connection to the same PostgreSQL."""
    other = connections.create_connection("default")
    other.settings_dict = dict(connection.settings_dict)
    yield other
    other.close()


@pytest.mark.django_db(transaction=True)
def test_event_that_commits_after_one_with_a_higher_id_is_counted(second_connection: Any) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite writers take turns")
    insert = "INSERT INTO core_event (kind, at, month, article_id, count, source) VALUES ('wall_shown', %s, '2026-02', 1, 1, '')"
    second_connection.set_autocommit(False)
    with second_connection.cursor() as cursor:
        cursor.execute(insert, [NOON])  # takes its id, and waits
    shown(1, NOON, source="")
    count_everything()
    early = sum(row[-1] for row in days())
    second_connection.commit()
    count_everything()
    assert early <= 1
    assert sum(row[-1] for row in days()) == 2


# -- Ledgers ---------------------------------------------------------------------------------------------------------


def live(offline: Any, plan: Plan, make_reader: Any, clock: StoppedClock, *, count: bool) -> None:
    """Some subscriptions of several fates; between two steps what is new is counted, if that is wanted."""
    random = Random(5)
    rows = [buy(make_reader(), plan) for _ in range(6)]
    for _ in range(5):
        clock.advance(timedelta(days=random.randint(8, 20)))
        row = random.choice(rows)
        if random.random() < 0.5:
            offline_flows.fail_next_payment(row.ref)
        else:
            offline.cancel(row.ref, at_period_end=random.random() < 0.5, now=clock.now())
        offline_flows.advance(now=clock.now())
        for each in rows:
            follow_subscription("offline", each.ref, now=clock.now())
        if count:
            count_ledgers(at_most=random.choice([1, 3, 1000]))


@pytest.mark.django_db
def test_counting_ledgers_bit_by_bit_comes_to_the_same_as_counting_anew(
    offline: Any, plan: Plan, make_reader: Any, clock: StoppedClock
) -> None:
    live(offline, plan, make_reader, clock, count=True)
    count_everything()
    counted = ledger_days()
    assert {row[1] for row in counted} >= {"started", "ended", "renewed", "revenue"}
    start_over(LEDGERS)
    assert not ledger_days()
    count_everything()
    assert ledger_days() == counted


@pytest.mark.django_db
def test_ledger_lines_of_a_transaction_that_is_undone_are_not_counted(offline: Any, plan: Plan, make_reader: Any) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        buy(make_reader(), plan)
        raise ZeroDivisionError
    count_everything()
    assert not LedgerLine.objects.exists()
    assert not ledger_days()
    buy(make_reader(), plan)
    count_everything()
    assert {row[1] for row in ledger_days()} == {"started", "revenue"}


@pytest.mark.django_db
def test_subscription_remembers_the_article_and_the_campaign_it_came_from(offline: Any, plan: Plan, make_reader: Any) -> None:
    reader, price = make_reader(), plan.prices.first()
    assert price is not None
    begin_order(reader, Wish(price.pk, "offline", next_path="/articles/17/the-slug/#continue"), now=clock.now())
    order = Order.objects.get()
    Order.objects.update(campaign="spring")
    offline_flows.pay_order(order, order_of(order), now=clock.now())
    finish_order(Order.objects.get(), now=clock.now())
    told = Event.objects.filter(kind__in=("ordered", "subscribed")).values_list("kind", "article_id", "source", "reader_id")
    assert list(told) == [("ordered", 17, "", reader.pk), ("subscribed", 17, "spring", reader.pk)]
