"""The long tests: many readers for minutes, on a site that changes each second, and whose processes are harmed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest

from tests.outage.browsing import Browsing
from tests.outage.conftest import Site, article_id
from tests.outage.endurance import Endurance
from tests.outage.site import Host

pytestmark = pytest.mark.soak

MINUTES = float(os.environ.get("BROADSHEET_SOAK_MINUTES", "10"))
READERS = 256
# Python gives memory back in pieces, so the samples of several processes waver by a few megabytes.
FLAT_MB = 12.0


@pytest.fixture(params=["sqlite_site, edge", "postgresql_site, edge", "postgresql_site, web server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Site, Host]]:
    """Either database, and another server on it: an edge, or a web server of two processes."""
    name, _, server = request.param.partition(", ")
    site: Site = request.getfixturevalue(name)
    host = Host(tmp_path / "data", site.host.environment["BROADSHEET_DATABASE_URL"])
    try:
        if server == "edge":
            host.start_edge()
        else:
            host.start(workers=2)
        yield site, host
    finally:
        host.stop()


def test_readers_for_minutes_with_an_edit_each_second(place: tuple[Site, Host], capsys: pytest.CaptureFixture[str]) -> None:
    endurance = Endurance(*place, readers=READERS, every_s=0.25)
    endurance.start()
    time.sleep(MINUTES * 60)
    endurance.stop()
    with capsys.disabled():
        print(f"\n{READERS} connections for {MINUTES:g} minutes\n{endurance.report()}")
    crowd = endurance.crowd
    assert crowd.wrongs == []
    assert crowd.counts["200"] == len(crowd.seconds)
    assert crowd.counts["connections"] == READERS
    assert endurance.edits.number > MINUTES * 60 * 0.4  # each takes the editor a while on a busy machine
    assert endurance.memory.growth_mb < FLAT_MB


# -- Faults, one after the other ---------------------------------------------------------------------------------------

FAULT_READERS = 64
SETTLES_WITHIN_S = 8.0  # a process that is killed needs some seconds to come back, on a busy machine more
UNLOCKS_A_MONTH = 3


class Unlocking:
    """Readers who open five articles each, one of them twice, and press again until there is an answer."""

    def __init__(self, site: Site, host: Host, readers: int) -> None:
        self.paths = site.write(UNLOCKS_A_MONTH + 2)
        self.opened: list[int] = []
        self._site = site
        self._stop = Event()
        self._readers = [(reader_id, site.browse(email, host=host)) for reader_id, email in (site.enroll() for _ in range(readers))]
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Let the reader at hand finish, then nobody begins any more."""
        self._stop.set()
        self._thread.join()

    def judge(self) -> None:
        """Each who had an answer to every wish has opened the first three, and nothing else."""
        expected = sorted(article_id(path) for path in self.paths[:UNLOCKS_A_MONTH])
        for reader_id in self.opened:
            assert sorted(self._site.desk.ask("unlocks", reader_id)) == expected

    def _run(self) -> None:
        for reader_id, browsing in self._readers:
            for path in (*self.paths, self.paths[0]):
                if self._stop.is_set():
                    return
                press(browsing, f"/articles/{article_id(path)}/unlock/")
            self.opened.append(reader_id)


def press(browsing: Browsing, path: str) -> None:
    """Press a button until it is taken, however often that is."""
    while True:
        try:
            if browsing.post(path).status == 303:
                return
        except (OSError, HTTPException):
            pass
        time.sleep(0.2)


def test_faults_for_minutes(postgresql_site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = Host(tmp_path / "data", postgresql_site.host.environment["BROADSHEET_DATABASE_URL"])
    host.start(workers=2)
    try:
        endurance = Endurance(postgresql_site, host, readers=FAULT_READERS, every_s=0.2)
        unlocking = Unlocking(postgresql_site, host, readers=int(MINUTES * 12) + 4)
        endurance.start()
        unlocking.start()
        faults = harm(postgresql_site, host, endurance, until=time.monotonic() + MINUTES * 60)
        unlocking.stop()
        endurance.stop()
    finally:
        host.stop()
    with capsys.disabled():
        told = ", ".join(f"{name} {faults.count(name)}" for name in sorted(set(faults)))
        print(
            f"\n{len(faults)} faults in {MINUTES:g} minutes: {told}; {len(unlocking.opened)} readers unlocked\n{endurance.report()}"
        )
    assert endurance.crowd.wrongs == []
    assert endurance.crowd.counts["TimeoutError"] == 0
    assert unlocking.opened
    unlocking.judge()


def harm(site: Site, host: Host, endurance: Endurance, *, until: float) -> list[str]:
    """Harm one thing after the other, at random, with time to recover; the names of what was done."""
    random, done = Random(5), []
    cluster = site.cluster

    def away(begin: Callable[[], None], end: Callable[[], None]) -> None:
        begin()
        time.sleep(random.uniform(0.2, 4))
        end()

    def kill_process() -> None:
        os.kill(random.choice(host.workers), signal.SIGKILL)

    def stop_and_kill() -> None:
        cluster.stop()
        kill_process()
        time.sleep(random.uniform(0.2, 4))
        cluster.start()

    faults: dict[str, Callable[[], None]] = {
        "process killed": kill_process,
        "database stopped": lambda: away(cluster.stop, cluster.start),
        "database killed": lambda: away(cluster.kill, cluster.start),
        "database frozen": lambda: away(cluster.freeze, cluster.thaw),
        "database stopped, process killed": stop_and_kill,
    }
    while time.monotonic() < until:
        name = random.choice(list(faults))
        endurance.is_troubled = True
        faults[name]()
        done.append(name)
        settle(host, endurance)
        endurance.is_troubled = False
        time.sleep(random.uniform(1, 4))
    return done


def settle(host: Host, endurance: Endurance) -> None:
    """Wait until every process serves again."""
    deadline = time.monotonic() + 10 * SETTLES_WITHIN_S
    quiet_since = time.monotonic()
    before = dict(endurance.crowd.counts)
    while time.monotonic() < quiet_since + 2:
        now = dict(endurance.crowd.counts)
        if any(now.get(name, 0) != before.get(name, 0) for name in ("503", "ConnectionResetError", "ConnectionRefusedError")):
            before, quiet_since = now, time.monotonic()
        assert time.monotonic() < deadline, f"it does not recover: {now}"
        time.sleep(0.1)
