"""`broadsheet`: Django's management commands and our own, under one name."""

from __future__ import annotations

import os
import secrets
import sys

from django.core.management import execute_from_command_line

from broadsheet.conf.demo_environment import find_option, set_demo_environment
from broadsheet.conf.env_file import load_env_file
from broadsheet.conf.environment import SettingsError


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadsheet.conf.settings")
    try:
        set_environment(sys.argv[1:])
        execute_from_command_line(sys.argv)
    except SettingsError as error:
        sys.exit(f"broadsheet: {error}")


def set_environment(arguments: list[str]) -> None:
    """Complete the environment, from which the settings are read before the command runs: from the settings file, for most."""
    if arguments[:1] == ["demo"]:
        set_demo_environment(arguments[1:])
    elif arguments[:1] == ["init"]:
        set_init_environment()
    else:
        load_env_file()
    if arguments[:1] == ["restore"] and (url := find_option(arguments, "--into-database")):
        os.environ["BROADSHEET_DATABASE_URL"] = url


def set_init_environment() -> None:
    """`init` writes settings and reads none: this process gets a key that nobody keeps, and so makes no data directory."""
    for name in [name for name in os.environ if name.startswith("BROADSHEET_")]:
        del os.environ[name]
    os.environ["BROADSHEET_ENV_FILE"] = ""
    os.environ["BROADSHEET_SECRET_KEY"] = secrets.token_urlsafe(48)


if __name__ == "__main__":
    main()
