"""What this process shows of itself, to /metrics and to its own /healthz."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from broadsheet.conf.watch.snapshots import Gauges, SnapshotWriter
from broadsheet.core.counts import COUNTS

_gauges: Callable[[], Gauges] = dict


def watch_process(role: str, gauges: Callable[[], Gauges] = dict) -> SnapshotWriter:
    """Show what this process counts and holds, from now on; `role` is `web` or `worker`."""
    global _gauges
    _gauges = gauges
    writer = SnapshotWriter(settings.BROADSHEET.data_dir / "metrics", role, COUNTS, gauges)
    writer.start()
    return writer


def own_gauges() -> Gauges:
    """What this process holds just now; nothing if it has no edge."""
    return _gauges()
