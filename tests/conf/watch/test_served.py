"""Health, metrics and logs of `broadsheet serve`: several processes seen as one, nothing lost at its end."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from broadsheet.conf.watch.snapshots import Totals, read_snapshots
from tests.conf.serving import Serving, serving, wait_for
from tests.nginx import free_ports
from tests.subprocesses import child_environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.soak]  # starts the whole site
TIMES = 40


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    """The site with two edge processes, in a data directory of its own, writing its log as in production."""
    environment = {**child_environment(), "BROADSHEET_DATA_DIR": str(tmp_path), "BROADSHEET_LOG_FORMAT": "json"}
    port, edge_port = free_ports(2)
    with serving(environment, tmp_path / "log", port=port, edge_port=edge_port, edge_workers=2) as server:
        server.wait_until_ready()
        yield server


def read_metrics(server: Serving, port: int) -> dict[str, float]:
    """The samples at one port, by name and labels."""
    status, body = server.get("/metrics", port=port)
    assert status == 200
    families = text_string_to_metric_families(body.decode())
    return {f"{one.name}{sorted(one.labels.values())}": one.value for family in families for one in family.samples}


def test_several_processes_are_seen_as_one_and_nothing_counted_is_lost(server: Serving, tmp_path: Path) -> None:
    for _ in range(TIMES):
        assert server.get("/feed.xml?reader@example.org", port=server.port)[0] == 200
        assert server.get("/feed.xml", port=server.edge_port)[0] == 200
        assert server.get("/confirm/0123456789-token/", port=server.port)[0] < 500
    assert json.loads(server.get("/healthz", port=server.edge_port)[1])["ready"]

    def is_whole() -> bool:
        seen = read_metrics(server, server.port)
        return seen["broadsheet_processes['web']"] == 3 and seen["broadsheet_processes['worker']"] == 1 and fed(seen) == 2 * TIMES

    def fed(seen: dict[str, float]) -> float:
        return sum(
            seen.get(f"broadsheet_requests_total{names}", 0) for names in (["200", "django", "web.feeds"], ["200", "edge", "file"])
        )

    wait_for(is_whole, "the figures of all processes")
    assert read_metrics(server, server.edge_port)["broadsheet_database_up[]"] == 1
    assert any(name.startswith("broadsheet_heartbeat_age_seconds") for name in read_metrics(server, server.port))

    os.kill(server.pid("edge 1"), signal.SIGKILL)
    wait_for(is_whole, "the successor's figures, and those of the process that was killed")
    asked = 0
    while asked < TIMES:
        asked += server.answers("/feed.xml", port=server.edge_port)  # none while the successor starts
    server.stop()
    totals = Totals()
    for snapshot in read_snapshots(tmp_path / "metrics"):
        totals.add(snapshot.totals)
    assert totals.answers["edge", "file", "200"] + totals.answers["django", "web.feeds", "200"] == 3 * TIMES

    lines = [json.loads(line) for line in server.printed.splitlines() if line.startswith("{")]
    confirmed = [line for line in lines if line.get("path") == "/confirm/…/"]
    assert len(confirmed) == TIMES
    assert len({line["request"] for line in confirmed}) == TIMES
    for secret in ("reader@example.org", "0123456789-token"):
        assert secret not in server.printed
