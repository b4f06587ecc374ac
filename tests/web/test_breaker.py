"""The breaker: forms that all hang leave threads for readers."""

from __future__ import annotations

from broadsheet.web.breaker import OPENS_AT, SLOW_AFTER_S, TRIALS, Breaker


class Seconds:
    """A clock that goes when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def enter_many(breaker: Breaker, number: int) -> list[object]:
    entries = [breaker.enter() for _ in range(number)]
    assert None not in entries
    return [entry for entry in entries if entry is not None]


def test_any_number_of_quick_requests_is_let_in() -> None:
    enter_many(Breaker(seconds=Seconds()), 500)


def test_a_few_slow_requests_hold_nobody_up() -> None:
    seconds = Seconds()
    breaker = Breaker(seconds=seconds)
    enter_many(breaker, OPENS_AT - 1)
    seconds.now += 10 * SLOW_AFTER_S
    enter_many(breaker, 500)


def test_when_many_hang_only_a_few_may_try() -> None:
    seconds = Seconds()
    breaker = Breaker(seconds=seconds)
    hanging = enter_many(breaker, OPENS_AT)
    seconds.now += SLOW_AFTER_S
    trials = enter_many(breaker, TRIALS)
    assert breaker.enter() is None
    seconds.now += SLOW_AFTER_S
    for entry in (*hanging, trials[0]):
        breaker.leave(entry)
    assert breaker.enter() is not None  # in place of the trial that has ended, slowly
    assert breaker.enter() is None


def test_one_quick_answer_lets_everybody_in_again() -> None:
    seconds = Seconds()
    breaker = Breaker(seconds=seconds)
    hanging = enter_many(breaker, OPENS_AT)
    seconds.now += SLOW_AFTER_S
    trial, _ = enter_many(breaker, TRIALS)
    assert breaker.enter() is None
    for entry in hanging:
        breaker.leave(entry)
    breaker.leave(trial)
    enter_many(breaker, 500)
