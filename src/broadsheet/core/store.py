"""What core's tables say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Now

from broadsheet.core.models import ClockOffset, Heartbeat


@dataclass(frozen=True, slots=True)
class HeldHeartbeat:
    """What a process on some host last said of itself, and by the database's clock how many seconds ago.

    `clock_ahead_s` is how far the host's clock runs ahead of the database's.
    """

    name: str
    host: str
    age_s: float
    clock_ahead_s: float
    started_at: datetime
    clock_jumped_at: datetime | None
    clock_jump_s: float | None


def load_clock_offset() -> int:
    """By how many seconds the demo's clock runs ahead; 0 everywhere else."""
    return ClockOffset.objects.values_list("seconds", flat=True).first() or 0


def load_heartbeats() -> tuple[HeldHeartbeat, ...]:
    """Every process that says that it lives, by name and host."""
    return tuple(
        HeldHeartbeat(
            name=row.name,
            host=row.host,
            age_s=(row.database_now - row.seen_at).total_seconds(),
            clock_ahead_s=(row.at - row.seen_at).total_seconds(),
            started_at=row.started_at,
            clock_jumped_at=row.clock_jumped_at,
            clock_jump_s=row.clock_jump_s,
        )
        for row in Heartbeat.objects.annotate(database_now=Now())
    )
