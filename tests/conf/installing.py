"""`broadsheet init` below a folder of the test's own, and what it wrote brought to life: the unit's command, a real nginx."""

from __future__ import annotations

import html
import http.cookiejar
import os
import re
import shlex
import ssl
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from configparser import ConfigParser
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

from tests.conf.serving import PATIENCE_S, broadsheet, wait_for
from tests.nginx import MAIN, NGINX, free_ports, wait_for_port

PUBLISHER = "ann@review.example"


@dataclass(frozen=True)
class Installation:
    """An installation below `root`, and the flags that it is made with."""

    root: Path
    port: int
    edge_port: int
    https_port: int
    http_port: int
    database_url: str = ""

    @property
    def address(self) -> str:
        return f"https://localhost:{self.https_port}"

    @property
    def env_file(self) -> Path:
        return self.root / "etc/broadsheet/broadsheet.env"

    @property
    def data_dir(self) -> Path:
        return self.root / "var/lib/broadsheet"

    @property
    def flags(self) -> list[str]:
        """All that is needed, so that nothing is asked."""
        return [
            *("--name", "The Review", "--address", self.address, "--publisher", PUBLISHER, "--time-zone", "Europe/Berlin"),
            *("--mail-url", "file:", "--mail-from", "letters@review.example"),
            *("--port", str(self.port), "--edge-port", str(self.edge_port), "--http-port", str(self.http_port)),
            *(["--database-url", self.database_url] if self.database_url else []),
        ]

    def init(self, *flags: str) -> subprocess.CompletedProcess[str]:
        """Run `broadsheet init` below the root, with these flags alone."""
        return broadsheet("init", "--root", str(self.root), *flags, environment=bare_environment(), stdin=subprocess.DEVNULL)


def new_installation(root: Path, database_url: str = "") -> Installation:
    """One that is not made yet, on ports that nobody listens on."""
    return Installation(root, *free_ports(4), database_url=database_url)


def bare_environment() -> dict[str, str]:
    """The environment of somebody who has set nothing."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("BROADSHEET_", "DJANGO_"))}
    return {**bare, "BROADSHEET_ENV_FILE": "", "PYTHONIOENCODING": "utf-8"}


def files_below(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder with its mode and content; what the database and the processes write for themselves left out."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if not re.search(r"/(?:static|mail)/|sqlite3-(?:wal|shm)|\.sqlite3$", name):
            found[name] = (path.lstat().st_mode & 0o7777, path.read_bytes() if path.is_file() else b"")
    return found


def read_unit(path: Path) -> ConfigParser:
    """A unit as systemd reads it."""
    unit = ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(path.read_text())
    return unit


@contextmanager
def started(installation: Installation, log: Path) -> Iterator[None]:
    """Run the service as its unit says, and nginx with the site that was written, as long as the block lasts."""
    service = read_unit(installation.root / "etc/systemd/system/broadsheet.service")["Service"]
    environment = dict(pair.split("=", 1) for pair in shlex.split(service["Environment"]))
    bare = {name: value for name, value in bare_environment().items() if name != "BROADSHEET_ENV_FILE"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            shlex.split(service["ExecStart"]),
            env={**bare, **environment},
            cwd=service["WorkingDirectory"],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            with _nginx(installation.root / "etc/nginx/sites-enabled/broadsheet.conf", installation.https_port, log.parent):
                visitor = Visitor(installation)
                wait_for(lambda: process.poll() is not None or visitor.status("/login/") == 200, "the site answers over TLS")
                assert process.poll() is None, log.read_text()
                yield
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


@contextmanager
def _nginx(site: Path, port: int, folder: Path) -> Iterator[None]:
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(user=user).replace("include site.conf", f"include {site}"))
    process = subprocess.Popen([str(NGINX), "-p", str(folder), "-c", "nginx.conf", "-e", "error.log", "-g", "daemon off;"])
    try:
        wait_for_port(port, process)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@dataclass
class Visitor:
    """A browser, as far as signing in needs one: it trusts the certificate that `init` made, and nothing else."""

    installation: Installation
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def open(self, path: str, form: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """Status, address in the end, and page; redirects followed."""
        context = ssl.create_default_context(cafile=self.installation.root / "etc/broadsheet/tls/localhost.crt")
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context),
            urllib.request.HTTPCookieProcessor(self.jar),
            urllib.request.ProxyHandler({}),
        )
        address = urllib.parse.urljoin(self.installation.address, path)
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        headers = {"Origin": self.installation.address, "Referer": address} if form is not None else {}
        try:
            with opener.open(urllib.request.Request(address, body, headers), timeout=60) as answer:  # noqa: S310 (the site of this test)
                return answer.status, answer.url, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.url, error.read().decode()

    def status(self, path: str) -> int:
        """The status of a page; 0 if there was no answer."""
        try:
            return self.open(path)[0]
        except OSError:
            return 0

    def sign_in(self, address: str, password: str, secret: str) -> tuple[int, str, str]:
        """Sign in with password and authenticator on the way to the desk, as a person does; where that led."""
        status, url, page = self.open("/login/", {"email": address, "password": password, "next": "/desk/"})
        if 'name="code"' in page:
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
            form = {"code": code_for(secret), "csrfmiddlewaretoken": token[1] if token else ""}
            status, url, page = self.open(url, form)
        return status, url, html.unescape(page)


def code_for(secret: str) -> str:
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def told(printed: str, pattern: str) -> str:
    """What `init` printed in one place."""
    match = re.search(pattern, printed, re.MULTILINE)
    assert match, printed
    return match[1]


def modes(root: Path, names: Sequence[str]) -> dict[str, str]:
    """The modes of some files, in octal."""
    return {name: oct((root / name).stat().st_mode & 0o7777)[2:] for name in names}
