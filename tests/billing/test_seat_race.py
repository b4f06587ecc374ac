"""Gifts and seats under fire: many processes at once. The same on SQLite and PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from broadsheet.billing.group_flows import add_domain
from broadsheet.billing.models import Plan, Seat
from broadsheet.core.clock import StoppedClock
from broadsheet.membership.models import Grant
from tests.billing.purchases import buy_seats, give
from tests.subprocesses import child_environment

pytestmark = pytest.mark.django_db(transaction=True)

PROCESSES = 4
THREADS = 16
SEATS = 5

PRESS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
import django
django.setup()
from django.db import connections
from broadsheet.accounts.models import User
from broadsheet.billing.gift_flows import redeem_gift
from broadsheet.billing.group_flows import join_by_domain

wish = {"join": join_by_domain, "redeem": redeem_gift}[sys.argv[1]]
number, now, readers = int(sys.argv[2]), datetime.fromisoformat(sys.argv[3]), [int(text) for text in sys.argv[4:]]
start = Barrier(len(readers) + 1)

def press(reader):
    reader = User.objects.get(pk=reader)
    start.wait()
    try:
        answer = wish(number, reader, now=now)
        return str(answer) if isinstance(answer, str) else "opened"
    finally:
        connections.close_all()

with ThreadPoolExecutor(len(readers)) as pool:
    pressed = [pool.submit(press, reader) for reader in readers]
    start.wait()
    print(" ".join(one.result() for one in pressed), flush=True)
"""


def press_at_once(wish: str, number: int, readers: list[int], now: str) -> Counter[str]:
    """Let every reader press at the same moment; how many got which answer."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", PRESS, wish, str(number), now, *map(str, readers[part::PROCESSES])],
            env=child_environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in range(PROCESSES)
    ]
    return Counter(" ".join(child.communicate(timeout=120)[0] for child in children).split())


@pytest.fixture
def crowd(make_reader: Any) -> list[int]:
    return [make_reader(f"reader{number}@acme.example").pk for number in range(PROCESSES * THREADS)]


def test_64_parallel_joins_take_no_more_seats_than_are_paid_for(
    offline: Any, crowd: list[int], make_reader: Any, clock: StoppedClock
) -> None:
    plan = Plan.objects.create(name="Team", slug="team", price_cents=8000, period="year", kind=Plan.Kind.GROUP)
    owner = make_reader("office@acme.example")
    acme = buy_seats(owner, plan, SEATS)
    add_domain(acme, "acme.example", by=owner, now=clock.now())
    outcomes = press_at_once("join", acme.pk, crowd, clock.now().isoformat())
    assert outcomes == {"taken": SEATS, "full": len(crowd) - SEATS}
    assert sorted(Seat.objects.values_list("number", flat=True)) == list(range(1, SEATS + 1))
    assert Grant.objects.filter(source="seat").count() == SEATS


def test_gift_that_64_readers_open_at_once_is_one_readers(
    offline: Any, crowd: list[int], make_reader: Any, clock: StoppedClock
) -> None:
    plan = Plan.objects.create(name="Gift", slug="gift", price_cents=9600, period="year", kind=Plan.Kind.GIFT)
    gift = give(make_reader(), plan)
    outcomes = press_at_once("redeem", gift.pk, crowd, clock.now().isoformat())
    assert outcomes == {"opened": 1, "used": len(crowd) - 1}
    gift.refresh_from_db()
    assert Grant.objects.get(source="gift").reader_id == gift.reader_id


@pytest.mark.parametrize("number", [0, 3])
def test_table_itself_refuses_a_seat_beyond_those_paid_for(
    number: int, offline: Any, make_reader: Any, clock: StoppedClock
) -> None:
    plan = Plan.objects.create(name="Team", slug="team", price_cents=8000, period="year", kind=Plan.Kind.GROUP)
    acme = buy_seats(make_reader(), plan, 2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Seat.objects.create(organisation=acme, number=number, paid_seats=2, address="a@x.example", address_key="a", token_hash="t")
