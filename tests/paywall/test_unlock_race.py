"""The meter under fire: many processes at once, and a process that dies in the middle. The same on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from broadsheet.core.clock import StoppedClock
from broadsheet.core.models import Change, Event
from broadsheet.library.models import Article
from broadsheet.paywall.flows import UnlockOutcome, unlock_article
from broadsheet.paywall.meter import unlock_end
from broadsheet.paywall.models import Unlock
from tests.subprocesses import child_environment

pytestmark = pytest.mark.django_db(transaction=True)

ARTICLES = 50
PROCESSES = 4
THREADS = 16

UNLOCK_MANY = """
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
import django
django.setup()
from django.db import connections
from broadsheet.paywall.flows import unlock_article

reader, now, articles = int(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), [int(text) for text in sys.argv[3:]]
start = Barrier(len(articles) + 1)

def press(article):
    start.wait()
    try:
        return unlock_article(reader, article, now=now).outcome
    finally:
        connections.close_all()

with ThreadPoolExecutor(len(articles)) as pool:
    pressed = [pool.submit(press, article) for article in articles]
    print("ready", flush=True)
    sys.stdin.readline()
    start.wait()
    print(" ".join(str(one.result()) for one in pressed), flush=True)
"""

# The process stops where the slot is taken and the transaction still open, or just after it is closed.
UNLOCK_ONE = """
import sys, time
from datetime import datetime
import django
django.setup()
from broadsheet.paywall import flows

reader, now, article, where = int(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), int(sys.argv[3]), sys.argv[4]

def stop(*args, **kwargs):
    print("there", flush=True)
    time.sleep(60)

if where == "inside":
    flows.record_event = stop
flows.unlock_article(reader, article, now=now)
stop()
"""


def python(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *(str(one) for one in arguments)]
    return subprocess.Popen(command, env=child_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ends_soon(process: subprocess.Popen[str]) -> None:
    process.wait(timeout=60)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def test_64_parallel_unlocks_of_50_articles_open_exactly_three(
    make_article: Callable[..., Article], make_reader: Any, clock: StoppedClock
) -> None:
    reader, articles = make_reader(), [make_article().pk for _ in range(ARTICLES)]
    wishes = [articles[number % ARTICLES] for number in range(PROCESSES * THREADS)]
    children = [python(UNLOCK_MANY, reader.pk, clock.now().isoformat(), *wishes[number::PROCESSES]) for number in range(PROCESSES)]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        outcomes = Counter(" ".join(child.stdout.readline() for child in children if child.stdout).split())
    finally:
        for child in children:
            ends_soon(child)
    rows = list(Unlock.objects.filter(reader=reader).values_list("month", "slot").order_by("slot"))
    assert rows == [("2026-02", 1), ("2026-02", 2), ("2026-02", 3)]
    assert outcomes["opened"] == 3
    assert sum(outcomes.values()) == PROCESSES * THREADS
    assert Event.objects.filter(kind="unlocked").count() == 3


@pytest.mark.parametrize(("where", "kept"), [("inside", 0), ("after", 1)])
def test_process_killed_in_an_unlock_spends_a_slot_only_with_what_it_opens(
    where: str, kept: int, make_article: Callable[..., Article], make_reader: Any, clock: StoppedClock
) -> None:
    reader, article = make_reader(), make_article()
    child = python(UNLOCK_ONE, reader.pk, clock.now().isoformat(), article.pk, where)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "there\n"
    finally:
        os.kill(child.pid, signal.SIGKILL)
        ends_soon(child)
    assert Unlock.objects.filter(reader=reader).count() == kept
    assert Event.objects.filter(kind="unlocked").count() == kept
    assert Change.objects.filter(kind="rights").count() == kept
    again = unlock_article(reader.pk, article.pk, now=clock.now())
    assert again.outcome is (UnlockOutcome.ALREADY_OPEN if kept else UnlockOutcome.OPENED)
    assert again.remaining == 2


@pytest.mark.parametrize("slot", [0, 4, -1])
def test_table_itself_refuses_a_slot_beyond_the_allowance(
    slot: int, make_article: Callable[..., Article], make_reader: Any, clock: StoppedClock, settings: Any
) -> None:
    reader, article, now = make_reader(), make_article(), clock.now()
    end = unlock_end(now, settings.BROADSHEET.zone)
    row = Unlock(reader=reader, month="2026-02", slot=slot, article=article, allowance=3, opened_at=now, ends_at=end)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_open_article_stays_open_for_30_days_and_to_the_end_of_the_month(
    make_article: Callable[..., Article], make_reader: Any, clock: StoppedClock
) -> None:
    reader, article = make_reader(), make_article()
    unlock_article(reader.pk, article.pk, now=clock.now())
    clock.advance(timedelta(days=20))
    assert unlock_article(reader.pk, article.pk, now=clock.now()).outcome is UnlockOutcome.ALREADY_OPEN
    assert Unlock.objects.count() == 1
