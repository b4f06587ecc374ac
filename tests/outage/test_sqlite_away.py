"""SQLite cannot be written, or cannot be read, or its disk is full, while readers read."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from tests.outage import story
from tests.outage.answers import Answer
from tests.outage.browsing import Browsing, Reading
from tests.outage.conftest import PASSWORD, SMALL_DISK_MB, Site, article_id

POSTERS = 6
LOCKED_FOR_S = 6.0
SQLITE_WAITS_S = 3.0
# Where the locks lie in the file of shared memory (SQLite: "WAL-mode File Format", 2.3).
WAL_FIRST_LOCK, WAL_LOCKS = 120, 8


def database_file(site: Site) -> Path:
    assert isinstance(site.database, Path)
    return site.database


def test_forms_that_wait_for_a_locked_database_hold_no_reader_up(sqlite_site: Site) -> None:
    cast = story.gather(sqlite_site)
    unlock = f"/articles/{article_id(cast.paths[1])}/unlock/"
    readings = [Reading(cast.stranger, cast.paths), Reading(cast.subscriber, cast.paths)]
    with sqlite3.connect(database_file(sqlite_site), isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        refused = post_all_the_time(lambda: Browsing(sqlite_site.host, cast.metered.cookies), unlock, until=began + LOCKED_FOR_S)
        assert sqlite_site.browse().get(cast.unread).status == 200
        ends = time.monotonic()
        other.execute("ROLLBACK")
    other.close()
    story.until_it_works(lambda: Browsing(sqlite_site.host, cast.metered.cookies).post(unlock).status == 303, since=ends)
    for reading in readings:
        reading.stop()
        assert not reading.failures and {answer.status for answer in reading.answers} == {200}
        assert max(answer.seconds for answer in reading.between(began, ends)) < story.READ_AT_ONCE_S * 2
    assert {answer.status for answer in refused} == {503}
    assert max(answer.seconds for answer in refused) < SQLITE_WAITS_S * 5
    at_once = [answer for answer in refused if answer.seconds < story.READ_AT_ONCE_S]
    assert len(at_once) > len(refused) / 2  # most are not let in to wait
    assert sorted(sqlite_site.desk.ask("unlocks", cast.metered_id)) == sorted(map(article_id, cast.paths[:2]))


def post_all_the_time(browse: Callable[[], Browsing], path: str, *, until: float) -> list[Answer]:
    """Send a form from several browsers, each as soon as it has its last answer."""
    answers: list[Answer] = []

    def post() -> None:
        browsing = browse()
        while time.monotonic() < until:
            answers.append(browsing.post(path))
            time.sleep(0.1)

    posters = [Thread(target=post) for _ in range(POSTERS)]
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()
    return answers


def test_readers_read_on_while_the_disk_is_full(sqlite_site: Site) -> None:
    disk = database_file(sqlite_site).parent
    if not os.path.ismount(disk):
        pytest.skip("only root may mount a small disk to be filled")
    cast = story.gather(sqlite_site)
    unlock = f"/articles/{article_id(cast.paths[1])}/unlock/"
    readings = [Reading(cast.stranger, cast.paths), Reading(cast.metered, cast.paths[:2])]
    filler = disk / "filler"
    fill(filler, database_file(sqlite_site))
    try:
        refused = {
            unlock: Browsing(sqlite_site.host, cast.metered.cookies).post(unlock),
            "sign-in": sqlite_site.browse().post("/login/", {"email": cast.metered_email, "password": PASSWORD}),
            "letter": sqlite_site.browse().post("/login/", {"email": "new@example.org"}),
        }
        time.sleep(1)
    finally:
        filler.unlink()
    freed = time.monotonic()
    story.until_it_works(lambda: Browsing(sqlite_site.host, cast.metered.cookies).post(unlock).status == 303, since=freed)
    for reading in readings:
        reading.stop()
        assert not reading.failures and {answer.status for answer in reading.answers} == {200}
    for what, answer in refused.items():
        assert answer.status == 503 and answer.seconds < story.REFUSED_WITHIN_S, what
    assert 'value="new@example.org"' in refused["letter"].text
    assert sorted(sqlite_site.desk.ask("unlocks", cast.metered_id)) == sorted(map(article_id, cast.paths[:2]))
    cast.seen.extend(answer for reading in readings for answer in reading.answers)
    story.look_at_counts(cast)


def fill(filler: Path, database: Path) -> None:
    """Fill a disk to the last byte, after the write-ahead log has given back what it had in reserve."""
    with sqlite3.connect(database) as link:
        link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    link.close()
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with pytest.raises(OSError, match="No space") as full:
                for _ in range(SMALL_DISK_MB * 4096):
                    file.write(b"x" * size)
            assert full.value.errno == errno.ENOSPC


@contextmanager
def unreadable(database: Path) -> Iterator[None]:
    """Hold every lock of SQLite's write-ahead log from another process, so that nobody can begin to read or to write."""
    with open(f"{database}-shm", "r+b") as shared:
        fcntl.lockf(shared, fcntl.LOCK_EX, WAL_LOCKS, WAL_FIRST_LOCK)
        yield


def test_readers_read_on_while_sqlite_lets_everybody_wait(sqlite_site: Site) -> None:
    cast = story.gather(sqlite_site)
    readings = [Reading(cast.stranger, cast.paths), Reading(cast.metered, cast.paths[:2])]
    with unreadable(database_file(sqlite_site)):
        began = time.monotonic()
        time.sleep(story.NOTICED_AFTER_S + 0.5)
        refused = [
            sqlite_site.browse().get(cast.unread),
            sqlite_site.browse().post("/login/", {"email": "new@example.org"}),
        ]
        ends = time.monotonic()
    story.until_it_works(lambda: sqlite_site.browse().get(cast.unread).status == 200, since=ends)
    story.until_it_works(lambda: sqlite_site.browse().post("/login/", {"email": "new@example.org"}).status == 303, since=ends)
    for answer in refused:
        assert answer.status == 503 and answer.seconds < story.READ_AT_ONCE_S
    for reading in readings:
        reading.stop()
        assert not reading.failures and {answer.status for answer in reading.answers} == {200}
        assert max(answer.seconds for answer in reading.between(began, ends)) < story.READ_AT_ONCE_S * 2
