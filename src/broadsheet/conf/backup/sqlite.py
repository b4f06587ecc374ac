"""Taking a snapshot of an SQLite database in use, and putting one in place."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, cast

from django.db import connections

from broadsheet.conf.backup.archive import CHUNK, Stream
from broadsheet.conf.backup.exceptions import BackupError, Damaged, NoRoom, Refused
from broadsheet.conf.backup.folder import Room, creating, sync
from broadsheet.conf.backup.inventory import Catalogue, Contents, Snapshot, Tell, read_contents, tables_left_out

_PAGES_A_STEP = 2048
_INSTRUCTIONS_A_LOOK = 1_000_000
# Half the time of zlib's own default for a tenth more bytes; measured in docs/decisions/0010-backups.md.
_LEVEL = 3
_PATIENCE_S = 3.0
_BUSY_FOR_S = 20.0


class SqliteCatalogue:
    """One open SQLite database as an inventory reads it."""

    def __init__(self, link: sqlite3.Connection) -> None:
        self._link = link

    def tables(self) -> list[str]:
        found = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
        return sorted(str(row[0]) for row in found)

    def columns(self, table: str) -> set[str]:
        return {str(row[1]) for row in self.rows(f'PRAGMA table_info("{table}")')}

    def rows(self, statement: str) -> Sequence[tuple[Any, ...]]:
        return self._link.execute(statement).fetchall()


def take_snapshot(source: Path, folder: Path, *, room: Room, tell: Tell) -> Snapshot:
    """A compressed copy of the database at `source` as it stands now; others go on writing meanwhile.

    The copy is made page by page within one read transaction, and then compacted, so that nothing deleted
    (an erased reader's rows) and nothing that can be made anew is carried along.
    """
    raw, compact, packed = folder / "raw", folder / "compact", folder / "database"
    with _telling_trouble(source):
        _copy(source, raw, room, tell)
        with closing(_open(raw)) as link:
            link.execute("PRAGMA journal_mode = OFF")
            _empty(link, tables_left_out())
            link.set_progress_handler(_stops_for(room), _INSTRUCTIONS_A_LOOK)
            link.execute("VACUUM INTO ?", (str(compact),))
        raw.unlink()
        with closing(_open(compact)) as link:
            contents = read_contents(SqliteCatalogue(link))
    size = compact.stat().st_size
    _pack(compact, packed, room, tell)
    compact.unlink()
    return Snapshot(packed, sqlite3.sqlite_version, size, contents)


@contextmanager
def opened_live(path: Path) -> Iterator[Catalogue | None]:
    """The database that the installation has now; None if there is none."""
    if not path.exists():
        yield None
        return
    with closing(_open(path)) as link:
        yield SqliteCatalogue(link)


def unpack(stream: Stream, path: Path, *, room: Room, size: int) -> None:
    """Write the database that a backup brings to `path`; `size` is what it says to take.

    Raises:
        Damaged: it does not unpack, or into more.
    """
    with creating(path, room) as file, gzip.GzipFile(fileobj=cast(Any, stream), mode="rb") as unpacked:
        try:
            while piece := unpacked.read(min(CHUNK, size + 1)):
                size -= len(piece)
                if size < 0:
                    raise Damaged("The backup's database unpacks into more than it says; Broadsheet did not make it.")
                file.write(piece)
        except (zlib.error, gzip.BadGzipFile, EOFError) as error:
            raise Damaged(f"The backup is damaged: its database does not unpack ({error}).") from error


def install(staged: Path, path: Path, *, aside: Path, prepare: Callable[[], None]) -> None:
    """Put a database in place of the one at `path`, which moves into the folder `aside`.

    Args:
        staged: the new database, on the same disk.
        prepare: called while Django's connection leads to the new one; if it fails, nothing has happened.

    Raises:
        Refused: another process has the old database open.
    """
    with _connected_to(staged):
        prepare()
    _settle(staged)
    if path.exists():
        _settle(path)
    # A log of changes that was left beside the name would be played into the new database.
    for old in (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))):
        if old.exists():
            aside.mkdir(mode=0o700, exist_ok=True)
            shutil.move(old, aside / old.name)
    staged.rename(path)
    sync(path.parent)


def read_restored(path: Path) -> Contents:
    """What a database that a backup brought holds.

    Raises:
        BackupError: it is no whole database.
    """
    with _telling_trouble(path), closing(_open(path)) as link:
        verdict = link.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise BackupError(f"The database in the backup is damaged: {verdict}.")
        return read_contents(SqliteCatalogue(link))


def _copy(source: Path, raw: Path, room: Room, tell: Tell) -> None:
    def look(status: int, left: int, total: int) -> None:
        room.check()
        tell("database", (total - left) * page_size, total * page_size)

    with closing(_open(source)) as live, closing(sqlite3.connect(raw, isolation_level=None)) as copy:
        raw.chmod(0o600)
        page_size = live.execute("PRAGMA page_size").fetchone()[0]
        copy.execute("PRAGMA synchronous = OFF")
        # With a read transaction of our own the pages stay those of one moment; without, each writer makes it begin anew.
        live.execute("BEGIN")
        live.execute("SELECT 1 FROM sqlite_master").fetchone()
        live.backup(copy, pages=_PAGES_A_STEP, progress=look, sleep=0)


def _empty(link: sqlite3.Connection, tables: Sequence[str]) -> None:
    present = set(SqliteCatalogue(link).tables())
    for table in tables:
        if table in present:
            link.execute(f'DELETE FROM "{table}"')  # noqa: S608 (a table's own name)


def _stops_for(room: Room) -> Callable[[], int]:
    """What SQLite asks now and then during a long statement: not 0 interrupts it."""

    def look() -> int:
        try:
            room.check()
        except NoRoom:
            return 1
        return 0

    return look


def _pack(path: Path, packed: Path, room: Room, tell: Tell) -> None:
    size, done = path.stat().st_size, 0
    with ExitStack() as stack:
        plain, file = stack.enter_context(path.open("rb")), stack.enter_context(creating(packed, room))
        pressed = stack.enter_context(gzip.GzipFile("", "wb", _LEVEL, cast(Any, file), mtime=0))
        while piece := plain.read(CHUNK):
            pressed.write(piece)
            done += len(piece)
            tell("compressing", done, size)


def _settle(path: Path) -> None:
    """Bring all of a database into its one file; only somebody who has it to himself can."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE_S)) as link:
        try:
            mode = link.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        except sqlite3.OperationalError:
            mode = "busy"
    if mode != "delete":
        raise Refused(f"A process has {path} open: stop Broadsheet first (systemctl stop broadsheet), then run this again.")


@contextmanager
def _connected_to(path: Path) -> Iterator[None]:
    connection = connections["default"]
    own = connection.settings_dict["NAME"]
    connections.close_all()
    connection.settings_dict["NAME"] = str(path)
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = own


def _open(path: Path) -> sqlite3.Connection:
    # Opened for writing, because a reader may have to recover the write-ahead log; never created.
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=_BUSY_FOR_S)


@contextmanager
def _telling_trouble(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if text in ("interrupted", "database or disk is full") or "I/O error" in text:
            raise NoRoom(f"No room for a copy of {path}, or its disk fails: {text}. Nothing of what was begun is left.") from error
        raise BackupError(f"{path} cannot be copied: {text}.") from error
