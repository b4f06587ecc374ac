"""`python -m broadsheet.conf.init.inside`: the part of `broadsheet init` that runs as the service's own account.

It reads a Request as JSON from its standard input and works on the settings that were written. It answers with JSON lines:
`say` is a line for whoever watches, `sign_in` what the publisher needs, `problem` what failed.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import django
from django.core.management.base import CommandError

from broadsheet.conf.env_file import load_env_file
from broadsheet.conf.environment import SettingsError
from broadsheet.conf.init.sign_in import Request


def main() -> None:
    """Read the request, do it, say what happens."""
    request = Request(**json.load(sys.stdin))
    os.environ["DJANGO_SETTINGS_MODULE"] = "broadsheet.conf.settings"
    try:
        load_env_file()
        django.setup()
        _make_site(request)
    except (SettingsError, CommandError, OSError) as error:
        _tell("problem", " ".join(str(error).split()))
        sys.exit(1)


def _make_site(request: Request) -> None:
    from django.db import Error as DatabaseError  # both need the settings, which are read only now

    from broadsheet.conf.init.site import make_site

    try:
        make_site(request, tell=_tell)
    except DatabaseError as error:
        raise CommandError(f"The database refused: {error}") from None


def _tell(kind: str, what: Any) -> None:
    print(json.dumps({kind: what}), flush=True)


if __name__ == "__main__":
    main()
