"""Saying that a process lives, and noticing that its clock has jumped."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models.functions import Now

from broadsheet.core.models import Heartbeat

BEAT_EVERY_S = 10.0
# Between two ticks a steady clock and the wall clock go on alike, however busy the machine is.
JUMP_S = 2.0
KEPT = timedelta(days=7)


class Pulse:
    """The heartbeat of one process."""

    def __init__(self, name: str, *, now: datetime, host: str = "", steady: Callable[[], float] = time.monotonic) -> None:
        """Begin at `now` by the machine's own clock; `steady` gives seconds of one that is never set."""
        self._name = name
        self._host = host or socket.gethostname()
        self._steady = steady
        self._started_at = now
        self._due_s = steady()
        self._offset_s = now.timestamp() - steady()
        self._jump: tuple[datetime | None, float | None] = (None, None)

    def beat(self, now: datetime) -> bool:
        """Write that the process lives, every ten seconds; returns whether it wrote. Hosts that are gone are forgotten."""
        self._watch_clock(now)
        if self._steady() < self._due_s:
            return False
        self._due_s = self._steady() + BEAT_EVERY_S
        jumped_at, jump_s = self._jump
        said = {"at": now, "seen_at": Now(), "started_at": self._started_at}
        jump = {"clock_jumped_at": jumped_at, "clock_jump_s": jump_s}
        Heartbeat.objects.update_or_create(name=self._name, host=self._host, defaults={**said, **jump})
        Heartbeat.objects.filter(seen_at__lt=Now() - KEPT).delete()
        return True

    def _watch_clock(self, now: datetime) -> None:
        offset_s = now.timestamp() - self._steady()
        if abs(offset_s - self._offset_s) > JUMP_S:
            self._jump = (now, offset_s - self._offset_s)
        self._offset_s = offset_s
