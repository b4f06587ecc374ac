"""What this process has done since it started, as plain numbers: cheap enough to count on every request.

Nothing here locks. On CPython a thread gives way between calls and at the end of a loop's turn, never inside
`numbers[key] += 1`, so threads that count at once lose nothing; a test with many threads watches over it.
"""

from __future__ import annotations

from bisect import bisect_left

# Upper bounds in seconds. The edge answers in tens of microseconds, a page of the desk in tenths of a second.
ANSWER_BOUNDS_S = (
    *(0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005),
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
# A search takes milliseconds; one with many words and passages tens of them.
SEARCH_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
# A change is looked for each 50 ms and has to be seen within a second.
LAG_BOUNDS_S = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
# More kinds of answer than the house has; what comes on top counts as one, so that a mistake cannot fill the memory.
MAX_KINDS = 500
OTHER = "other"


class Spread:
    """How a measure in seconds is spread: how often it fell below each bound, and the sum of all.

    `numbers` has one entry more than `bounds`, for what lies above the last.
    """

    __slots__ = ("bounds", "numbers", "sum_s")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.numbers = [0] * (len(bounds) + 1)
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        """Count one measurement."""
        self.numbers[bisect_left(self.bounds, seconds)] += 1
        self.sum_s += seconds


class AnswerCounts:
    """Answers to requests, by variant and status, and how long they took.

    Counting one takes 0.20 µs, 0.30 with the two readings of the clock around the answer (Python 3.11 on a 2.6 GHz Xeon).
    """

    __slots__ = ("_bounds", "_numbers", "durations", "numbers")

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str], int] = {}
        self.durations = Spread(ANSWER_BOUNDS_S)
        self._numbers = self.durations.numbers
        self._bounds = self.durations.bounds

    def count(self, variant: str, status: str, seconds: float) -> None:
        """Count one answer; `variant` is of a closed set of names, never from a request; `status` may be a whole status line."""
        key = (variant, status)
        try:
            self.numbers[key] += 1
        except KeyError:
            self._count_first(key)
        self._numbers[bisect_left(self._bounds, seconds)] += 1
        self.durations.sum_s += seconds

    def _count_first(self, key: tuple[str, str]) -> None:
        if len(self.numbers) >= MAX_KINDS:
            key = (OTHER, key[1])
        self.numbers.setdefault(key, 0)
        self.numbers[key] += 1


class EventCounts:
    """Things that happened, by what and how: an unlock that opened, a letter that was sent, a wall for its reason."""

    __slots__ = ("numbers",)

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str], int] = {}

    def count(self, what: str, how: str, number: int = 1) -> None:
        """Count `number` alike; both names come from closed sets."""
        key = (what, how)
        self.numbers.setdefault(key, 0)
        self.numbers[key] += number


class Counts:
    """Everything that one process counts."""

    def __init__(self) -> None:
        self.edge = AnswerCounts()
        self.django = AnswerCounts()
        self.change_lag = Spread(LAG_BOUNDS_S)
        self.search = Spread(SEARCH_BOUNDS_S)
        self.events = EventCounts()


COUNTS = Counts()
