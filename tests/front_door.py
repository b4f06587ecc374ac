"""The whole front door: nginx, before the edge's and Django's processes, on the database of the test."""

from __future__ import annotations

import fcntl
import gzip
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.utils.datastructures import CaseInsensitiveMapping

from broadsheet.conf.management.commands.serve import edge_servers, web_server
from broadsheet.conf.nginx_site import NginxSite
from broadsheet.conf.processes import Program
from tests.nginx import Answer, RunningNginx, ask_on, free_ports, make_site, running_nginx
from tests.subprocesses import child_environment
from tests.template_database import CACHE

URL_SIGNS = "/?#[]@!$&'()*+,;=:%~"  # what stands for itself in an address (RFC 3986)
START_TIMEOUT_S = 120.0  # on a busy machine, with the static files still to be collected


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer as the crawl wants it, named as in Django's test client."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    streaming: bool = False


@dataclass
class Visitor:
    """A browser without a screen, which keeps its cookies. Not to be shared by threads."""

    nginx: RunningNginx
    cookies: dict[str, str] = field(default_factory=dict)
    takes_gzip: bool = False

    @property
    def cookie_header(self) -> str:
        """All cookies as one header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Seen:
        """Read a page."""
        return self.ask(path, headers=headers)

    def head(self, path: str, headers: Mapping[str, str] | None = None) -> Seen:
        """Read the head of a page."""
        return self.ask(path, method="HEAD", headers=headers)

    def ask(self, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Seen:
        """One request with the cookies so far; keeps those that the answer sets."""
        sent = {**(headers or {}), **({"Cookie": self.cookie_header} if self.cookies else {})}
        if self.takes_gzip:
            sent["Accept-Encoding"] = "gzip"
        with self.nginx.connect() as link:
            answer = ask_on(link, quote(path, safe=URL_SIGNS), method=method, headers=sent, body=body)
        for line in answer.all("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0" or morsel["expires"].startswith("Thu, 01 Jan 1970"):
                    del self.cookies[name]
        return seen(answer)


def seen(answer: Answer) -> Seen:
    """An answer as Django's test client names it, uncompressed; header names in any case, as granian writes them small."""
    body = gzip.decompress(answer.body) if answer.get("Content-Encoding") == "gzip" and answer.body else answer.body
    return Seen(answer.status, CaseInsensitiveMapping({name: answer.get(name) for name, _ in answer.header_list}), body)


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """What runs."""

    nginx: RunningNginx
    django: subprocess.Popen[bytes]
    edge: subprocess.Popen[bytes] | None


def settle(directory: Path, *, edge_apart: bool) -> NginxSite:
    """A site in `directory` whose data directory has the static files in it.

    Args:
        directory: where all its files go.
        edge_apart: whether pages get processes of their own. A start costs seconds, so only what needs two asks for two.
    """
    data_dir = directory / "data"
    (data_dir / "media").mkdir(parents=True)
    (data_dir / "static").symlink_to(collected_static())
    django_port, edge_port = free_ports(2)
    return make_site(directory, data_dir=data_dir, django_port=django_port, edge_port=edge_port if edge_apart else None)


def collected_static() -> Path:
    """The static files, hashed and compressed. That takes half a minute, so they are kept from one run to the next."""
    data_dir = CACHE / "static-files"
    data_dir.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "broadsheet.conf.settings", "BROADSHEET_DATA_DIR": str(data_dir)}
    script = "import django; django.setup(); from broadsheet.conf.management.commands.serve import collect_static; collect_static()"
    with open(data_dir / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    return data_dir / "static"


@contextmanager
def running_front_door(site: NginxSite) -> Iterator[FrontDoor]:
    """Run nginx and the processes behind it as long as the block lasts; the settings must name the site's address."""
    assert settings.BROADSHEET.site_url == f"https://{site.public_host}"
    ports = [site.django_port, *([site.edge_port] if site.edge_port else [])]
    with ExitStack() as running:
        programs = [web_server("web server", host="127.0.0.1", port=site.django_port, workers=1)]
        if site.edge_port:
            programs += edge_servers(host="127.0.0.1", port=site.edge_port, workers=1)
        processes = [running.enter_context(running_program(program)) for program in programs]
        nginx = running.enter_context(running_nginx(site))
        for port, process in zip(ports, processes, strict=True):
            wait_until_answering(port, process)
        yield FrontDoor(nginx, processes[0], processes[1] if site.edge_port else None)


@contextmanager
def running_program(program: Program) -> Iterator[subprocess.Popen[bytes]]:
    """A program as `broadsheet serve` starts it."""
    environment = {**child_environment(), "BROADSHEET_TRUSTED_PROXIES": "127.0.0.1/32"}
    process = subprocess.Popen(program.command, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        stop_group(process, signal.SIGTERM)


def stop_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """End a process and those it has started."""
    if process.poll() is None:
        os.killpg(process.pid, number)
        process.wait(20)


def wait_until_answering(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the application behind a port gives a page."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"{process.args!r} ended with status {process.returncode}"
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            if ask_on(link, "/", headers={"Host": settings.BROADSHEET.host}).status == 200:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)  # another process starts; there is nothing to be told by
        finally:
            link.close()
    raise AssertionError(f"no page from port {port} after {START_TIMEOUT_S} s")


def moved_to(site: NginxSite) -> object:
    """The settings object of an installation at the address of `site`, with its data directory."""
    return replace(settings.BROADSHEET, site_url=f"https://{site.public_host}", data_dir=site.data_dir)
