"""The settings of processes that tests start and that need no collected style sheets: a real installation's but for those."""

from __future__ import annotations

from broadsheet.conf.settings import *  # noqa: F403
from broadsheet.conf.settings import STORAGES

STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
