"""The long tests: many readers for minutes, on a site that changes each second, and whose processes are harmed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outage.conftest import Site
from tests.outage.endurance import Endurance
from tests.outage.site import Host

pytestmark = pytest.mark.soak

MINUTES = float(os.environ.get("BROADSHEET_SOAK_MINUTES", "10"))
READERS = 256
# Python gives memory back in pieces, so the samples of two processes waver by a few megabytes.
FLAT_MB = 12.0


@pytest.fixture(params=["sqlite_site", "postgresql_site"])
def site(request: pytest.FixtureRequest) -> Site:
    """Either database."""
    found: Site = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def host(site: Site, tmp_path: Path) -> Iterator[Host]:
    """A web server of two processes."""
    host = Host(tmp_path / "data", site.host.environment["BROADSHEET_DATABASE_URL"])
    try:
        host.start(workers=2)
        yield host
    finally:
        host.stop()


def test_readers_for_minutes_with_an_edit_each_second(site: Site, host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    endurance = Endurance(site, host, readers=READERS, every_s=0.25)
    endurance.start()
    time.sleep(MINUTES * 60)
    endurance.stop()
    with capsys.disabled():
        print(f"\n{READERS} connections for {MINUTES:g} minutes\n{endurance.report()}")
    crowd = endurance.crowd
    assert crowd.wrongs == []
    assert crowd.counts["200"] == len(crowd.seconds)
    assert crowd.counts["connections"] == READERS
    assert endurance.edits.number > MINUTES * 60 * 0.6
    assert endurance.memory.growth_mb < FLAT_MB
