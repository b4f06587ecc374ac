"""A process says that it lives, and notices that its clock was set."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from broadsheet.core.heartbeat_flows import BEAT_EVERY_S, Pulse
from broadsheet.core.models import Heartbeat
from tests.conftest import START

pytestmark = pytest.mark.django_db


class Steady:
    """A clock that is never set; a test moves it on."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_row_is_renewed_every_ten_seconds_and_no_more_often() -> None:
    steady = Steady()
    pulse = Pulse("worker", now=START, host="one", steady=steady)
    assert pulse.beat(START)
    steady.seconds += BEAT_EVERY_S - 1
    assert not pulse.beat(START + timedelta(seconds=BEAT_EVERY_S - 1))
    steady.seconds += 1
    assert pulse.beat(START + timedelta(seconds=BEAT_EVERY_S))
    row = Heartbeat.objects.get()
    assert (row.name, row.host, row.started_at) == ("worker", "one", START)
    assert row.at == START + timedelta(seconds=BEAT_EVERY_S)
    assert row.clock_jumped_at is None


def test_each_host_has_a_row_of_its_own() -> None:
    for host in ("one", "two"):
        Pulse("worker", now=START, host=host).beat(START)
    assert [row.host for row in Heartbeat.objects.all()] == ["one", "two"]


@pytest.mark.parametrize("jump_s", [-3600.0, 90.0])
def test_clock_that_was_set_is_told_and_the_heart_beats_on(jump_s: float) -> None:
    steady = Steady()
    pulse = Pulse("worker", now=START, host="one", steady=steady)
    pulse.beat(START)
    steady.seconds += BEAT_EVERY_S
    after = START + timedelta(seconds=BEAT_EVERY_S + jump_s)
    assert pulse.beat(after)
    row = Heartbeat.objects.get()
    assert (row.clock_jumped_at, row.clock_jump_s) == (after, jump_s)


def test_slow_tick_is_no_jump() -> None:
    steady = Steady()
    pulse = Pulse("worker", now=START, host="one", steady=steady)
    steady.seconds += 300
    pulse.beat(START + timedelta(seconds=300))
    assert Heartbeat.objects.get().clock_jumped_at is None


def test_host_that_is_gone_for_a_week_is_forgotten() -> None:
    Pulse("worker", now=START, host="gone").beat(START)
    Heartbeat.objects.update(seen_at=Now() - timedelta(days=8))
    Pulse("worker", now=START, host="here").beat(START)
    assert [row.host for row in Heartbeat.objects.all()] == ["here"]
