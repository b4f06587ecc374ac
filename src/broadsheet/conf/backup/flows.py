"""Making a backup, and looking whether one is whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.db import connection

from broadsheet.conf.backup import media
from broadsheet.conf.backup.archive import (
    DATABASES,
    FORMAT,
    SECRET_KEY,
    ArchiveWriter,
    Label,
    Manifest,
    Stream,
    media_member,
    read_archive,
)
from broadsheet.conf.backup.compatibility import is_key_kept, recognise
from broadsheet.conf.backup.database import database_size, files_named_now, take_snapshot
from broadsheet.conf.backup.encryption import NO_PROTECTION, Keys, Protection, decrypting, encrypting, parse_recipients
from broadsheet.conf.backup.exceptions import Refused
from broadsheet.conf.backup.folder import (
    Room,
    adopt,
    backup_name,
    choose_path,
    creating,
    finish,
    prune,
    telling_full_disk,
    unfinished,
)
from broadsheet.conf.backup.inventory import Snapshot, Tell
from broadsheet.conf.backup.passphrase import Sink

LAST_BACKUP = "last-backup.json"


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a backup is to go (a folder or a new file), how it is protected, and how many of its kind are kept (0: all)."""

    to: str | None = None
    protection: Protection = NO_PROTECTION
    keep: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup; `lost` are files that the database still names and nobody has, `pruned` older backups deleted."""

    path: Path
    size: int
    manifest: Manifest
    lost: tuple[str, ...]
    pruned: tuple[Path, ...]


def make_backup(wish: Wish, *, now: datetime, tell: Tell) -> Made:
    """Write one file that holds the whole installation, while it serves.

    The database is copied first and the files after it, so that every file that the copy names is there, unless
    it was deleted meanwhile; such are noted in the manifest.

    Raises:
        BackupError: it could not be made; nothing is left of it, and the site is as it was.
    """
    installation = settings.BROADSHEET
    parse_recipients(wish.protection.recipients)
    name = backup_name(installation.host, now, is_encrypted=not wish.protection.is_none)
    path = choose_path(wish.to, installation.data_dir / "backups", name)
    if wish.keep and path.name != name:
        raise Refused("--keep counts the backups in a folder; let --to name a folder, not a file.")
    room = Room(path.parent, shared_with=installation.data_dir, advice="free some, or name another disk by --to")
    room.require(2 * database_size() + sum(size for _, size in media.list_files(Path(settings.MEDIA_ROOT))))
    with telling_full_disk(path.parent), unfinished(path.parent, "backup") as work:
        snapshot = take_snapshot(work, room=room, tell=tell)
        with creating(work / path.name, room) as file, encrypting(file, wish.protection) as sink:
            manifest = _write(sink, snapshot, now=now, tell=tell)
        finish(work / path.name, path)
    if wish.to is None:
        adopt(path.parent, installation.data_dir)
    lost = tuple(name for name in manifest.missing if name in files_named_now()) if manifest.missing else ()
    pruned = prune(path, installation.host, keep=wish.keep) if wish.keep else []
    made = Made(path, path.stat().st_size, manifest, lost, tuple(pruned))
    _remember(made, now)
    return made


def verify_backup(path: Path, keys: Keys, *, tell: Tell) -> Manifest:
    """Read a backup to its end and compare each hash; nothing is written anywhere.

    Raises:
        BackupError: it is not whole, or not to be opened with these keys.
    """
    with opened_backup(path, keys, tell=tell) as stream:
        return read_archive(stream, on_label=lambda label: None)


@contextmanager
def opened_backup(path: Path, keys: Keys, *, tell: Tell) -> Iterator[Stream]:
    """The bytes of a backup, decrypted.

    Raises:
        Refused: there is no such file.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error
    with file, decrypting(file, keys) as stream:
        yield _Telling(stream, path.stat().st_size, tell)


def _write(sink: Sink, snapshot: Snapshot, *, now: datetime, tell: Tell) -> Manifest:
    """Write the members of one backup; returns what is in it."""
    root, installation = Path(settings.MEDIA_ROOT), settings.BROADSHEET
    files = sorted(media.list_files(root))  # listed after the snapshot was taken, so that what it names is there
    total = sum(size for _, size in files)
    archive = ArchiveWriter(sink, _label(snapshot, total, now))
    if is_key_kept():
        key = installation.data_dir / SECRET_KEY
        with key.open("rb") as stream:
            archive.add(SECRET_KEY, stream, key.stat().st_size, modified_at=key.stat().st_mtime)
    with snapshot.path.open("rb") as stream:
        size = snapshot.path.stat().st_size
        archive.add(DATABASES[connection.vendor], stream, size, modified_at=now.timestamp())
    snapshot.path.unlink()
    there = set(_add_files(archive, root, files, tell=lambda done: tell("files", done, total)))
    return archive.close(tuple(sorted(snapshot.contents.files - there)))


def _label(snapshot: Snapshot, media_bytes: int, now: datetime) -> Label:
    installation = settings.BROADSHEET
    return Label(
        format=FORMAT,
        version=version("broadsheet"),
        made_at=now.isoformat(),
        database=connection.vendor,
        database_version=snapshot.server_version,
        site_url=installation.site_url,
        time_zone=installation.time_zone,
        is_demo=installation.demo,
        secret_key=recognise(installation.secret_key),
        has_secret_key=is_key_kept(),
        database_bytes=snapshot.size,
        media_bytes=media_bytes,
        migrations=snapshot.contents.migrations,
        rows=snapshot.contents.rows,
    )


def _add_files(archive: ArchiveWriter, root: Path, files: list[tuple[str, int]], *, tell: Callable[[int], None]) -> Iterator[str]:
    """Add the uploaded files that are still there; gives their names."""
    done = 0
    for name, size in files:
        file = media.open_file(root, name)
        if file is not None:
            with file:
                status = os.fstat(file.fileno())
                archive.add(media_member(name), file, status.st_size, modified_at=status.st_mtime)
            yield name
        done += size
        tell(done)


def _remember(made: Made, now: datetime) -> None:
    """Write down when the last backup was made, for `broadsheet doctor`."""
    path = settings.BROADSHEET.data_dir / LAST_BACKUP
    content = {"at": now.isoformat(), "path": str(made.path), "bytes": made.size, "lost": len(made.lost)}
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(content))
    beside.replace(path)


class _Telling:
    """A stream that tells how far it has been read."""

    def __init__(self, stream: Stream, size: int, tell: Tell) -> None:
        self._stream, self._size, self._tell, self._done = stream, size, tell, 0

    def read(self, size: int = -1, /) -> bytes:
        piece = self._stream.read(size)
        self._done += len(piece)
        self._tell("reading", self._done, self._size)
        return piece
