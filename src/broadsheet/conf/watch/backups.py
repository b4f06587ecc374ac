"""When this host last made a backup, from the note that `broadsheet backup` leaves in the data directory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

NOTE = "last-backup.json"


@dataclass(frozen=True, slots=True)
class LastBackup:
    """When the last backup ended, where it lies and how large it is."""

    at: datetime
    path: str
    size_bytes: int


def find_last_backup(data_dir: Path) -> LastBackup | None:
    """The last backup; None if there was none, or its note cannot be read."""
    try:
        written = json.loads((data_dir / NOTE).read_text("utf-8"))
        return LastBackup(datetime.fromisoformat(written["at"]), str(written["path"]), int(written["bytes"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
