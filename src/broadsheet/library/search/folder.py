"""Where an index lies on this host, which of several is the one to ask, and how far it has followed the change log. Pure.

Each file of ours is a checksum and values; whatever is not as it was written counts as not there.

DATA_DIR/search/
    current.json        which folder is asked, and of which layout and language it is
    wanted              somebody wants it built anew
    building.json       how far that is
    lock                held by the one process that writes here
    3/                  an index; `followed.json` beside tantivy's files says up to where it holds the change log
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from broadsheet.core.change_cursor import Mark, Reading


@dataclass(frozen=True, slots=True)
class Current:
    """The index to ask. One of another layout or language is not asked."""

    folder: str
    layout: int
    language: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How many articles a new index holds so far, and how many it will."""

    done: int
    total: int


class SearchFolder:
    """The files about search on one host."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, current: Current) -> Path:
        """Where an index lies."""
        return self.root / current.folder

    def read_current(self) -> Current | None:
        """The index to ask; None if there is none yet."""
        values = _read(self.root / "current.json")
        try:
            return Current(str(values["folder"]), int(values["layout"]), str(values["language"]))
        except (KeyError, TypeError, ValueError):
            return None

    def make_next(self) -> Path:
        """An empty folder for a new index."""
        taken = [int(path.name) for path in self.root.iterdir() if path.name.isdigit()] if self.root.exists() else []
        path = self.root / str(max(taken, default=0) + 1)
        path.mkdir(parents=True)
        return path

    def switch(self, current: Current) -> None:
        """Ask this index from now on. Who has the one before open keeps it; it goes when the next is begun."""
        _write(self.root / "current.json", asdict(current))

    def tidy(self) -> None:
        """Take away what nobody asks: older indexes, and what a process left that was killed."""
        current = self.read_current()
        for path in list(self.root.iterdir()) if self.root.exists() else ():
            if path.name.isdigit() and (current is None or path.name != current.folder):
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix == ".new" or path.name == "building.json":
                path.unlink(missing_ok=True)

    def want_rebuild(self) -> None:
        """Ask whoever follows the change log on this host to build a new index."""
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "wanted").touch()

    def is_rebuild_wanted(self) -> bool:
        """Whether somebody has asked."""
        return (self.root / "wanted").exists()

    def note_rebuild(self) -> None:
        """Whoever asked is being answered."""
        (self.root / "wanted").unlink(missing_ok=True)

    def read_progress(self) -> Progress | None:
        """How far a new index is; None if none is being built."""
        values = _read(self.root / "building.json")
        return Progress(int(values["done"]), int(values["total"])) if {"done", "total"} <= values.keys() else None

    def write_progress(self, progress: Progress | None) -> None:
        """Say how far a new index is, or that it is done."""
        if progress is None:
            (self.root / "building.json").unlink(missing_ok=True)
        else:
            _write(self.root / "building.json", asdict(progress))

    def is_followed(self) -> bool:
        """Whether a process on this host writes here."""
        if not (self.root / "lock").exists():
            return False
        with self.alone() as is_alone:
            return not is_alone

    @contextlib.contextmanager
    def alone(self, *, wait: bool = False) -> Iterator[bool]:
        """Whether this process is now the one that writes here; it stays so until the block ends or it dies."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True


@dataclass(frozen=True, slots=True)
class Followed:
    """What an index holds: the change log as a look at its end said it, and what readers may know of at one moment."""

    reading: Reading
    known_at: datetime


def read_followed(index: Path) -> Followed | None:
    """What an index holds; None if it does not say."""
    values = _read(index / "followed.json")
    try:
        at = datetime.fromisoformat(values["newest_at"]) if values["newest_at"] else None
        reading = Reading((), int(values["place"]), Mark(int(values["newest_id"]), at), int(values["trimmed_to"]))
        return Followed(reading, datetime.fromisoformat(values["known_at"]))
    except (KeyError, TypeError, ValueError):
        return None


def write_followed(index: Path, followed: Followed) -> None:
    """Note what an index holds; after its commit, so that a crash in between repeats and misses nothing."""
    reading = followed.reading
    at = reading.newest.at
    values = {
        "known_at": followed.known_at.isoformat(),
        "place": reading.horizon,
        "newest_id": reading.newest.id,
        "newest_at": at.isoformat() if at else None,
        "trimmed_to": reading.trimmed_to,
    }
    _write(index / "followed.json", values)


def _read(path: Path) -> dict[str, Any]:
    try:
        checksum, values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        return {}
    return values if isinstance(values, dict) and checksum == _sum(values) else {}


def _write(path: Path, values: dict[str, Any]) -> None:
    """All of it or, after a crash, what was there before."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    new.write_text(json.dumps([_sum(values), values]), "utf-8")
    new.replace(path)


def _sum(values: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(values, sort_keys=True).encode())
