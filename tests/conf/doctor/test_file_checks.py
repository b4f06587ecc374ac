"""The data directory: room, modes, static files, backup."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from broadsheet.conf.doctor import file_checks as checks
from broadsheet.conf.doctor.findings import Level
from tests.conftest import START

GB = 2**30


@pytest.mark.parametrize(
    ("free", "total", "free_files", "level"),
    [
        (60 * GB, 100 * GB, 900, Level.OK),
        (6 * GB, 1000 * GB, 900, Level.OK),
        (4 * GB, 10 * GB, 900, Level.OK),
        (4 * GB, 100 * GB, 900, Level.WARN),
        (1 * GB, 100 * GB, 900, Level.FAIL),
        (100 * 2**20, 200 * 2**20, 900, Level.FAIL),
        (60 * GB, 100 * GB, 50, Level.WARN),
        (60 * GB, 100 * GB, 5, Level.FAIL),
    ],
)
def test_room_is_judged_by_share_and_by_size(free: int, total: int, free_files: int, level: Level) -> None:
    assert checks.judge_room(free, total, free_files, 1000, "/srv").level is level


def test_file_system_that_counts_no_entries_is_judged_by_bytes() -> None:
    assert checks.judge_room(60 * GB, 100 * GB, 0, 0, "/srv").level is Level.OK


def test_disk_of_the_data_directory_is_looked_at(tmp_path: Path) -> None:
    assert str(tmp_path) in checks.check_disk(replace(settings.BROADSHEET, data_dir=tmp_path)).what
    gone = checks.check_disk(replace(settings.BROADSHEET, data_dir=tmp_path / "gone"))
    assert gone.level is Level.FAIL


@pytest.mark.parametrize(
    ("check", "mode", "level"),
    [
        ("secret key file", 0o600, Level.OK),
        ("secret key file", 0o640, Level.WARN),
        ("secret key file", 0o644, Level.FAIL),
        ("settings file", 0o600, Level.OK),
        ("settings file", 0o640, Level.OK),
        ("settings file", 0o660, Level.WARN),
        ("settings file", 0o644, Level.FAIL),
        ("data directory", 0o700, Level.OK),
        ("data directory", 0o750, Level.OK),
        ("data directory", 0o755, Level.WARN),
    ],
)
def test_who_may_read_what(tmp_path: Path, check: str, mode: int, level: Level) -> None:
    key, env_file = tmp_path / "secret.key", tmp_path / "broadsheet.env"
    key.write_text("hidden")
    env_file.write_text("hidden")
    paths = {"secret key file": key, "settings file": env_file, "data directory": tmp_path}
    for path, safe in ((key, 0o600), (env_file, 0o640), (tmp_path, 0o750)):
        path.chmod(safe)
    paths[check].chmod(mode)
    found = {one.check: one for one in checks.check_modes(replace(settings.BROADSHEET, data_dir=tmp_path), env_file)}
    assert found.pop(check).level is level
    assert {one.level for one in found.values()} == {Level.OK}


def test_key_in_the_environment_needs_no_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    found = list(checks.check_modes(replace(settings.BROADSHEET, data_dir=tmp_path), None))
    assert {one.level for one in found} == {Level.OK}


def test_static_files_are_collected_or_not(tmp_path: Path) -> None:
    assert checks.check_static_files(tmp_path).level is Level.FAIL
    (tmp_path / "staticfiles.json").write_text("{}")
    assert checks.check_static_files(tmp_path).level is Level.OK


@pytest.mark.parametrize(
    ("age", "size", "level"),
    [
        (timedelta(hours=20), 5, Level.OK),
        (timedelta(days=3), 5, Level.WARN),
        (timedelta(days=9), 5, Level.FAIL),
        (timedelta(hours=1), 0, Level.FAIL),
    ],
)
def test_backup_is_judged_by_its_age(tmp_path: Path, age: timedelta, size: int, level: Level) -> None:
    note = {"at": (START - age).isoformat(), "path": "/backups/one", "bytes": size}
    (tmp_path / "last-backup.json").write_text(json.dumps(note))
    assert checks.check_backup(replace(settings.BROADSHEET, data_dir=tmp_path), now=START).level is level


def test_site_that_never_made_a_backup_is_told_so(tmp_path: Path) -> None:
    installation = replace(settings.BROADSHEET, data_dir=tmp_path)
    assert checks.check_backup(installation, now=START).level is Level.WARN
    assert checks.check_backup(replace(installation, demo=True), now=START).level is Level.OK
    (tmp_path / "last-backup.json").write_text("cut sh")
    assert checks.check_backup(installation, now=START).level is Level.WARN
