"""The environment of the demo: settings are read before a command runs, so its two options must be read before them."""

from __future__ import annotations

import os
from collections.abc import Sequence

DEFAULT_PORT = "8000"
DEFAULT_DATA_DIR = ".demo"


def set_demo_environment(arguments: Sequence[str]) -> None:
    """Set `BROADSHEET_…` for a demo in the data directory and on the port that the arguments name."""
    port = find_option(arguments, "--port") or DEFAULT_PORT
    os.environ["BROADSHEET_ENV_FILE"] = ""  # the settings of a real publication on this machine are not the demo's
    os.environ["BROADSHEET_DEMO"] = "1"
    os.environ["BROADSHEET_DATA_DIR"] = os.path.abspath(find_option(arguments, "--data-dir") or DEFAULT_DATA_DIR)
    os.environ["BROADSHEET_SITE_URL"] = f"http://localhost:{port}"
    os.environ["BROADSHEET_MAIL_URL"] = "file:"
    os.environ.setdefault("BROADSHEET_TIME_ZONE", "Europe/Berlin")
    for name in ("BROADSHEET_DATABASE_URL", "BROADSHEET_MEDIA_URL", "BROADSHEET_SECRET_KEY", "BROADSHEET_TRUSTED_PROXIES"):
        os.environ.pop(name, None)


def find_option(arguments: Sequence[str], name: str) -> str | None:
    """The value that a command line gives one option, before anything has been set up to parse it."""
    for index, argument in enumerate(arguments):
        if argument == name and index + 1 < len(arguments):
            return arguments[index + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return None
