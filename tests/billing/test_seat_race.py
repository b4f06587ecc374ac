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

PROCESSES = 2
THREADS = 32
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

organisation, gift, now, readers = int(sys.argv[1]), int(sys.argv[2]), datetime.fromisoformat(sys.argv[3]), sys.argv[4:]
start = Barrier(len(readers))

def press(number):
    reader = User.objects.get(pk=int(number))
    try:
        for press_one in (join_by_domain, organisation), (redeem_gift, gift):
            start.wait()
            answer = press_one[0](press_one[1], reader, now=now)
            yield str(answer) if isinstance(answer, str) else "opened"
    finally:
        connections.close_all()

with ThreadPoolExecutor(len(readers)) as pool:
    answers = pool.map(lambda number: " ".join(press(number)), readers)
    print(" ".join(answers), flush=True)
"""


def make_plan(kind: str) -> Plan:
    return Plan.objects.create(name=kind, slug=kind, price_cents=8000, period="year", kind=kind)


def test_64_readers_at_once_take_no_more_seats_than_are_paid_for_and_one_of_them_the_gift(
    offline: Any, make_reader: Any, clock: StoppedClock
) -> None:
    owner, now = make_reader("office@acme.example"), clock.now()
    acme = buy_seats(owner, make_plan(Plan.Kind.GROUP), SEATS)
    add_domain(acme, "acme.example", by=owner, now=now)
    gift = give(make_reader(), make_plan(Plan.Kind.GIFT))
    crowd = [str(make_reader(f"reader{number}@acme.example").pk) for number in range(PROCESSES * THREADS)]
    children = [
        subprocess.Popen(
            [sys.executable, "-c", PRESS, str(acme.pk), str(gift.pk), now.isoformat(), *crowd[part::PROCESSES]],
            env=child_environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in range(PROCESSES)
    ]
    answers = Counter(" ".join(child.communicate(timeout=300)[0] for child in children).split())
    assert answers == {"taken": SEATS, "full": len(crowd) - SEATS, "opened": 1, "used": len(crowd) - 1}
    assert sorted(Seat.objects.values_list("number", flat=True)) == list(range(1, SEATS + 1))
    assert Grant.objects.filter(source="seat").count() == SEATS
    gift.refresh_from_db()
    assert Grant.objects.get(source="gift").reader_id == gift.reader_id


@pytest.mark.parametrize("number", [0, 3])
def test_table_itself_refuses_a_seat_beyond_those_paid_for(
    number: int, offline: Any, make_reader: Any, clock: StoppedClock
) -> None:
    acme = buy_seats(make_reader(), make_plan(Plan.Kind.GROUP), 2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Seat.objects.create(organisation=acme, number=number, paid_seats=2, address="a@x.example", address_key="a", token_hash="t")
