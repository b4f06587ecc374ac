"""A PostgreSQL server of a test's own, to be killed, frozen and brought back."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.subprocesses import children_of

START_TIMEOUT_S = 60
# Nothing here has to outlive a power cut: what is killed is the server, never the machine. What it has committed stays.
OPTIONS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=100"


def find_programs() -> Path:
    """The directory of PostgreSQL's own programs; skips the test where they are missing, and fails it where CI is set."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    named = shutil.which("initdb")
    if not found and named is None:
        complain = pytest.fail if os.environ.get("CI") else pytest.skip
        complain("PostgreSQL is missing; run scripts/test_tools.sh")
    return found[-1].parent if found else Path(str(named)).parent


class Cluster:
    """One server in a temporary directory, listening on a socket there."""

    def __init__(self) -> None:
        """Make the cluster and start it."""
        self._programs = find_programs()
        self._place = Path(tempfile.mkdtemp(prefix="broadsheet-outage-", dir="/tmp"))
        self._tables = self._place / "tables"
        self._as_server: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root, so there an account without rights runs it
            account = pwd.getpwnam("postgres" if _has_account("postgres") else "nobody")
            self._as_server = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
            os.chown(self._place, account.pw_uid, account.pw_gid)
        self._run("initdb", "--username=broadsheet", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        self.start()

    def url(self, name: str) -> str:
        """What BROADSHEET_DATABASE_URL has to say for the database `name`."""
        return f"postgres://broadsheet@{quote(str(self._place), safe='')}/{name}"

    def sql(self, statement: str, *, database: str = "postgres") -> str:
        """Run one statement as the server's owner."""
        command = [self._programs / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement, *self._address(database)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def dump(self, name: str, path: Path) -> None:
        """Write a database into a file."""
        command = [self._programs / "pg_dump", "--no-owner", "--file", path, *self._address(name)]
        subprocess.run(command, check=True)

    def restore(self, name: str, path: Path) -> None:
        """Make a database from a file."""
        self.sql(f'CREATE DATABASE "{name}"')
        command = [self._programs / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-f", path, *self._address(name)]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)

    def start(self) -> None:
        """Start the server and wait until it answers; recovers by itself from a kill."""
        options = f"{OPTIONS} -c unix_socket_directories='{self._place}'"
        log = f"--log={self._place}/server.log"
        self._run("pg_ctl", log, "--wait", f"--timeout={START_TIMEOUT_S}", "--silent", f"--options={options}", "start")

    def stop(self) -> None:
        """Stop the server as a power switch would: at once, whoever is connected."""
        self._run("pg_ctl", "--mode=immediate", "--silent", "stop")

    def kill(self) -> None:
        """Kill the server's first process; the others notice and go."""
        processes = self._processes()
        os.kill(processes[0], signal.SIGKILL)
        _wait_until_gone(processes)

    def freeze(self) -> None:
        """Let every process of the server stand still: connections stay open, and nothing is answered."""
        for process in self._processes():
            os.kill(process, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the server go on where it stood."""
        for process in self._processes():
            os.kill(process, signal.SIGCONT)

    def remove(self) -> None:
        """Stop the server, frozen or not, and delete all of it."""
        if (self._tables / "postmaster.pid").exists():
            self.thaw()
            self.stop()
        shutil.rmtree(self._place)

    def _address(self, database: str) -> list[str]:
        return [f"--host={self._place}", "--username=broadsheet", database]

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_server, str(self._programs / program), f"--pgdata={self._tables}", *arguments]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        ran = subprocess.run(
            command,
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        assert ran.returncode == 0, f"{program} failed: {ran.stderr.decode()}"

    def _processes(self) -> list[int]:
        first = int((self._tables / "postmaster.pid").read_text().split()[0])
        return [first, *children_of(first)]


def _wait_until_gone(processes: list[int]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while any(Path(f"/proc/{process}").exists() for process in processes):
        assert time.monotonic() < deadline, "PostgreSQL's processes outlive their first one"
        time.sleep(0.01)


def _has_account(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
