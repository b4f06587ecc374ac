"""The settings of the tests: those of a real installation, in a directory of this process's own.

`BROADSHEET_DATABASE_URL` decides the database. Without it the tests run on SQLite, in a file and in WAL as in
production, so that threads and processes behave as there.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import tempfile
from pathlib import Path

DATA_DIR = Path(tempfile.mkdtemp(prefix="broadsheet-tests-"))
atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return int(listener.getsockname()[1])


LIVE_SERVER_PORT = _free_port()
os.environ.update(
    BROADSHEET_ENV_FILE="",
    BROADSHEET_DATA_DIR=str(DATA_DIR),
    BROADSHEET_SITE_URL=f"http://localhost:{LIVE_SERVER_PORT}",
    BROADSHEET_SECRET_KEY="only for tests",
    BROADSHEET_TIME_ZONE="Europe/Berlin",
    BROADSHEET_MAIL_URL="file:",
    BROADSHEET_DEMO="0",
    BROADSHEET_LOG_FORMAT="text",
    DJANGO_ALLOW_ASYNC_UNSAFE="true",  # Playwright's event loop runs in the thread that also asks the database
)
for variable in (
    "BROADSHEET_MEDIA_DIR",
    "BROADSHEET_MEDIA_URL",
    "BROADSHEET_MAIL_FROM",
    "BROADSHEET_SUPPORT_ADDRESS",
    "BROADSHEET_TRUSTED_PROXIES",
):
    os.environ.pop(variable, None)

from broadsheet.conf.settings import *  # noqa: E402, F403
from broadsheet.conf.settings import DATABASES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True  # finds files in the sources, so nothing has to be collected

_database = DATABASES["default"]
_database["CONN_MAX_AGE"] = 0
if _database["ENGINE"].endswith("postgresql"):
    _database["NAME"] = f"tests_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
