"""A real nginx, started from the site that `broadsheet init` writes, on ports and in a directory of the test's own."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from broadsheet.conf.nginx_site import NginxSite, parse_nginx_version, render_nginx_site
from tests.browser import require_tool

NGINX = Path(shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin") or "/usr/sbin/nginx")
HOST = "localhost"
START_TIMEOUT_S = 10.0
MAIN = """
{user}
pid nginx.pid;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers as a list because a name may come twice, body as it was sent."""

    status: int
    header_list: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of one header."""
        return [value for found, value in self.header_list if found.casefold() == name.casefold()]

    def get(self, name: str) -> str:
        """The values of one header, joined; empty without it."""
        return ", ".join(self.all(name))


@dataclass(frozen=True, slots=True)
class RunningNginx:
    """An nginx that listens, and how to ask it."""

    site: NginxSite
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"https://{self.site.public_host}"

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request over TLS, on a connection of its own."""
        with self.connect() as link:
            return ask_on(link, path, method=method, headers=headers, body=body)

    def ask_plainly(self, path: str, *, host: str = HOST) -> Answer:
        """One GET without TLS."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.site.http_port, timeout=30)) as link:
            return ask_on(link, path, headers={"Host": host})

    def connect(self) -> closing[http.client.HTTPConnection]:
        """A connection over TLS, for `ask_on`; closed at the block's end."""
        return closing(http.client.HTTPSConnection(HOST, self.site.https_port, timeout=30, context=trusting()))

    def logged(self, request_id: str) -> dict[str, Any]:
        """The line of the access log about one request; nginx writes it when the answer has gone out."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            for line in (self.site.log_dir / "broadsheet.access.log").read_text().splitlines():
                entry: dict[str, Any] = json.loads(line)
                if entry["request"] == request_id:
                    return entry
            time.sleep(0.01)  # nginx is another process; there is nothing to be told by
        raise AssertionError(f"no line about request {request_id} in the access log")


def ask_on(
    link: http.client.HTTPConnection,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """One request on a connection that may have carried others."""
    link.request(method, path, body, dict(headers or {}))
    answer = link.getresponse()
    return Answer(answer.status, tuple(answer.getheaders()), answer.read())


def trusting() -> ssl.SSLContext:
    """A client that takes any certificate, as the tests' is signed by nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    listeners = [socket.socket() for _ in range(number)]
    try:
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [int(listener.getsockname()[1]) for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


def make_site(directory: Path, **fields: Any) -> NginxSite:
    """A site whose files all lie in `directory`, on this machine's own address; any field may be given."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    if not certificate.exists():
        write_certificate(certificate, key)
    https_port, http_port = free_ports(2)
    given: dict[str, Any] = {
        "host": HOST,
        "certificate": certificate,
        "key": key,
        "data_dir": directory / "data",
        "https_port": https_port,
        "http_port": http_port,
        "addresses": ("127.0.0.1",),
        "acme_dir": directory / "acme",
        "cache_dir": directory / "cache",
        "log_dir": directory,
        "nginx_version": installed_version(),
    }
    return NginxSite(**{**given, **fields})


def installed_version() -> tuple[int, int, int]:
    """The version of this machine's nginx."""
    require_tool(NGINX)
    return parse_nginx_version(subprocess.run([NGINX, "-v"], capture_output=True, text=True, check=True).stderr)


def write_configuration(site: NginxSite) -> list[str]:
    """Write `site` and a main file around it; returns the command line that starts nginx with it."""
    directory = site.log_dir
    user = "user root;" if os.geteuid() == 0 else ""
    (directory / "site.conf").write_text(render_nginx_site(site))
    (directory / "nginx.conf").write_text(MAIN.format(user=user))
    return [str(NGINX), "-p", str(directory), "-c", "nginx.conf", "-e", "error.log"]


@contextmanager
def running_nginx(site: NginxSite) -> Iterator[RunningNginx]:
    """Run nginx with `site` as long as the block lasts."""
    process = subprocess.Popen([*write_configuration(site), "-g", "daemon off;"])
    try:
        wait_for_port(site.https_port, process)
        yield RunningNginx(site, process)
    finally:
        process.terminate()
        process.wait(START_TIMEOUT_S)


def wait_for_port(port: int, process: subprocess.Popen[bytes], timeout_s: float = START_TIMEOUT_S) -> None:
    """Wait until a process listens on a port of this machine."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        assert process.poll() is None, f"{process.args!r} ended with status {process.returncode}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)  # another process starts; there is nothing to be told by
    raise AssertionError(f"nobody listens on port {port} after {timeout_s} s")


def write_certificate(certificate: Path, key: Path) -> None:
    """A certificate for localhost that is signed by itself."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    today = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
