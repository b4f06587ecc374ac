"""Bringing a backup back into an installation.

Everything is unpacked beside the installation and compared with the manifest first. Only then does the database move
into place, then the files. What was there before moves aside; nothing is ever deleted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from broadsheet.conf.backup import media, postgresql, sqlite
from broadsheet.conf.backup.archive import CHUNK, DATABASES, MEDIA, SECRET_KEY, Label, Manifest, Stream, read_archive
from broadsheet.conf.backup.compatibility import brings_key, recognise, require_suitable
from broadsheet.conf.backup.database import find_data, sqlite_path
from broadsheet.conf.backup.encryption import Keys
from broadsheet.conf.backup.exceptions import BackupError, Damaged, Refused
from broadsheet.conf.backup.flows import opened_backup
from broadsheet.conf.backup.folder import Room, adopt, creating, telling_full_disk, unfinished
from broadsheet.conf.backup.inventory import Contents, Tell
from broadsheet.conf.schema import MigrationFailed, bring_up_to_date, find_missing_migrations
from broadsheet.core.restore_flows import leave_past_behind
from broadsheet.mail.hold_flows import hold_mail
from broadsheet.pages.models import Epoch


@dataclass(frozen=True, slots=True)
class Consent:
    """What the operator has agreed to: moving aside what is there, and going on under another secret key."""

    replace: bool = False
    new_secret_key: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, and where that lies which was there before: a folder, a schema, or nowhere."""

    manifest: Manifest
    aside: Path | None
    aside_schema: str


def restore_backup(path: Path, keys: Keys, consent: Consent, *, now: datetime, tell: Tell) -> Restored:
    """Bring a backup back into this installation, which must be empty unless the operator says otherwise.

    Raises:
        BackupError: it cannot be; the installation is as it was.
    """
    data_dir = settings.BROADSHEET.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    if not consent.replace:
        _require_empty()
    aside = data_dir / f"replaced-{now:%Y%m%dT%H%M%S}"
    with telling_full_disk(data_dir), _staging(consent) as staging:
        with opened_backup(path, keys, tell=tell) as stream:
            manifest = read_archive(stream, on_label=staging.judge, take=staging.take)
        os.sync()
        schema = _install_database(staging, manifest.label, aside, now)
        _install_files(staging, manifest.label, consent, aside)
        adopt(aside, data_dir)
    return Restored(manifest, aside if aside.exists() else None, schema)


class _Staging:
    """A backup on its way: unpacked beside the installation, on the disks where its parts will lie."""

    def __init__(self, files: Path, database: Path, consent: Consent) -> None:
        self.files, self.database = files, database / "database"
        self._consent, self._room = consent, Room(files)
        self._label: Label

    def judge(self, label: Label) -> None:
        """Refuse what this installation cannot take, before any of it is unpacked."""
        self._label = label
        require_suitable(label, new_secret_key=self._consent.new_secret_key)
        self._room.require(label.database_bytes + label.media_bytes)

    def take(self, name: str, stream: Stream) -> None:
        """Unpack one member; `read_archive` has looked at its name."""
        if name == DATABASES["sqlite"]:
            sqlite.unpack(stream, self.database, room=self._room, size=self._label.database_bytes)
            return
        path = self.database if name == DATABASES["postgresql"] else self.files / name
        mode = settings.FILE_UPLOAD_PERMISSIONS if name.startswith(f"{MEDIA}/") else 0o600
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with creating(path, self._room, mode=mode, synced=False) as file:
                shutil.copyfileobj(stream, file, CHUNK)
        except (FileExistsError, NotADirectoryError) as error:
            raise Damaged(f"The backup holds {name!r} twice, or as a file and a folder; Broadsheet did not make it.") from error


@contextmanager
def _staging(consent: Consent) -> Iterator[_Staging]:
    data_dir = settings.BROADSHEET.data_dir
    beside = sqlite_path().parent if connection.vendor == "sqlite" else data_dir
    with unfinished(data_dir, "restore") as files, unfinished(beside, "restore") as database:
        yield _Staging(files, database, consent)


def _require_empty() -> None:
    held = find_data()
    root = Path(settings.MEDIA_ROOT)
    if held is None and next(media.list_files(root), None) is None:
        return
    what = f"in its table {held}" if held else f"in {root}"
    raise Refused(
        f"This installation holds data already, {what}. Restore into an empty one, or add --replace: then what is here "
        "moves aside and is not deleted. Nothing was changed."
    )


def _install_database(staging: _Staging, label: Label, aside: Path, now: datetime) -> str:
    """Put the database in place; returns the schema that holds the old one, if there is one."""
    staged = staging.database
    if label.database == "postgresql":
        return postgresql.install(staged, now=now, prepare=lambda: _prepare(postgresql.read_restored(), label, now))
    sqlite.install(staged, sqlite_path(), aside=aside, prepare=lambda: _prepare(sqlite.read_restored(staged), label, now))
    adopt(sqlite_path(), settings.BROADSHEET.data_dir)
    return ""


def _prepare(contents: Contents, label: Label, now: datetime) -> None:
    """Bring a restored database up to this version, hold its letters, and make every process forget the past."""
    if contents.rows != label.rows:
        raise Damaged("The database in the backup does not hold the rows that the backup says it does.")
    if find_missing_migrations():
        try:
            bring_up_to_date()
        except MigrationFailed as error:
            raise BackupError(f"The backup's database was not put in place: {error}") from error
    hold_mail(copied_at=label.moment)
    leave_past_behind(now=now)
    # A builder that read the old counter must not store its page because the new one happens to stand there.
    Epoch.objects.update(value=int(now.timestamp() * 1000))


def _install_files(staging: _Staging, label: Label, consent: Consent, aside: Path) -> None:
    """Put the uploaded files in place, and the secret key, if it is the backup's that counts from now on."""
    data_dir, root = settings.BROADSHEET.data_dir, Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    _move_children(root, aside, MEDIA)
    _move_children(staging.files / MEDIA, root)
    adopt(root, data_dir)
    is_other_key = label.secret_key != recognise(settings.BROADSHEET.secret_key)
    if is_other_key and brings_key(label) and not consent.new_secret_key:
        aside.mkdir(mode=0o700, exist_ok=True)
        shutil.move(data_dir / SECRET_KEY, aside / SECRET_KEY)
        shutil.move(staging.files / SECRET_KEY, data_dir / SECRET_KEY)
        adopt(data_dir / SECRET_KEY, data_dir)


def _move_children(source: Path, target: Path, name: str = "") -> None:
    """Move what is in a folder into `target`, there into the folder `name`; not the folder, which may be a link or a disk."""
    children = list(source.iterdir()) if source.is_dir() else []
    if children:
        target.mkdir(mode=0o700, exist_ok=True)
        (target / name).mkdir(mode=0o755, exist_ok=True)
    for child in children:
        shutil.move(child, target / name / child.name)
