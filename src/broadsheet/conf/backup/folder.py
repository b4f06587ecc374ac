"""Where backups lie: their names, the unfinished one beside them, room on the disk, and how many are kept.

A backup is written under another name, in a folder of its own, and gets its own name when it is whole and on the disk.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from broadsheet.conf.backup.exceptions import NoRoom, Refused

PREFIX = "broadsheet"
PLAIN, ENCRYPTED = ".tar", ".tar.age"
# What a backup leaves free on the disk that the site itself writes to: minutes of letters, sessions and uploads.
RESERVE = 256 * 1024 * 1024
# How much is written between two looks at the disk; less than the reserve, so that it is never used up.
LOOK_EVERY = 16 * 1024 * 1024
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNFINISHED = ".unfinished"


def choose_path(to: str | None, default_folder: Path, name: str) -> Path:
    """Where the finished backup goes: into the folder `to`, or to the file `to`, or into the default folder.

    Raises:
        Refused: the folder is missing, or the file is there already.
    """
    if to is None:
        default_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = default_folder / name
    else:
        path = Path(to) / name if to.endswith("/") or Path(to).is_dir() else Path(to)
    if not path.parent.is_dir():
        raise Refused(f"{path.parent} is no folder; make it first, or see whether the disk behind it is mounted.")
    if path.exists():
        raise Refused(f"{path} is there already; delete it or choose another name: no backup is written over.")
    return path.absolute()


def backup_name(host: str, at: datetime, *, is_encrypted: bool) -> str:
    """The name of a backup of the site at `host`, made at `at`."""
    return f"{PREFIX}-{host}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}{ENCRYPTED if is_encrypted else PLAIN}"


def prune(path: Path, host: str, *, keep: int) -> list[Path]:
    """Delete all but the newest `keep` backups of this site beside `path` that are encrypted as it is; returns which."""
    ending = ENCRYPTED if path.name.endswith(ENCRYPTED) else PLAIN
    pattern = re.compile(rf"{PREFIX}-{re.escape(host)}-\d{{8}}T\d{{6}}Z{re.escape(ending)}")
    same = sorted(one for one in path.parent.iterdir() if pattern.fullmatch(one.name) and one.is_file())
    old = same[:-keep]
    for one in old:
        one.unlink()
    return old


@contextlib.contextmanager
def unfinished(folder: Path, purpose: str) -> Iterator[Path]:
    """A folder for what is not finished yet, for its owner only; gone afterwards, whatever happens.

    What a killed process left behind is deleted first: nobody holds the lock on it any more.
    """
    for left in folder.glob(f".{PREFIX}-{purpose}-*{_UNFINISHED}"):
        with contextlib.suppress(OSError):
            descriptor = _lock(left)
            shutil.rmtree(left, ignore_errors=True)
            os.close(descriptor)
    work = Path(tempfile.mkdtemp(prefix=f".{PREFIX}-{purpose}-", suffix=_UNFINISHED, dir=folder))
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # a network disk may know no locks; then nobody cleans up there
            held.callback(os.close, _lock(work))
        held.callback(shutil.rmtree, work, ignore_errors=True)
        yield work


def _lock(folder: Path) -> int:
    """A descriptor that holds the lock on a folder for as long as it is open, or its process lives."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def finish(unfinished_file: Path, path: Path) -> None:
    """Give a file that is whole its own name, so that it is there after a power cut too."""
    unfinished_file.replace(path)
    sync(path.parent)


def adopt(path: Path, data_dir: Path) -> None:
    """Give what root has made in the data directory to whom that belongs: the account under which Broadsheet runs."""
    if os.geteuid() != 0 or not path.exists():
        return
    owner = data_dir.stat()
    for one in (path, *path.rglob("*")):
        os.chown(one, owner.st_uid, owner.st_gid, follow_symlinks=False)


def sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Room:
    """Room on the disk of one folder; a part of it is left to the site, if the site writes to the same disk."""

    def __init__(self, folder: Path, *, shared_with: Path | None = None, advice: str = "free some") -> None:
        self._folder, self._advice = folder, advice
        is_shared = shared_with is not None and shared_with.stat().st_dev == folder.stat().st_dev
        self._reserve = RESERVE if is_shared else 0

    def require(self, size: int) -> None:
        """Refuse to begin what needs `size` bytes.

        Raises:
            NoRoom: there is less.
        """
        free = self._free()
        if free < size:
            left = f" ({_mib(self._reserve)} stay free for the site itself)" if self._reserve else ""
            raise NoRoom(
                f"{self._folder} has room for {_mib(max(free, 0))}{left}, and up to {_mib(size)} are needed: "
                f"{self._advice}. Nothing was written."
            )

    def check(self) -> None:
        """Stop in the middle when the site's part would be touched.

        Raises:
            NoRoom: it would.
        """
        if self._free() < 0:
            raise NoRoom(f"The disk of {self._folder} has become too full to go on. Nothing of what was begun is left there.")

    def _free(self) -> int:
        return shutil.disk_usage(self._folder).free - self._reserve


class GuardedFile:
    """A file that looks at the room on its disk while it grows."""

    def __init__(self, file: BinaryIO, room: Room) -> None:
        self._file, self._room, self._unchecked = file, room, 0

    def write(self, piece: bytes, /) -> int:
        self._unchecked += len(piece)
        if self._unchecked >= LOOK_EVERY:
            self._room.check()
            self._unchecked = 0
        return self._file.write(piece)


@contextlib.contextmanager
def creating(path: Path, room: Room, *, mode: int = 0o600, synced: bool = True) -> Iterator[GuardedFile]:
    """A new file, readable by its owner only unless `mode` says more; on the disk, if `synced`, when the block has ended."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        yield GuardedFile(file, room)
        file.flush()
        if synced:
            os.fsync(file.fileno())


@contextlib.contextmanager
def telling_full_disk(folder: Path) -> Iterator[None]:
    """Say of a write that failed for want of room what it was.

    Raises:
        NoRoom: the disk, a quota, or the largest size of a file.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoRoom(f"No room in {folder}: {error.strerror}. Nothing of what was begun is left there.") from error
        raise


def _mib(size: int) -> str:
    return f"{size / 1024 / 1024:,.0f} MiB"
