"""`broadsheet`: Django's management commands and our own, under one name."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from broadsheet.conf.demo_environment import set_demo_environment


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadsheet.conf.settings")
    if sys.argv[1:2] == ["demo"]:
        set_demo_environment(sys.argv[2:])
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
