"""Transactions that end in another order than they began: on both databases no change is missed, and none is seen twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from random import Random
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.db.models.signals import post_save

from broadsheet.accounts.models import User
from broadsheet.core.change_cursor import ChangeCursor
from broadsheet.core.clock import StoppedClock
from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.core.models import Change
from broadsheet.edge.database import Database
from broadsheet.membership.flows import change_rights, end_grant
from broadsheet.membership.models import Grant
from broadsheet.paywall.store import load_entitlement
from tests.subprocesses import child_environment

pytestmark = pytest.mark.django_db(transaction=True)


class Follower:
    """One reader of the log, with everything it has seen."""

    def __init__(self) -> None:
        self.database = Database(child_environment()["BROADSHEET_DATABASE_URL"])
        self.cursor = ChangeCursor(self.database.read_changes(None))
        self.seen: list[int] = []

    def look(self) -> list[int]:
        news = self.cursor.take(self.database.read_changes(self.cursor.place, self.cursor.known_id))
        assert not news.must_forget_all
        fresh = [line.id for line in news.lines]
        self.seen += fresh
        return fresh


@contextmanager
def following() -> Iterator[Follower]:
    follower = Follower()
    with closing(follower.database):
        yield follower


@pytest.fixture
def on_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("On SQLite writers take turns.")


@contextmanager
def writers(number: int) -> Iterator[list[psycopg.Connection[Any]]]:
    """Connections of their own, each ready to begin a transaction."""
    links = [psycopg.connect(child_environment()["BROADSHEET_DATABASE_URL"]) for _ in range(number)]
    try:
        yield links
    finally:
        for link in links:
            link.close()


def insert(link: psycopg.Connection[Any]) -> int:
    row = link.execute("INSERT INTO core_change (kind, subject, at) VALUES ('article', '1', now()) RETURNING id").fetchone()
    assert row is not None
    return int(row[0])


# -- PostgreSQL: ids are given in one order, transactions commit in another --------------------------------------------


@pytest.mark.usefixtures("on_postgresql")
def test_line_that_is_committed_after_a_later_one_was_read_is_seen_once() -> None:
    with following() as follower, writers(2) as (slow, fast):
        first, second = insert(slow), insert(fast)
        assert first < second
        fast.commit()
        assert follower.look() == [second]
        assert follower.look() == []
        slow.commit()
        assert follower.look() == [first]
        assert follower.look() == []


@pytest.mark.usefixtures("on_postgresql")
def test_line_of_a_transaction_that_was_open_before_the_reader_began_is_seen() -> None:
    with writers(2) as (slow, fast):
        first = insert(slow)
        insert(fast)
        fast.commit()
        with following() as follower:
            assert follower.look() == []
            slow.commit()
            assert follower.look() == [first]


@pytest.mark.usefixtures("on_postgresql")
def test_lines_within_savepoints_have_their_transactions_place() -> None:
    with following() as follower, writers(2) as (slow, fast):
        kept = [insert(slow)]
        slow.execute("SAVEPOINT one")
        kept.append(insert(slow))
        slow.execute("SAVEPOINT two")
        insert(slow)
        slow.execute("ROLLBACK TO SAVEPOINT two")
        slow.execute("RELEASE SAVEPOINT one")
        kept.append(insert(slow))
        later = insert(fast)
        fast.commit()
        assert follower.look() == [later]
        slow.commit()
        assert follower.look() == kept
        assert follower.look() == []


@pytest.mark.usefixtures("on_postgresql")
def test_writer_that_has_yet_to_write_holds_nothing_up() -> None:
    with following() as follower, writers(2) as (idle, busy):
        idle.execute("SELECT 1")
        for _ in range(20):
            seen = insert(busy)
            busy.commit()
            assert follower.look() == [seen]
        place = follower.cursor.place
        follower.look()
        assert follower.cursor.place >= place


@pytest.mark.usefixtures("on_postgresql")
@pytest.mark.parametrize("seed", range(2))
def test_no_line_is_missed_or_seen_twice_in_any_order_of_commits(seed: int) -> None:
    _follow_scripted_writers(Random(seed), steps=300)


@pytest.mark.soak
@pytest.mark.usefixtures("on_postgresql")
def test_no_line_is_missed_in_many_orders_of_commits() -> None:
    for seed in range(100, 150):
        _follow_scripted_writers(Random(seed), steps=1_000)


def _follow_scripted_writers(random: Random, *, steps: int) -> None:
    """Eight connections that insert, save, roll back and commit as `random` has it, while three look now and then."""
    committed: list[int] = []
    with following() as one, following() as two, following() as late, writers(8) as links:
        pending: dict[int, list[int]] = {number: [] for number in range(len(links))}
        saved: dict[int, list[int]] = {number: [] for number in range(len(links))}
        for _ in range(steps):
            number = random.randrange(len(links))
            link, lines, savepoints = links[number], pending[number], saved[number]
            step = random.choice(
                ["insert"] * 5 + ["save", "back", "release", "commit", "commit", "roll back", "look", "look", "look"]
            )
            if step == "insert":
                lines.append(insert(link))
            elif step == "save" and lines:
                link.execute(f"SAVEPOINT s{len(savepoints)}")
                savepoints.append(len(lines))
            elif step in ("back", "release") and savepoints:
                length = savepoints.pop()
                link.execute(f"{'ROLLBACK TO' if step == 'back' else 'RELEASE'} SAVEPOINT s{len(savepoints)}")
                if step == "back":
                    del lines[length:]
            elif step == "commit":
                link.commit()
                committed += lines
                lines.clear()
                savepoints.clear()
            elif step == "roll back":
                link.rollback()
                lines.clear()
                savepoints.clear()
            elif step == "look":
                random.choice([one, two]).look()
        for number, link in enumerate(links):
            link.commit()
            committed += pending[number]
        for follower in (one, two, late):
            follower.look()
            assert sorted(follower.seen) == sorted(committed)
            assert follower.look() == []


# -- Both databases: many writers at once ------------------------------------------------------------------------------


def test_readers_that_look_while_many_write_see_each_line_once(clock: StoppedClock) -> None:
    written: list[int] = []
    done = threading.Event()

    def write(seed: int) -> None:
        random = Random(seed)
        try:
            for _ in range(12):
                lines: list[int] = []
                try:
                    with transaction.atomic():
                        lines = [record_change(ChangeKind.ARTICLE, "1", now=clock.now()).pk for _ in range(random.randint(1, 3))]
                        if random.random() < 0.3:
                            raise _ChangedMind
                except _ChangedMind:
                    continue
                written.extend(lines)
        finally:
            connection.close()

    def follow() -> None:
        with following() as follower:
            started.wait()
            while not done.is_set():
                follower.look()
            follower.look()
            seen.append(sorted(follower.seen))

    seen: list[list[int]] = []
    started = threading.Barrier(3)
    readers = [threading.Thread(target=follow) for _ in range(2)]
    for reader in readers:
        reader.start()
    started.wait()
    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    for reader in readers:
        reader.join()
    assert len(written) > 20
    assert seen == [sorted(written)] * 2


class _ChangedMind(Exception):
    """A writer rolls back."""


def test_lines_of_an_import_stand_in_the_order_of_their_transaction(clock: StoppedClock) -> None:
    with following() as follower:
        with connection.cursor() as cursor:
            at = connection.ops.adapt_datetimefield_value(clock.now())
            cursor.executemany(
                "INSERT INTO core_change (kind, subject, at) VALUES (%s, %s, %s)",
                [("article", str(number), at) for number in range(5)],
            )
        assert len(follower.look()) == 5
        assert Change.objects.count() == 5


# -- A reader's rights -------------------------------------------------------------------------------------------------


def test_version_of_a_readers_rights_never_runs_ahead_of_a_change_that_is_not_committed(
    make_subscriber: Callable[..., User], clock: StoppedClock
) -> None:
    """Two changes of one reader's rights at once: whoever reads the higher version sees both."""
    reader = make_subscriber()
    grant = Grant.objects.get(reader=reader)
    second: list[tuple[int, bool]] = []

    def change_something_else() -> None:
        try:
            with transaction.atomic():
                change_rights(reader.pk, now=clock.now())
            version = User.objects.values_list("rights_version", flat=True).get(pk=reader.pk)
            held = load_entitlement(reader_id=reader.pk, browser_key=None, network_address=None, is_staff=False, now=clock.now())
            second.append((version, bool(held.grants)))
        finally:
            connection.close()

    other = threading.Thread(target=change_something_else)

    def in_the_middle(instance: Change, **kwargs: object) -> None:
        if other.ident is None:
            other.start()
            other.join(timeout=0.7)  # it ends now, or waits for this transaction

    post_save.connect(in_the_middle, sender=Change)
    try:
        clock.advance(timedelta(minutes=1))
        assert end_grant(grant.pk, now=clock.now())
    finally:
        post_save.disconnect(in_the_middle, sender=Change)
    other.join()
    ended_by = Change.objects.filter(kind=ChangeKind.RIGHTS).order_by("id").values_list("id", flat=True)
    version, is_subscribed = second[0]
    assert not is_subscribed or version < max(ended_by), "a pass made in between would count although the grant has ended"
    assert User.objects.get(pk=reader.pk).rights_version == max(ended_by)
