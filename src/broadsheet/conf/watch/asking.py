"""Asks the database from a thread of its own, so that whoever waits can stop waiting.

A stopped PostgreSQL refuses at once; one behind a broken network answers nothing for minutes, and no driver gives
that up within a second. Each question has one thread at most: while it hangs, nobody asks again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from django.db import connections

Answer = TypeVar("Answer")


class NoAnswer(Exception):
    """The database did not answer in time."""


class Question(Generic[Answer]):
    """One question to the database, asked at most once per `keep_for_s`, however many want to know."""

    def __init__(self, ask: Callable[[], Answer], *, patience_s: float, keep_for_s: float) -> None:
        self._ask = ask
        self._patience_s = patience_s
        self._keep_for_s = keep_for_s
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._pending: Future[Answer] | None = None

    def answer(self) -> Answer:
        """The answer of this moment, or of a moment ago.

        Raises:
            NoAnswer: none came in time; whatever the question itself raises comes out too.
        """
        try:
            return self._ask_once().result(self._patience_s)
        except TimeoutError:
            raise NoAnswer(f"no answer within {self._patience_s:g} s") from None

    def _ask_once(self) -> Future[Answer]:
        with self._lock:
            pending, now = self._pending, time.monotonic()
            if pending is not None and (not pending.done() or now - self._asked_at < self._keep_for_s):
                return pending
            self._pending, self._asked_at = pending, _ = Future(), now
            threading.Thread(target=self._run, args=(pending,), name="question", daemon=True).start()
            return pending

    def _run(self, pending: Future[Answer]) -> None:
        try:
            pending.set_result(self._ask())
        except BaseException as error:
            pending.set_exception(error)
        finally:
            connections.close_all()
