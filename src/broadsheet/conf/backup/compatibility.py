"""Whether a backup suits the installation it is to be restored into."""

from __future__ import annotations

import re
from importlib.metadata import version

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from broadsheet.conf.backup.archive import SECRET_KEY, Label
from broadsheet.conf.backup.exceptions import Refused
from broadsheet.core.keys import keyed_hash

_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_EXAMPLES = {"sqlite": "sqlite:////srv/broadsheet/broadsheet.sqlite3", "postgresql": "postgres://user:password@host/name"}


def require_suitable(label: Label, *, new_secret_key: bool) -> None:
    """Refuse a backup that this installation cannot take.

    Raises:
        Refused: of the other kind of database, of a newer version, of a demo, or made under another secret key.
    """
    if label.database != connection.vendor:
        raise Refused(
            f"The backup is of an {_NAMES[label.database]} database, and this installation has {_NAMES[connection.vendor]}; "
            f"Broadsheet does not turn one into the other. Set BROADSHEET_DATABASE_URL to one of its own kind, such as "
            f"{_EXAMPLES[label.database]}, or name it by --into-database."
        )
    if _is_newer(label):
        raise Refused(
            f"The backup was made by Broadsheet {label.version}, which is newer than this one ({version('broadsheet')}): "
            "install that version or a later one, then restore."
        )
    if label.is_demo != settings.BROADSHEET.demo:
        raise Refused(
            "The backup is of a demo, whose people have passwords that anybody can work out; it cannot become a publication."
            if label.is_demo
            else "This is a demo, and the backup is of a publication; restore it into an installation that is none."
        )
    if not new_secret_key and not (brings_key(label) or label.secret_key == recognise(settings.BROADSHEET.secret_key)):
        raise Refused(
            "The backup was made under another secret key, which signs sessions and keys the hashes of addresses. Set "
            "BROADSHEET_SECRET_KEY to that key (or take it out of the settings, if the backup holds secret.key), or add "
            "--new-secret-key: then everybody has to sign in again."
        )


def brings_key(label: Label) -> bool:
    """Whether the backup's own secret.key takes the place of this installation's: both keep it in the data directory."""
    return label.has_secret_key and is_key_kept()


def is_key_kept() -> bool:
    """Whether the installation's secret key is the one in its data directory, and not one set in the environment."""
    path = settings.BROADSHEET.data_dir / SECRET_KEY
    return path.is_file() and path.read_text().strip() == settings.BROADSHEET.secret_key


def recognise(secret_key: str) -> str:
    """What a backup says of the secret key, so that another can be told from it."""
    return keyed_hash("backup", "secret key", secret_key=secret_key)


def _is_newer(label: Label) -> bool:
    """By its version, or, between two states of one version, by migrations that we do not know."""
    theirs, ours = _numbers(label.version), _numbers(version("broadsheet"))
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return theirs > ours or (theirs == ours and any((app, name) not in known for app, name in label.migrations))


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]
