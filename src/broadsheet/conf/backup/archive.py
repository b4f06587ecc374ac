"""The file format of a backup: a tar file whose first member says what it is and whose last lists all others by hash.

    backup.json         what the backup is of, so that a restore can refuse before it reads gigabytes
    secret.key          if the installation's key lies in its data directory
    database.sqlite3.gz, or database.pgdump (pg_dump's custom format)
    media/…             every uploaded file
    manifest.json       [sha256, size] of each member above; a file without it is cut short

Nothing is ever unpacked by tarfile itself: only plain files with the names above are taken, each to a place of our choice.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any, Protocol, cast

from broadsheet.conf.backup.exceptions import Damaged
from broadsheet.conf.backup.passphrase import Sink

FORMAT = 1
LABEL, SECRET_KEY, MEDIA, MANIFEST = "backup.json", "secret.key", "media", "manifest.json"
DATABASES = {"sqlite": "database.sqlite3.gz", "postgresql": "database.pgdump"}
CHUNK = 1024 * 1024
# An installation of a million uploaded files has a manifest of about 150 MB.
_MAX_JSON = 512 * CHUNK


@dataclass(frozen=True, slots=True)
class Label:
    """What a backup is of.

    `database` is `sqlite` or `postgresql`; `secret_key` a keyed hash by which the installation's key can be recognised,
    `has_secret_key` whether the key is in here; `migrations` the (app, name) pairs the database has been through; `rows`
    how many each table holds; `database_bytes` and `media_bytes` what they take unpacked.
    """

    format: int
    version: str
    made_at: str
    database: str
    database_version: str
    site_url: str
    time_zone: str
    is_demo: bool
    secret_key: str
    has_secret_key: bool
    database_bytes: int
    media_bytes: int
    migrations: list[list[str]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def moment(self) -> datetime:
        """When the backup was made, aware."""
        return datetime.fromisoformat(self.made_at)

    @property
    def database_member(self) -> str:
        """The name of the member that holds the database."""
        return DATABASES[self.database]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole backup: its label, sha256 and size of each member, and files that the database names but nobody has."""

    label: Label
    members: Mapping[str, tuple[str, int]]
    missing: tuple[str, ...] = ()


class Stream(Protocol):
    """Anything that gives bytes: `read(n)` gives at most n, and none only at the end."""

    def read(self, size: int = -1, /) -> bytes: ...


class _Hashing:
    """A stream that hashes and counts what is read through it."""

    def __init__(self, stream: Stream) -> None:
        self._stream, self._hash, self.size = stream, hashlib.sha256(), 0

    def read(self, size: int = -1, /) -> bytes:
        piece = self._stream.read(size)
        self._hash.update(piece)
        self.size += len(piece)
        return piece

    def drain(self) -> tuple[str, int]:
        """Read to the end; sha256 and size of all of it."""
        while self.read(CHUNK):
            pass
        return self._hash.hexdigest(), self.size


class _Counting:
    """A sink that says how much was written to it, which tarfile asks. (Its own streams write on when they are thrown away.)"""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._size = sink, 0

    def write(self, piece: bytes, /) -> int:
        self._sink.write(piece)
        self._size += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._size


class ArchiveWriter:
    """Writes one backup, member after member, into a sink that is never sought back in."""

    def __init__(self, sink: Sink, label: Label) -> None:
        self._tar = tarfile.TarFile(mode="w", fileobj=cast(Any, _Counting(sink)), format=tarfile.PAX_FORMAT, copybufsize=CHUNK)
        self._label = label
        self._members: dict[str, tuple[str, int]] = {}
        self.add(LABEL, *_json_stream(asdict(label)), modified_at=label.moment.timestamp())

    def add(self, name: str, stream: Stream, size: int, *, modified_at: float) -> None:
        """Add `size` bytes of `stream` as the member `name`.

        Raises:
            Damaged: the stream ends before.
        """
        hashing = self._put(name, stream, size, modified_at)
        self._members[name] = hashing.drain()

    def close(self, missing: tuple[str, ...]) -> Manifest:
        """Add the manifest and end the archive; the sink stays open."""
        manifest = Manifest(self._label, self._members, missing)
        content = {**asdict(self._label), "members": self._members, "missing": missing}
        self._put(MANIFEST, *_json_stream(content), self._label.moment.timestamp())
        self._tar.close()
        return manifest

    def _put(self, name: str, stream: Stream, size: int, modified_at: float) -> _Hashing:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, modified_at, 0o600
        hashing = _Hashing(_Limited(stream, size))
        try:
            self._tar.addfile(info, cast(Any, hashing))
        except OSError as error:
            if error.errno is None:  # tarfile's own: the stream gave less than `size`
                raise Damaged(f"{name} became shorter while it was copied; run the backup again.") from error
            raise
        cast(Any, self._tar).members.clear()  # or tarfile would remember every one
        return hashing


class _Limited:
    """The first `size` bytes of a stream: a file that still grows is taken as it was."""

    def __init__(self, stream: Stream, size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, size: int = -1, /) -> bytes:
        piece = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(piece)
        return piece


def read_archive(
    source: Stream, *, on_label: Callable[[Label], None], take: Callable[[str, Stream], None] | None = None
) -> Manifest:
    """Read one backup to its end and compare every member with the manifest.

    Args:
        on_label: told what the backup is of before anything else is read; may raise to refuse it.
        take: given each member but the label, by name, to do with as it likes.

    Raises:
        Damaged: the file is cut short, was changed, or is no backup; what `take` was given counts for nothing then.
    """
    found: dict[str, tuple[str, int]] = {}
    label: Label | None = None
    try:
        with tarfile.open(mode="r|", fileobj=cast(Any, source), bufsize=CHUNK) as tar:
            while (info := tar.next()) is not None:
                cast(Any, tar).members.clear()  # or tarfile would remember every one
                stream = _open_member(tar, info, found)
                if label is None:
                    label = _read_label(info.name, stream)
                    on_label(label)
                elif info.name == MANIFEST:
                    _compare(label, found, claimed := _read_manifest(stream))
                    _require_end(tar, source)
                    return Manifest(label, found, tuple(claimed["missing"]))
                elif take is not None:
                    take(info.name, stream)
                found[info.name] = stream.drain()
    except (tarfile.TarError, EOFError) as error:
        raise Damaged(f"The backup is damaged or cut short: {error}.") from error
    raise Damaged("The backup is cut short: its manifest, which comes last, is missing.")


def _open_member(tar: tarfile.TarFile, info: tarfile.TarInfo, found: Mapping[str, Any]) -> _Hashing:
    """The bytes of a member that has the form and the name of one of ours."""
    is_plain = info.type == tarfile.REGTYPE and not info.sparse
    stream = tar.extractfile(info) if is_plain else None
    if stream is None or not is_member_name(info.name) or info.name in found:
        raise Damaged(f"The backup holds {info.name!r}, which no backup of ours does; it was not made by Broadsheet.")
    return _Hashing(stream)


def is_member_name(name: str) -> bool:
    """Whether a backup may hold a member of this name: nothing absolute, nothing that climbs, only names we know."""
    if name in (LABEL, SECRET_KEY, MANIFEST, *DATABASES.values()):
        return True
    parts = name.split("/")
    return parts[0] == MEDIA and len(parts) > 1 and "\0" not in name and all(part not in ("", ".", "..") for part in parts)


def media_member(relative: str) -> str:
    """The name of the member that holds an uploaded file."""
    return str(PurePosixPath(MEDIA, relative))


def _read_label(name: str, stream: _Hashing) -> Label:
    if name != LABEL:
        raise Damaged("This is no backup made by Broadsheet: it does not begin with backup.json.")
    content = _read_json(stream)
    written_as = content.get("format")
    if isinstance(written_as, int) and written_as > FORMAT:
        raise Damaged(
            f"The backup has format {written_as}, and this Broadsheet reads {FORMAT}: it was made by "
            f"Broadsheet {content.get('version')}; install that version or a later one first."
        )
    try:
        label = Label(**content)
        if not _is_sound(label):
            raise ValueError("a field holds what it cannot")
    except (TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"backup.json is not what Broadsheet writes: {error}.") from error
    return label


def _is_sound(label: Label) -> bool:
    texts = (
        label.version,
        label.made_at,
        label.database,
        label.database_version,
        label.site_url,
        label.time_zone,
        label.secret_key,
    )
    numbers = (label.format, label.database_bytes, label.media_bytes, *label.rows.values())
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(number, int) and number >= 0 for number in numbers)
        and isinstance(label.migrations, list)
        and all(isinstance(app, str) and isinstance(name, str) for app, name in label.migrations)
        and label.database in DATABASES
        and label.moment.tzinfo is not None
    )


def _read_manifest(stream: _Hashing) -> dict[str, Any]:
    content = _read_json(stream)
    try:
        members = {name: (str(digest), int(size)) for name, (digest, size) in content["members"].items()}
        return {"members": members, "missing": [str(name) for name in content["missing"]]}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Damaged(f"manifest.json is not what Broadsheet writes: {error}.") from error


def _compare(label: Label, found: Mapping[str, tuple[str, int]], claimed: Mapping[str, Any]) -> None:
    members = claimed["members"]
    wrong = [name for name in {**members, **found} if members.get(name) != found.get(name)]
    if label.database_member not in found:
        wrong.append(label.database_member)
    if wrong:
        raise Damaged(f"The backup is damaged: {wrong[0]} is not what the manifest says ({len(wrong)} members in all).")


def _require_end(tar: tarfile.TarFile, source: Stream) -> None:
    """Read what is left, so that an encrypted file is authenticated to its end."""
    if tar.next() is not None:
        raise Damaged("The backup goes on behind its manifest; it was changed.")
    while source.read(CHUNK):
        pass


def _read_json(stream: _Hashing) -> dict[str, Any]:
    try:
        content = json.loads(stream.read(_MAX_JSON))
    except ValueError as error:
        raise Damaged(f"The backup is damaged: {error}.") from error
    if not isinstance(content, dict):
        raise Damaged("The backup is damaged: its description is no JSON object.")
    return content


def _json_stream(content: Mapping[str, Any]) -> tuple[BytesIO, int]:
    text = json.dumps(content).encode()
    return BytesIO(text), len(text)
