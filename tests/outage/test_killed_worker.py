"""A process of the web server is killed while many read."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outage.conftest import Site
from tests.outage.endurance import Endurance
from tests.outage.site import Host

READERS = 64
BACK_WITHIN_S = 30.0  # a process takes seconds to start, more on a busy machine


@pytest.fixture
def two_workers(sqlite_site: Site, tmp_path: Path) -> Iterator[Host]:
    """A web server of two processes on the same database."""
    host = Host(tmp_path / "data", sqlite_site.host.environment["BROADSHEET_DATABASE_URL"])
    try:
        host.start(workers=2)
        yield host
    finally:
        host.kill()  # in order it would first wait for the process that has just begun to start


def test_no_reader_gets_half_an_answer_from_a_process_that_is_killed(sqlite_site: Site, two_workers: Host) -> None:
    endurance = Endurance(sqlite_site, two_workers, readers=READERS, every_s=0.1)
    endurance.start()
    try:
        time.sleep(1.5)
        first, second = two_workers.workers
        os.kill(first, signal.SIGKILL)
        killed = time.monotonic()
        while len(two_workers.workers) < 2 or first in two_workers.workers:
            assert time.monotonic() < killed + BACK_WITHIN_S, "nobody took its place"
            time.sleep(0.1)
        time.sleep(1.5)
        assert second in two_workers.workers
    finally:
        endurance.stop()
    crowd = endurance.crowd
    assert crowd.wrongs == []
    assert crowd.counts["200"] == len(crowd.seconds) > 500
    assert READERS < crowd.counts["connections"] < 3 * READERS  # those of the one that was killed came again
