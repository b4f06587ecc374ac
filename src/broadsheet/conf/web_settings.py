"""Django's settings in a web server: as everywhere, but nobody waits long for the database."""

from __future__ import annotations

from broadsheet.conf.databases import limit_waiting
from broadsheet.conf.settings import *  # noqa: F403
from broadsheet.conf.settings import DATABASES as _DATABASES

DATABASES = {alias: limit_waiting(database) for alias, database in _DATABASES.items()}
