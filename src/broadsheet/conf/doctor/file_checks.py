"""The data directory: room on its disk, who may read what, static files, the last backup."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from broadsheet.conf.doctor.findings import Finding, fail, in_words, ok, warn
from broadsheet.conf.watch.backups import find_last_backup
from broadsheet.core.installation import Installation

# SQLite needs room for the write-ahead log and for VACUUM, uploads need some for a moment.
LITTLE_ROOM, NO_ROOM = 0.10, 0.02
ENOUGH_BYTES, TOO_FEW_BYTES = 5 * 2**30, 200 * 2**20
OLD_BACKUP, VERY_OLD_BACKUP = timedelta(days=2), timedelta(days=8)


def check_disk(installation: Installation) -> Finding:
    """There is room for the database and for photos."""
    check, place = "disk", installation.data_dir
    try:
        usage = shutil.disk_usage(place)
        inodes = os.statvfs(place)
    except OSError as error:
        return fail(check, f"{place} cannot be looked at: {error.strerror}.", "See that BROADSHEET_DATA_DIR is there.")
    return judge_room(usage.free, usage.total, inodes.f_favail, inodes.f_files, str(place))


def judge_room(free: int, total: int, free_files: int, all_files: int, place: str) -> Finding:
    """What so many free bytes and file entries mean; file systems that count no entries give 0 of 0."""
    check, share = "disk", free / total if total else 0.0
    files = free_files / all_files if all_files else 1.0
    room = f"{free / 2**30:.1f} GB free ({share:.0%}) on the disk of {place}"
    todo = "Make room, or move BROADSHEET_DATA_DIR to a larger disk; a full disk lets nobody sign in, read on or publish."
    if free < TOO_FEW_BYTES or (share < NO_ROOM and free < ENOUGH_BYTES) or files < NO_ROOM:
        return fail(check, f"Only {room}, and {files:.0%} of its file entries.", todo)
    if (share < LITTLE_ROOM and free < ENOUGH_BYTES) or files < LITTLE_ROOM:
        return warn(check, f"Only {room}, and {files:.0%} of its file entries.", todo)
    return ok(check, room)


def check_modes(installation: Installation, env_file: Path | None) -> Iterator[Finding]:
    """Keys and settings are readable by their owner only, the data directory by no stranger."""
    yield _check_mode("secret key file", installation.data_dir / "secret.key", forbidden=0o077, wanted="600")
    if env_file is not None:
        yield _check_mode("settings file", env_file, forbidden=0o037, wanted="640")
    yield _check_mode("data directory", installation.data_dir, forbidden=0o007, wanted="750")


def _check_mode(check: str, path: Path, *, forbidden: int, wanted: str) -> Finding:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return ok(check, f"there is no {path}")
    except OSError as error:
        return warn(check, f"{path} cannot be looked at: {error.strerror}.", "Run this as the account that serves.")
    if not mode & forbidden:
        return ok(check, f"{path}, mode {mode:o}")
    judge = fail if mode & forbidden & 0o006 and path.is_file() else warn
    return judge(check, f"{path} has mode {mode:o}: other accounts of this machine can get at it.", f"chmod {wanted} {path}")


def check_static_files(static_root: Path) -> Finding:
    """Style sheets and scripts were collected."""
    check = "static files"
    if (static_root / "staticfiles.json").is_file():
        return ok(check, f"collected in {static_root}")
    return fail(check, f"{static_root} holds no static files: pages have no style.", "Run: broadsheet collectstatic --noinput")


def check_backup(installation: Installation, *, now: datetime) -> Finding:
    """There is a backup of these days."""
    check, backup = "backup", find_last_backup(installation.data_dir)
    if installation.demo:
        return ok(check, "a demo needs none")
    if backup is None:
        return warn(check, "No backup was ever made from this host.", "Run broadsheet backup each night; docs/operator/backup.md.")
    age = now - backup.at
    seen = f"The last backup is {in_words(age.total_seconds())} old: {backup.path}"
    if age > OLD_BACKUP:
        judge = fail if age > VERY_OLD_BACKUP else warn
        return judge(check, f"{seen}.", "See why the nightly broadsheet backup no longer runs.")
    if backup.size_bytes == 0:
        return fail(check, f"{seen}, and it is empty.", "Run broadsheet backup and read what it says.")
    return ok(check, f"{in_words(age.total_seconds())} old, {backup.size_bytes / 2**20:.0f} MB: {backup.path}")
