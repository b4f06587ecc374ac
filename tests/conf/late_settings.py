"""The settings of the version after: with a package more, whose migrations are those that LATE_MIGRATIONS names."""

from __future__ import annotations

import os

from tests.child_settings import *  # noqa: F403
from tests.child_settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.conf.late_app"]
MIGRATION_MODULES = {"late_app": f"tests.conf.late_app.{os.environ['LATE_MIGRATIONS']}"}
