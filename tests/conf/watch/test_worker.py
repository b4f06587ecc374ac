"""`broadsheet work` says that it lives, and shows what it counts."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from broadsheet.conf.processes import broadsheet_command
from broadsheet.conf.watch.snapshots import read_snapshots
from broadsheet.core.clock import SystemClock
from broadsheet.core.store import load_heartbeats
from broadsheet.mail.models import OutboxLetter
from tests.conf.serving import wait_for
from tests.subprocesses import child_environment


@pytest.mark.django_db(transaction=True)
def test_worker_is_heard_of_and_counts_its_letters(tmp_path: Path) -> None:
    fields = {"kind": "code", "to_address": "reader@example.org", "subject": "A code", "text": "1", "html": "<p>1"}
    now = SystemClock().now()  # the worker goes by it, and clears away letters that are old
    OutboxLetter.objects.create(**fields, message_id="<1@example.org>", created_at=now, due_at=now)
    worker = subprocess.Popen(broadsheet_command("work"), env={**child_environment(), "BROADSHEET_DATA_DIR": str(tmp_path)})
    try:
        wait_for(lambda: OutboxLetter.objects.filter(state="sent").exists() and load_heartbeats(), "a letter and a heartbeat")
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
    (beat,) = load_heartbeats()
    assert (beat.name, beat.clock_jumped_at) == ("worker", None)
    assert abs(beat.clock_ahead_s) < 2
    (snapshot,) = read_snapshots(tmp_path / "metrics")
    assert snapshot.role == "worker"
    assert snapshot.totals.events["letter", "sent"] == 1
