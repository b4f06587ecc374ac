"""Two publications of the tests' own, with real web servers: on SQLite, and on a PostgreSQL that may be harmed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from tests.outage.browsing import Browsing, close_all
from tests.outage.cluster import Cluster
from tests.outage.desk import Desk
from tests.outage.site import NAME, Host, migrated_postgresql, migrated_sqlite, open_desk

SMALL_DISK_MB = 64
PASSWORD = "a pass phrase of four words"


@dataclass
class Site:
    """A publication that runs: a host, an editor, and a database file or server."""

    host: Host
    desk: Desk
    database: Path | Cluster
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def cluster(self) -> Cluster:
        """The PostgreSQL server."""
        assert isinstance(self.database, Cluster)
        return self.database

    def write(self, number: int, access: str = "metered") -> list[str]:
        """Publish articles that no other test has; their addresses."""
        paths: list[str] = self.desk.ask("write", [f"Story {next(self._numbers)}" for _ in range(number)], access)
        return paths

    def enroll(self, *, is_subscriber: bool = False) -> tuple[int, str]:
        """Make a reader whom no other test has: id and address. The password is PASSWORD."""
        email = f"reader{next(self._numbers)}@example.org"
        return int(self.desk.ask("enroll", email, PASSWORD, is_subscriber)), email

    def browse(self, email: str = "", *, host: Host | None = None) -> Browsing:
        """Open a browser, signed in if an address is given."""
        browsing = Browsing(host or self.host)
        if email:
            browsing.sign_in(email, PASSWORD)
        return browsing


def article_id(path: str) -> int:
    """The id in an article's address."""
    return int(path.split("/")[2])


def run_site(host: Host, database: Path | Cluster) -> Iterator[Site]:
    """Found a publication on a host and serve it as long as it is needed."""
    desk = open_desk(host)
    try:
        desk.ask("found", NAME)
        host.start()
        yield Site(host, desk, database)
    finally:
        host.stop()
        desk.close()


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Make a folder a disk of its own, small enough to be filled, where this account may; else leave it a folder."""
    options = ["-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m,mode=700", "tmpfs"]
    mounted = subprocess.run(["mount", *options, folder], capture_output=True, check=False).returncode == 0
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(autouse=True)
def no_browser_stays_open() -> Iterator[None]:
    """Close the browsers of each test."""
    yield
    close_all()


@pytest.fixture(scope="session")
def sqlite_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A publication on SQLite."""
    place = tmp_path_factory.mktemp("sqlite")
    disk = place / "disk"
    disk.mkdir()
    with small_disk(disk):
        database = disk / "broadsheet.sqlite3"
        yield from run_site(Host(place / "data", migrated_sqlite(database)), database)


@pytest.fixture(scope="session")
def postgresql_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A publication on a PostgreSQL of its own."""
    place, cluster = tmp_path_factory.mktemp("postgresql"), Cluster()
    try:
        host = Host(place / "data", migrated_postgresql(cluster, "site"), media_dir=place / "media")
        yield from run_site(host, cluster)
    finally:
        cluster.remove()
