"""Each process's figures in a file of its own: added up, kept when it ends, left out when it is only what it held."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from broadsheet.conf.watch.snapshots import ENDED, SnapshotWriter, Totals, fold_ended, read_snapshots, totals_of
from broadsheet.core.clock import SystemClock
from broadsheet.core.counts import Counts


def make_counts(number: int) -> Counts:
    """A process that has counted each thing so often."""
    counts = Counts()
    for _ in range(number):
        counts.edge.count("wall", "200 OK", 0.00003)
        counts.django.count("web.signin", "200", 0.2)
        counts.events.count("unlock", "own")
        counts.change_lag.add(0.04)
    return counts


def sum_up(folder: Path) -> Totals:
    """All processes' counts together."""
    totals = Totals()
    for snapshot in read_snapshots(folder):
        totals.add(snapshot.totals)
    return totals


def end(folder: Path) -> None:
    """Make the only process's file look like one of a process that has ended."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for path in folder.glob("web-*.json"):
        written = json.loads(path.read_text())
        path.write_text(json.dumps({**written, "process_id": gone.pid, "written_at_s": 0.0}))


def test_what_a_process_wrote_is_read_back(tmp_path: Path) -> None:
    counts = make_counts(3)
    SnapshotWriter(tmp_path, "web", counts, lambda: {"held_bytes": 7.0}).write()
    (snapshot,) = read_snapshots(tmp_path)
    assert (snapshot.role, snapshot.process_id, snapshot.gauges) == ("web", os.getpid(), {"held_bytes": 7.0})
    assert snapshot.totals == totals_of(counts)
    assert snapshot.totals.answers == {("edge", "wall", "200"): 3, ("django", "web.signin", "200"): 3}
    assert snapshot.is_live(SystemClock().now().timestamp())
    assert not snapshot.is_live(SystemClock().now().timestamp() + 60)


def test_processes_are_added_up(tmp_path: Path) -> None:
    SnapshotWriter(tmp_path, "web", make_counts(3)).write()
    SnapshotWriter(tmp_path, "worker", make_counts(4)).write()
    totals = sum_up(tmp_path)
    assert totals.events == {("unlock", "own"): 7}
    assert sum(totals.spreads["edge"][0]) == 7
    assert totals.spreads["change_lag"][1] == pytest.approx(7 * 0.04)


def test_counts_of_ended_processes_stay_and_their_files_go(tmp_path: Path) -> None:
    for number in (3, 5):
        SnapshotWriter(tmp_path, "web", make_counts(number)).write()
        end(tmp_path)
        fold_ended(tmp_path, now_s=SystemClock().now().timestamp())
    SnapshotWriter(tmp_path, "web", make_counts(1)).write()
    assert len(list(tmp_path.glob("*.json"))) == 2
    assert sum_up(tmp_path).events == {("unlock", "own"): 9}


def test_living_process_is_not_folded(tmp_path: Path) -> None:
    SnapshotWriter(tmp_path, "web", make_counts(3)).write()
    fold_ended(tmp_path, now_s=SystemClock().now().timestamp() + 3600)
    assert not (tmp_path / ENDED).exists(), "it has been silent for an hour, but it is there"


def test_process_that_only_another_container_sees_is_not_folded(tmp_path: Path) -> None:
    SnapshotWriter(tmp_path, "web", make_counts(3)).write()
    end(tmp_path)
    (path,) = tmp_path.glob("web-*.json")
    now_s = SystemClock().now().timestamp()
    path.write_text(json.dumps({**json.loads(path.read_text()), "written_at_s": now_s}))
    fold_ended(tmp_path, now_s=now_s + 1)
    assert not (tmp_path / ENDED).exists(), "it wrote a second ago, whatever its number means here"


def test_another_versions_files_are_passed_over(tmp_path: Path) -> None:
    SnapshotWriter(tmp_path, "web", make_counts(2)).write()
    (path,) = tmp_path.glob("web-*.json")
    written = json.loads(path.read_text())
    written["spreads"]["edge"] = [[1, 2, 3], 1.0]
    path.write_text(json.dumps(written))
    (tmp_path / "web-1-1.json").write_text("{}")
    (tmp_path / "web-2-1.json").write_text("cut sh")
    (snapshot,) = read_snapshots(tmp_path)
    assert "edge" not in snapshot.totals.spreads
    assert snapshot.totals.events == {("unlock", "own"): 2}


def test_disk_that_takes_nothing_costs_only_the_figures(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    writer = SnapshotWriter(tmp_path / "file" / "metrics", "web", make_counts(1))
    writer.write()
    writer.write()
    assert caplog.text.count("cannot be written") == 1


def test_last_figures_are_written_when_the_process_ends(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from broadsheet.core.counts import COUNTS; import time\n"
        "from broadsheet.conf.watch.snapshots import SnapshotWriter, read_snapshots\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "SnapshotWriter(folder, 'web', COUNTS).start()\n"
        "while not read_snapshots(folder): time.sleep(0.01)\n"
        "COUNTS.events.count('unlock', 'own', 5)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert sum_up(tmp_path).events == {("unlock", "own"): 5}
