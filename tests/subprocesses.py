"""Running the house in processes of their own, on the database of the test."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.db import connection


def child_environment() -> dict[str, str]:
    """The environment in which another process finds this test's database, directory and keys."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        url = os.environ["BROADSHEET_DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    installation = settings.BROADSHEET
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "broadsheet.conf.settings",
        "BROADSHEET_DATABASE_URL": url,
        "BROADSHEET_DATA_DIR": str(installation.data_dir),
        "BROADSHEET_SECRET_KEY": installation.secret_key,
        "BROADSHEET_TIME_ZONE": installation.time_zone,
        "BROADSHEET_SITE_URL": installation.site_url,
    }


def children_of(pid: int) -> list[int]:
    """The processes that one has started, those left out that granian keeps for its own books or that have just ended."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    commands = {int(child): _command_of(child) for child in listed}
    return [child for child, command in commands.items() if command and "resource_tracker" not in command]


def _command_of(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
