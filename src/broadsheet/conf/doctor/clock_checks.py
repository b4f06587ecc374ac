"""Clocks: this machine's, the database's, and those of the other hosts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection

from broadsheet.conf.doctor.findings import Finding, fail, in_words, ok, warn
from broadsheet.core.clock import SystemClock
from broadsheet.core.models import Change
from broadsheet.core.store import HeldHeartbeat

# A pass from another host counts if it was made at most a minute in the future (edge.known).
OFF_S, FAR_OFF_S = 2.0, 30.0
JUMPED_LATELY = timedelta(days=2)
_SYNC = "Let chrony or systemd-timesyncd keep the clock (timedatectl says whether one does)."


def load_database_time() -> datetime:
    """What time the database's own machine thinks it is."""
    with connection.cursor() as cursor:
        is_sqlite = connection.vendor == "sqlite"
        cursor.execute("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')" if is_sqlite else "SELECT clock_timestamp()")
        value = cursor.fetchone()[0]
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


def measure_offset_s() -> float:
    """How far this machine's clock is ahead of the database's, in seconds; half the time of asking is taken off."""
    before = SystemClock().now()
    told = load_database_time()
    after = SystemClock().now()
    return (before + (after - before) / 2 - told).total_seconds()


def check_clock(offset_s: float) -> Finding:
    """This machine's clock and the database's agree."""
    check = "clock"
    if abs(offset_s) <= OFF_S:
        return ok(check, f"{abs(offset_s):.2f} s from the database's")
    way = "ahead of" if offset_s > 0 else "behind"
    judge = fail if abs(offset_s) > FAR_OFF_S else warn
    return judge(check, f"This machine's clock is {in_words(abs(offset_s))} {way} the database's.", _SYNC)


def check_hosts_clocks(heartbeats: Sequence[HeldHeartbeat], *, now: datetime) -> Finding:
    """The workers' hosts agree with the database, and no clock was set lately."""
    check = "clocks of workers"
    off = [beat for beat in heartbeats if abs(beat.clock_ahead_s) > OFF_S]
    if off:
        worst = max(off, key=lambda beat: abs(beat.clock_ahead_s))
        judge = fail if abs(worst.clock_ahead_s) > FAR_OFF_S else warn
        return judge(check, f"The clock of {worst.host} is {in_words(abs(worst.clock_ahead_s))} off the database's.", _SYNC)
    for beat in heartbeats:
        if beat.clock_jumped_at is not None and beat.clock_jump_s is not None and abs(now - beat.clock_jumped_at) < JUMPED_LATELY:
            way = f"{in_words(abs(beat.clock_jump_s))} {'ahead' if beat.clock_jump_s > 0 else 'back'}"
            return warn(check, f"The clock of {beat.host} was set {way} at {beat.clock_jumped_at:%Y-%m-%d %H:%M} UTC.", _SYNC)
    return ok(check, f"{len(heartbeats)} looked at")


def check_future(newest: datetime | None, *, now: datetime) -> Finding:
    """Nothing was written in what is now the future: the clock has not been set back."""
    check = "clock set back"
    if newest is None or newest - now < timedelta(seconds=FAR_OFF_S):
        return ok(check, "no")
    return warn(
        check,
        f"The change log's newest line is {in_words((newest - now).total_seconds())} ahead of the clock: it was set back, or "
        "ran ahead before.",
        _SYNC,
    )


def find_newest_change() -> datetime | None:
    """When the newest line of the change log was written, by the clock of who wrote it."""
    return Change.objects.order_by("-id").values_list("at", flat=True).first()
