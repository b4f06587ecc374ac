"""Writing several files as one: all are staged beside their places first, and each step can be taken back."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from broadsheet.conf.init.record import content_hash

STAGED = ".broadsheet-init"


class State(StrEnum):
    """What a file's place looks like before it is written."""

    NEW = "new"
    SAME = "as it was"
    CHANGED = "changed"
    EDITED = "changed by hand, so left alone (--force replaces it)"
    REPLACED = "changed by hand, replaced"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a file is."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class WantedFile:
    """A file as it is to be. `keeps_edits`: its content was made from what lies there, so nothing by hand is lost."""

    path: Path
    content: bytes
    mode: int
    owner: Owner | None = None
    keeps_edits: bool = False


@dataclass(frozen=True, slots=True)
class WantedFolder:
    """A folder as it is to be; what lies in it stays."""

    path: Path
    mode: int
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A wanted file, and what that means for what lies there."""

    file: WantedFile
    state: State

    @property
    def is_written(self) -> bool:
        return self.state in (State.NEW, State.CHANGED, State.REPLACED)


def plan_file(file: WantedFile, written: Mapping[str, str], *, force: bool) -> PlannedFile:
    """Compare a wanted file with what lies there.

    Args:
        written: the hash of each file as we last wrote it; what differs from that was changed by hand.
        force: whether such a file is replaced all the same.
    """
    try:
        present = file.path.read_bytes()
    except FileNotFoundError:
        return PlannedFile(file, State.NEW)
    if present == file.content:
        return PlannedFile(file, State.SAME if _is_kept_as_wanted(file) else State.CHANGED)
    if file.keeps_edits or written.get(str(file.path)) == content_hash(present):
        return PlannedFile(file, State.CHANGED)
    return PlannedFile(file, State.REPLACED if force else State.EDITED)


def write_files(planned: Iterable[PlannedFile], undo: ExitStack, *, stamp: str) -> list[Path]:
    """Write what is to be written, all or nothing; the older versions saved beside what is lost otherwise.

    Args:
        undo: gets what takes each step back.
        stamp: tells saved versions apart.

    Returns:
        where older versions were saved.
    """
    staged: list[tuple[PlannedFile, Path]] = []
    with ExitStack() as leftovers:
        for each in planned:
            if each.is_written:
                make_parents(each.file.path, undo)
                place = each.file.path.with_name(f".{each.file.path.name}{STAGED}")
                leftovers.callback(place.unlink, missing_ok=True)
                _stage(each.file, place)
                staged.append((each, place))
        return [saved for each, place in staged if (saved := _put(each, place, undo, stamp)) is not None]


def make_parents(path: Path, undo: ExitStack) -> None:
    """Make the folders above a path, as far as they are missing."""
    for folder in reversed([parent for parent in path.parents if not parent.exists()]):
        folder.mkdir(mode=0o755)
        folder.chmod(0o755)
        undo.callback(_remove_empty, folder)


def make_folder(folder: WantedFolder, undo: ExitStack) -> bool:
    """Make a folder, or give one that is there its mode and owner; whether it is new. What came into a new one goes with it."""
    make_parents(folder.path, undo)
    is_new = not folder.path.exists()
    if is_new:
        folder.path.mkdir(mode=0o700)
        undo.callback(shutil.rmtree, folder.path, ignore_errors=True)
    else:
        status = folder.path.stat()
        undo.callback(_restore, folder.path, status.st_mode & 0o7777, Owner(status.st_uid, status.st_gid))
    _own(folder.path, folder.owner)
    folder.path.chmod(folder.mode)
    return is_new


def make_link(link: Path, target: str, undo: ExitStack) -> bool:
    """Make a symbolic link unless something lies there; whether it is new."""
    if os.path.lexists(link):
        return False
    make_parents(link, undo)
    link.symlink_to(target)
    undo.callback(link.unlink, missing_ok=True)
    return True


def _is_kept_as_wanted(file: WantedFile) -> bool:
    status = file.path.stat()
    is_owned = file.owner is None or (status.st_uid, status.st_gid) == (file.owner.uid, file.owner.gid)
    return status.st_mode & 0o7777 == file.mode and is_owned


def _stage(file: WantedFile, place: Path) -> None:
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as staged:
        staged.write(file.content)
        staged.flush()
        os.fsync(staged.fileno())
    _own(place, file.owner)
    place.chmod(file.mode)


def _put(planned: PlannedFile, place: Path, undo: ExitStack, stamp: str) -> Path | None:
    path, saved = planned.file.path, None
    if planned.state is State.NEW:
        undo.callback(path.unlink, missing_ok=True)
    else:
        status = path.stat()
        old = WantedFile(path, path.read_bytes(), status.st_mode & 0o7777, Owner(status.st_uid, status.st_gid))
        undo.callback(_put_back, old)
        if old.content != planned.file.content and (planned.state is State.REPLACED or planned.file.keeps_edits):
            saved = path.with_name(f"{path.name}.{stamp}.old")
            _stage(replace(old, path=saved), saved)
            undo.callback(saved.unlink, missing_ok=True)
    os.replace(place, path)
    return saved


def _put_back(old: WantedFile) -> None:
    place = old.path.with_name(f".{old.path.name}{STAGED}")
    _stage(old, place)
    os.replace(place, old.path)


def _own(path: Path, owner: Owner | None) -> None:
    if owner is not None and owner != Owner(path.stat().st_uid, path.stat().st_gid):
        os.chown(path, owner.uid, owner.gid)


def _restore(path: Path, mode: int, owner: Owner) -> None:
    with contextlib.suppress(OSError):
        _own(path, owner)
        path.chmod(mode)


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
