"""A connection to PostgreSQL that gives up on a server which says nothing.

A server that stands still (suspended, its disk hanging) keeps its connections open: its own timeouts stand still too, and TCP's
see a peer that is there. Only the one who waits can end the wait.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

from broadsheet.core import outage

Row = TypeVar("Row")
Result = TypeVar("Result")

LOOK_EVERY_S = 0.1


class LimitedConnection(psycopg.Connection[Row]):
    """Ends a wait after `answer_within_s`, or once `is_away` says that there is nothing to wait for; it is closed then."""

    answer_within_s: float = math.inf
    is_away: Callable[[], bool] = staticmethod(outage.nobody_watches)

    def wait(self, gen: PQGen[Result], interval: float = LOOK_EVERY_S, timeout: float | None = None) -> Result:
        """As psycopg's own, but for the end of patience.

        Raises:
            psycopg.OperationalError: there was no answer.
        """
        deadline = monotonic() + self.answer_within_s
        try:
            return super().wait(_with_patience(gen, lambda: monotonic() > deadline or self.is_away()), interval, timeout)
        except _NoAnswer:
            self.pgconn.finish()  # what it still waits for is nobody's any more
            raise


class _NoAnswer(psycopg.OperationalError):
    pass


def _with_patience(gen: PQGen[Result], is_over: Callable[[], bool]) -> PQGen[Result]:
    """A generator of psycopg's that is broken off, when there is nothing to read, once patience is over."""
    ready: Any
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and is_over():
                raise _NoAnswer("PostgreSQL does not answer")
            wanted = gen.send(ready)
    except StopIteration as ended:
        result: Result = ended.value
        return result
