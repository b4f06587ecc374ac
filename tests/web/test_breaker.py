"""The breaker: forms that wait in vain leave threads for readers."""

from __future__ import annotations

from broadsheet.web.breaker import OPENS_AT, SLOW_AFTER_S, TRIALS, Breaker, Entry


class Seconds:
    """A clock that goes when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def enter_many(breaker: Breaker, number: int) -> list[Entry]:
    entries = [breaker.enter() for _ in range(number)]
    assert None not in entries
    return [entry for entry in entries if entry is not None]


def wait_in_vain(breaker: Breaker, seconds: Seconds, number: int) -> None:
    entries = enter_many(breaker, number)
    seconds.now += SLOW_AFTER_S
    for entry in entries:
        breaker.leave(entry, has_failed=True)


def test_any_number_of_slow_requests_is_let_in_as_long_as_they_get_through() -> None:
    seconds = Seconds()
    breaker = Breaker(seconds=seconds)
    entries = enter_many(breaker, 500)
    seconds.now += 100 * SLOW_AFTER_S
    enter_many(breaker, 500)
    for entry in entries:
        breaker.leave(entry, has_failed=False)
    enter_many(breaker, 500)


def test_requests_that_fail_at_once_hold_nobody_up() -> None:
    breaker = Breaker(seconds=Seconds())
    for entry in enter_many(breaker, 50):
        breaker.leave(entry, has_failed=True)
    enter_many(breaker, 500)


def test_after_waiting_in_vain_only_a_few_may_try() -> None:
    seconds = Seconds()
    breaker = Breaker(seconds=seconds)
    wait_in_vain(breaker, seconds, OPENS_AT - 1)
    enter_many(breaker, 500)
    wait_in_vain(breaker, seconds, 1)
    trials = enter_many(breaker, TRIALS)
    assert breaker.enter() is None
    seconds.now += SLOW_AFTER_S
    breaker.leave(trials[0], has_failed=True)
    enter_many(breaker, 1)  # in place of the one that has ended
    assert breaker.enter() is None


def test_one_that_gets_through_lets_everybody_in_again() -> None:
    seconds = Seconds()
    breaker = Breaker(seconds=seconds)
    wait_in_vain(breaker, seconds, OPENS_AT)
    trials = enter_many(breaker, TRIALS)
    assert breaker.enter() is None
    breaker.leave(trials[1], has_failed=False)
    enter_many(breaker, 500)
