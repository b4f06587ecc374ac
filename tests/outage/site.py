"""One publication with processes of its own: a data directory, a database of either kind, a web server."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

from broadsheet.conf.management.commands.serve import edge_servers, web_server
from tests.nginx import free_ports
from tests.outage.cluster import Cluster
from tests.outage.desk import Desk
from tests.subprocesses import children_of
from tests.template_database import CACHE, FINGERPRINT, ROOT, one_at_a_time

NAME = "The Lantern"
SECRET_KEY = "shared by the hosts of one publication, and known to no test's reader"
START_TIMEOUT_S = 60


class Host:
    """One machine's part of a publication: its directory, its settings, its web server."""

    def __init__(
        self, data_dir: Path, database_url: str, *, port: int = 0, site_url: str = "", media_dir: Path | None = None
    ) -> None:
        """Think up a host; nothing runs yet."""
        data_dir.mkdir(parents=True, exist_ok=True)
        self.port = port or free_ports(1)[0]
        self.data_dir = data_dir
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("BROADSHEET_", "DJANGO_"))},
            "DJANGO_SETTINGS_MODULE": "broadsheet.conf.settings",
            "BROADSHEET_ENV_FILE": "",
            "BROADSHEET_DATA_DIR": str(data_dir),
            "BROADSHEET_DATABASE_URL": database_url,
            "BROADSHEET_SECRET_KEY": SECRET_KEY,
            "BROADSHEET_SITE_URL": site_url or f"http://localhost:{self.port}",
            "BROADSHEET_TIME_ZONE": "Europe/Berlin",
            "BROADSHEET_LOG_FORMAT": "text",
            **({"BROADSHEET_MEDIA_DIR": str(media_dir)} if media_dir is not None else {}),
        }
        static = CACHE / "static"  # collected once for all; takes seconds
        static.mkdir(parents=True, exist_ok=True)
        (data_dir / "static").symlink_to(static)
        self.log = data_dir / "web.log"
        self._web: subprocess.Popen[bytes] | None = None

    def start(self, *, workers: int = 1, clock_ahead_s: float = 0.0) -> None:
        """Start the web server as `broadsheet serve` does, and wait until it answers."""
        self._start(list(web_server("web server", host="127.0.0.1", port=self.port, workers=workers).command), clock_ahead_s)

    def start_edge(self) -> None:
        """Start one process of `--edge-port` in its place: for pages only."""
        [program] = edge_servers(host="127.0.0.1", port=self.port, workers=1)
        self._start(list(program.command), 0.0)

    def _start(self, command: list[str], clock_ahead_s: float) -> None:
        environment = {**self.environment, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        if clock_ahead_s:
            command[-1] = "tests.outage.shifted_wsgi:application"
            environment["TESTS_CLOCK_AHEAD_S"] = str(clock_ahead_s)
        with self.log.open("ab") as log:
            self._web = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        """Wait for any answer at all, be it an error."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                link = HTTPConnection("127.0.0.1", self.port, timeout=10)
                link.request("GET", "/robots.txt")
                link.getresponse().read()
                link.close()
                return
            except OSError:
                assert self._web is not None and self._web.poll() is None, f"the web server ended: {self.log.read_text()}"
                assert time.monotonic() < deadline, f"no answer from port {self.port}: {self.log.read_text()}"
                time.sleep(0.05)

    @property
    def workers(self) -> list[int]:
        """The processes that answer requests."""
        assert self._web is not None
        return children_of(self._web.pid) or [self._web.pid]  # an edge has none

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of this host."""
        assert self._web is not None
        os.killpg(self._web.pid, number)

    def stop(self) -> None:
        """Stop the web server, frozen or not."""
        if self._web is not None:
            self.signal(signal.SIGCONT)
            self._web.terminate()
            try:
                self._web.wait(15)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGKILL)
                self._web.wait()
            self._web = None

    def kill(self) -> None:
        """End the web server at once, in whatever state it is."""
        if self._web is not None:
            self.signal(signal.SIGKILL)
            self._web.wait()
            self._web = None


def migrated_sqlite(path: Path) -> str:
    """A migrated database in a file; its URL."""
    url = f"sqlite:///{path}"
    template = CACHE / f"{FINGERPRINT}.sqlite3"
    with one_at_a_time():
        if not template.exists():
            unfinished = template.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            _migrate(f"sqlite:///{unfinished}")
            unfinished.replace(template)
    shutil.copyfile(template, path)
    return url


def migrated_postgresql(cluster: Cluster, name: str) -> str:
    """A migrated database on a server; its URL. Migrating takes twenty seconds, so its dump is kept."""
    dump = CACHE / f"{FINGERPRINT}.sql"
    with one_at_a_time():
        if not dump.exists():
            cluster.sql("CREATE DATABASE migrating")
            _migrate(cluster.url("migrating"))
            for old in CACHE.glob("*.sql"):
                old.unlink()
            unfinished = dump.with_suffix(".unfinished")
            cluster.dump("migrating", unfinished)
            unfinished.replace(dump)
    cluster.restore(name, dump)
    return cluster.url(name)


def open_desk(host: Host) -> Desk:
    """An editor on a host's database, with the static files collected that its pages name."""
    desk = Desk(host.environment)
    with one_at_a_time():
        desk.ask("collect")
    return desk


def _migrate(url: str) -> None:
    data_dir = CACHE / "migrating"
    data_dir.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "BROADSHEET_ENV_FILE": "", "BROADSHEET_DATA_DIR": str(data_dir), "BROADSHEET_DATABASE_URL": url}
    environment["DJANGO_SETTINGS_MODULE"] = "broadsheet.conf.settings"
    for command in ("migrate", "createcachetable"):
        arguments = [sys.executable, "-m", "broadsheet.conf.command", command, "-v", "0"]
        subprocess.run(arguments, cwd=ROOT, env=environment, check=True)
