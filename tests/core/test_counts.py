"""Counting on every request: exact under threads, bounded, and spread over the right bounds."""

from __future__ import annotations

import sys
from threading import Thread

from broadsheet.core.counts import ANSWER_BOUNDS_S, LAG_BOUNDS_S, MAX_KINDS, AnswerCounts, EventCounts, Spread

THREADS, TIMES = 8, 20_000


def test_threads_that_count_at_once_lose_nothing() -> None:
    answers, events = AnswerCounts(), EventCounts()

    def count(number: int) -> None:
        for turn in range(TIMES):
            answers.count(("wall", "open")[turn % 2], "200 OK", 0.0003)
            events.count("unlock", str(number))
            events.count("unlock", "all")

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [Thread(target=count, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert answers.numbers == {(kind, "200 OK"): THREADS * TIMES // 2 for kind in ("wall", "open")}
    assert sum(answers.durations.numbers) == THREADS * TIMES
    assert abs(answers.durations.sum_s - THREADS * TIMES * 0.0003) < 1e-6 * THREADS * TIMES
    assert events.numbers["unlock", "all"] == THREADS * TIMES


def test_kinds_beyond_the_bound_count_as_one() -> None:
    answers = AnswerCounts()
    for number in range(MAX_KINDS + 50):
        answers.count(f"kind {number}", "200", 0.001)
    assert len(answers.numbers) <= MAX_KINDS + 1
    assert answers.numbers["other", "200"] == 50
    assert sum(answers.numbers.values()) == MAX_KINDS + 50


def test_measure_falls_into_the_first_bound_that_is_not_below_it() -> None:
    spread = Spread((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.100001, 1.0, 7.0):
        spread.add(seconds)
    assert spread.numbers == [2, 2, 1]
    assert spread.sum_s == sum((0.05, 0.1, 0.100001, 1.0, 7.0))


def test_bounds_rise() -> None:
    for bounds in (ANSWER_BOUNDS_S, LAG_BOUNDS_S):
        assert list(bounds) == sorted(set(bounds))
