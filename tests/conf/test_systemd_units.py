"""The units: systemd accepts them, they say what they should, and they leave little to an intruder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from configparser import ConfigParser
from dataclasses import replace
from pathlib import Path

import pytest

from broadsheet.conf.systemd_units import UNITS, Service, render_units

SERVICE = Service(
    host="review.example",
    user="daemon",
    command="/bin/true",
    env_file=Path("/etc/broadsheet/broadsheet.env"),
    data_dir=Path("/var/lib/broadsheet"),
    backup_dir=Path("/var/backups/broadsheet"),
    port=8000,
    edge_port=8001,
    edge_workers=2,
)
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd")


def read(text: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def write(folder: Path, service: Service) -> list[str]:
    for name, text in render_units(service).items():
        (folder / name).write_text(text)
    return [str(folder / name) for name in UNITS]


def test_service_runs_as_its_own_user_and_always_comes_back() -> None:
    unit = read(render_units(SERVICE)["broadsheet.service"])
    service = unit["Service"]
    assert service["ExecStart"] == "/bin/true serve --host 127.0.0.1 --port 8000 --edge-port 8001 --edge-workers 2"
    assert (service["User"], service["Group"], service["Restart"]) == ("daemon", "daemon", "always")
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert "BROADSHEET_ENV_FILE=/etc/broadsheet/broadsheet.env" in service["Environment"]
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_without_an_edge_port_there_is_no_edge_group() -> None:
    unit = read(render_units(replace(SERVICE, edge_port=None))["broadsheet.service"])
    assert unit["Service"]["ExecStart"] == "/bin/true serve --host 127.0.0.1 --port 8000"


@pytest.mark.parametrize("name", ["broadsheet.service", "broadsheet-backup.service"])
def test_processes_may_write_their_data_and_nothing_else(name: str) -> None:
    service = read(render_units(SERVICE)[name])["Service"]
    assert service["ReadWritePaths"] == "/var/lib/broadsheet -/var/backups/broadsheet"
    assert (service["ProtectSystem"], service["ProtectHome"], service["NoNewPrivileges"]) == ("strict", "yes", "yes")
    assert service["UMask"] == "0027"


def test_photos_elsewhere_can_be_written_to() -> None:
    units = render_units(replace(SERVICE, media_dir=Path("/mnt/photos")))
    assert read(units["broadsheet.service"])["Service"]["ReadWritePaths"].endswith(" -/mnt/photos")


@pytest.mark.parametrize("home", ["/home/ann", "/root"])
def test_environment_in_somebodys_home_can_be_read(home: str) -> None:
    units = render_units(replace(SERVICE, command=f"{home}/broadsheet/.venv/bin/broadsheet"))
    assert read(units["broadsheet.service"])["Service"]["ProtectHome"] == "read-only"


def test_backup_runs_daily_even_if_the_machine_was_off() -> None:
    timer = read(render_units(SERVICE)["broadsheet-backup.timer"])["Timer"]
    assert timer["OnCalendar"].startswith("*-*-* ")
    assert timer["Persistent"] == "true"
    service = read(render_units(SERVICE)["broadsheet-backup.service"])["Service"]
    assert service["ExecStart"] == "/bin/true backup --to /var/backups/broadsheet --keep 14"


@needs_systemd
def test_systemd_finds_nothing_to_say(tmp_path: Path) -> None:
    # Without this the check wants a running system bus.
    environment = {**os.environ, "SYSTEMD_OFFLINE": "1"}
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *write(tmp_path, SERVICE)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize("name", ["broadsheet.service", "broadsheet-backup.service"])
def test_systemd_counts_the_exposure_as_low(name: str, tmp_path: Path) -> None:
    """Below 2.5 of 10 by systemd's own count; a service that protects nothing has 9.6."""
    write(tmp_path, SERVICE)
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--json=short", "--threshold=25"]
    ran = subprocess.run([*command, str(tmp_path / name)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert json.loads(ran.stdout)
