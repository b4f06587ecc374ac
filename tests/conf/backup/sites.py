"""A small site with something in every corner, and its fingerprint: what a backup has to bring back."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection, connections
from django.test import Client
from PIL import Image

from broadsheet.accounts.models import User
from broadsheet.library.models import Article, Photo

# What a restored database rightly has otherwise: made anew, or changed so that no process believes what it held.
CHANGED_BY_RESTORE = {
    "core_cache",
    "core_change",
    "core_heartbeat",
    "core_signingkey",
    "core_trimmedlog",
    "mail_sending",
    "pages_epoch",
    "pages_recipeuse",
    "pages_variant",
    "pages_variantmention",
}


@dataclass(frozen=True)
class Site:
    """Where to look at a site that was filled, and the browsers of its readers, signed in."""

    articles: list[Article]
    photo: Photo
    stranger: Client
    reader: Client
    subscriber: Client

    def read(self) -> dict[str, bytes]:
        """The bytes that each kind of visitor is shown."""
        paths = ["/", "/library/", self.photo.file.url, *(article.get_absolute_url() for article in self.articles)]
        visitors = {"stranger": self.stranger, "reader": self.reader, "subscriber": self.subscriber}
        return {f"{name} {path}": _body(client, path) for name, client in visitors.items() for path in paths}


def _body(client: Client, path: str) -> bytes:
    answer: Any = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def make_picture(colour: str, *, side: int = 40) -> bytes:
    """The bytes of a picture in one colour."""
    content = BytesIO()
    Image.new("RGB", (side, side), colour).save(content, "PNG")
    return content.getvalue()


def make_photo(name: str = "harbour.png", colour: str = "navy") -> Photo:
    """A photo with its file."""
    return Photo.objects.create(title=name, alt="A harbour", file=ContentFile(make_picture(colour), name))


def fingerprint() -> dict[str, str]:
    """A hash of the rows of each table that a backup has to bring back, and of each uploaded file."""
    return {**hash_tables(), **hash_media()}


def hash_tables() -> Mapping[str, str]:
    """{table: hash of its rows in any order}."""
    hashes = {}
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - CHANGED_BY_RESTORE:
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            rows = sorted(
                repr([bytes(cell) if isinstance(cell, memoryview) else cell for cell in row]) for row in cursor.fetchall()
            )
            hashes[table] = sha256("\n".join(rows).encode()).hexdigest()
    return hashes


def hash_media() -> Mapping[str, str]:
    """{name of an uploaded file: hash of its bytes}."""
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)): sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}


def wipe() -> None:
    """Leave of this installation what a new machine has: an empty database and no files."""
    connections.close_all()
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
    else:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
    clear_files()


def clear_files() -> None:
    """Delete uploaded files, backups and what a restore has moved aside."""
    data_dir = settings.BROADSHEET.data_dir
    for path in (Path(settings.MEDIA_ROOT), data_dir / "backups", *data_dir.glob("replaced-*")):
        shutil.rmtree(path, ignore_errors=True)
    (data_dir / "last-backup.json").unlink(missing_ok=True)


def is_signed_in(client: Client, user: User) -> bool:
    """Whether a browser's cookie still says who it is."""
    return user.email.encode() in _body(client, "/account/")


def say_nothing(step: str, done: int, total: int) -> None:
    """Nobody watches a test."""
