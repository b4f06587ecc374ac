"""Clocks that agree pass; those that do not, or were set, are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from broadsheet.conf.doctor import clock_checks as checks
from broadsheet.conf.doctor.findings import Level
from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.core.heartbeat_flows import Pulse
from broadsheet.core.store import HeldHeartbeat, load_heartbeats
from tests.conftest import START

BEAT = HeldHeartbeat("worker", "one", 1.0, 0.01, START, None, None)


@pytest.mark.parametrize(
    ("offset_s", "level"),
    [(0.0, Level.OK), (-1.9, Level.OK), (5.0, Level.WARN), (-5.0, Level.WARN), (45.0, Level.FAIL), (-45.0, Level.FAIL)],
)
def test_distance_from_the_databases_clock_is_judged(offset_s: float, level: Level) -> None:
    assert checks.check_clock(offset_s).level is level
    ahead = replace(BEAT, clock_ahead_s=offset_s)
    assert checks.check_hosts_clocks([BEAT, ahead], now=START).level is level


@pytest.mark.django_db
def test_this_machines_clock_is_the_databases_here() -> None:
    assert abs(checks.measure_offset_s()) < checks.OFF_S


@pytest.mark.parametrize(
    ("ago", "jump_s", "level"),
    [(timedelta(hours=3), -3600.0, Level.WARN), (timedelta(hours=3), 90.0, Level.WARN), (timedelta(days=3), -3600.0, Level.OK)],
)
def test_clock_that_was_set_lately_is_told(ago: timedelta, jump_s: float, level: Level) -> None:
    beat = replace(BEAT, clock_jumped_at=START - ago, clock_jump_s=jump_s)
    assert checks.check_hosts_clocks([beat], now=START).level is level


@pytest.mark.django_db
def test_change_log_from_the_future_is_told() -> None:
    assert checks.check_future(checks.find_newest_change(), now=START).level is Level.OK
    record_change(ChangeKind.PAGES, "", now=START)
    assert checks.check_future(checks.find_newest_change(), now=START).level is Level.OK
    record_change(ChangeKind.PAGES, "", now=START + timedelta(hours=1))
    assert checks.check_future(checks.find_newest_change(), now=START).level is Level.WARN


@pytest.mark.django_db
def test_heartbeat_tells_how_far_its_hosts_clock_is_off() -> None:
    Pulse("worker", now=START, host="one").beat(START)
    (beat,) = load_heartbeats()
    assert beat.age_s < 60
    assert beat.clock_ahead_s < -checks.FAR_OFF_S, "the test's clock stands in the past"
