"""The cursor over the change log: whatever commits when, each line is seen once, and what cannot be known is said."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.core.change_cursor import ChangeCursor, ChangeLine, Mark, News, Reading

START = datetime(2026, 2, 17, tzinfo=UTC)
_ticks = count()


@dataclass
class Transaction:
    """One writer: what it has inserted and not committed yet."""

    number: int
    lines: list[ChangeLine] = field(default_factory=list)


class Log:
    """A change log as PostgreSQL shows it: ids are given at insertion, lines appear at commit."""

    def __init__(self) -> None:
        self.lines: dict[int, ChangeLine] = {}
        self.trimmed_to = 0
        self.open: list[Transaction] = []
        self.next_id, self.next_number = 1, 100

    def begin(self) -> Transaction:
        writer = Transaction(self.next_number)
        self.next_number += 1
        self.open.append(writer)
        return writer

    def insert(self, writer: Transaction) -> int:
        line = ChangeLine(self.next_id, "article", "", writer.number, START + timedelta(microseconds=next(_ticks)))
        self.next_id += 1
        writer.lines.append(line)
        return line.id

    def commit(self, writer: Transaction) -> None:
        self.open.remove(writer)
        self.lines.update({line.id: line for line in writer.lines})

    def roll_back(self, writer: Transaction) -> None:
        self.open.remove(writer)

    def add(self) -> None:
        """One line by itself."""
        writer = self.begin()
        self.insert(writer)
        self.commit(writer)

    def trim(self, up_to: int) -> None:
        self.lines = {number: line for number, line in self.lines.items() if number > up_to}
        self.trimmed_to = max(self.trimmed_to, up_to)

    def copy(self) -> Log:
        """A backup, restored."""
        return deepcopy(self)

    def read(self, place: int | None, known_id: int = 0) -> Reading:
        horizon = min((writer.number for writer in self.open), default=self.next_number)
        lines = [line for line in self.lines.values() if line.place >= (horizon if place is None else place)]
        Random(len(lines)).shuffle(lines)  # a query without ORDER BY owes no order
        newest = max(self.lines.values(), key=lambda line: line.id, default=None)
        known = self.lines.get(known_id)
        return Reading(
            tuple(lines),
            horizon,
            Mark(newest.id, newest.at) if newest else Mark(),
            self.trimmed_to,
            known.at if known else None,
        )


def look(cursor: ChangeCursor, log: Log) -> News:
    return cursor.take(log.read(cursor.place, cursor.known_id))


def ids(news: News) -> list[int]:
    assert not news.must_forget_all
    return [line.id for line in news.lines]


steps = st.lists(
    st.tuples(st.sampled_from(["begin", "insert", "insert", "commit", "roll back", "look", "look"]), st.integers(0, 7)), max_size=60
)


@given(steps)
def test_every_line_is_seen_once_whatever_commits_when(script: list[tuple[str, int]]) -> None:
    log = Log()
    cursor = ChangeCursor(log.read(None))
    seen: list[int] = []
    for step, which in script:
        writer = log.open[which % len(log.open)] if log.open else None
        if step == "begin":
            log.begin()
        elif step == "look":
            seen += ids(look(cursor, log))
        elif writer is not None:
            {"insert": log.insert, "commit": log.commit, "roll back": log.roll_back}[step](writer)
    for writer in list(log.open):
        log.commit(writer)
    seen += ids(look(cursor, log))
    assert sorted(seen) == sorted(log.lines)
    assert not ids(look(cursor, log))


@given(steps)
def test_cursor_that_starts_late_sees_what_was_not_yet_committed(script: list[tuple[str, int]]) -> None:
    log = Log()
    for step, which in script:
        writer = log.open[which % len(log.open)] if log.open else None
        if step == "begin":
            log.begin()
        elif writer is not None and step != "look":
            {"insert": log.insert, "commit": log.commit, "roll back": log.roll_back}[step](writer)
    cursor = ChangeCursor(log.read(None))
    there = set(log.lines)
    for writer in list(log.open):
        log.commit(writer)
    seen = ids(look(cursor, log))
    assert sorted(seen) == sorted(set(log.lines) - there)


def test_lower_id_that_commits_later_is_seen() -> None:
    log = Log()
    slow, fast = log.begin(), log.begin()
    cursor = ChangeCursor(log.read(None))
    first, second = log.insert(slow), log.insert(fast)
    log.commit(fast)
    assert ids(look(cursor, log)) == [second]
    log.commit(slow)
    assert ids(look(cursor, log)) == [first]


def test_lines_of_one_look_come_in_the_order_of_their_ids() -> None:
    log = Log()
    cursor = ChangeCursor(log.read(None))
    writers = [log.begin() for _ in range(3)]
    for _ in range(10):
        for writer in writers:
            log.insert(writer)
    for writer in reversed(writers):
        log.commit(writer)
    seen = ids(look(cursor, log))
    assert seen == sorted(seen) and len(seen) == 30


# -- When the log cannot tell ------------------------------------------------------------------------------------------


def written(number: int) -> Log:
    """A log of so many lines."""
    log = Log()
    for _ in range(number):
        log.add()
    return log


def test_whoever_slept_while_lines_were_trimmed_must_forget_all() -> None:
    log = written(5)
    cursor = ChangeCursor(log.read(None))
    log.add()
    log.add()
    log.trim(6)
    assert look(cursor, log).must_forget_all


def test_whoever_had_read_what_was_trimmed_goes_on() -> None:
    log = written(5)
    cursor = ChangeCursor(log.read(None))
    for trimmed_to in (3, 5):
        log.trim(trimmed_to)
        assert ids(look(cursor, log)) == []
    log.add()
    assert ids(look(cursor, log)) == [6]
    log.trim(6)
    log.add()
    assert ids(look(cursor, log)) == [7]


@pytest.mark.parametrize("more", [0, 1])
def test_log_that_was_trimmed_before_the_start_is_no_loss(more: int) -> None:
    log = written(5)
    log.trim(5)
    for _ in range(more):
        log.add()
    cursor = ChangeCursor(log.read(None))
    assert ids(look(cursor, log)) == []
    log.add()
    assert ids(look(cursor, log)) == [6 + more]


@given(steps, st.integers(0, 20))
def test_trimming_what_was_read_is_never_taken_for_a_loss(script: list[tuple[str, int]], keep: int) -> None:
    log = Log()
    cursor = ChangeCursor(log.read(None))
    for step, which in script:
        writer = log.open[which % len(log.open)] if log.open else None
        if step == "begin":
            log.begin()
        elif step == "look":
            ids(look(cursor, log))
            log.trim(max(log.trimmed_to, cursor.known_id - keep))
        elif writer is not None:
            {"insert": log.insert, "commit": log.commit, "roll back": log.roll_back}[step](writer)
    ids(look(cursor, log))


@pytest.mark.parametrize("missing", range(1, 6))
@pytest.mark.parametrize("since", range(8))
def test_older_copy_of_the_log_is_noticed_however_far_it_has_come_since(missing: int, since: int) -> None:
    log = written(5)
    cursor = ChangeCursor(log.read(None))
    copy = log.copy()
    for _ in range(missing):
        log.add()
    assert len(ids(look(cursor, log))) == missing
    for _ in range(since):
        copy.add()
    assert look(cursor, copy).must_forget_all


@pytest.mark.parametrize("since", range(3))
def test_same_log_on_another_server_is_noticed_by_its_lower_transactions(since: int) -> None:
    log = written(5)
    cursor = ChangeCursor(log.read(None))
    copy = log.copy()
    copy.next_number = 3
    for _ in range(since):
        copy.add()
    assert look(cursor, copy).must_forget_all


def test_copy_that_is_as_new_as_what_was_read_is_no_loss() -> None:
    log = written(5)
    cursor = ChangeCursor(log.read(None))
    copy = log.copy()
    copy.add()
    assert ids(look(cursor, copy)) == [6]
