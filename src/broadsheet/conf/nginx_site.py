"""The nginx site of one installation, as text for /etc/nginx/sites-available/."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from django.template import Context, Engine

TEMPLATES = Path(__file__).with_name("deploy")
DEBIAN_12 = (1, 22, 1)
HTTP2_DIRECTIVE_SINCE = (1, 25, 1)  # before that, HTTP/2 was a word of `listen`, which has been warned about ever since

_HOST = re.compile(r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?", re.IGNORECASE)
_PATH = re.compile(r"/[^\s\"'\\${};]*")


class NginxSiteError(Exception):
    """A value cannot stand in an nginx configuration; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class NginxSite:
    """What one installation's nginx has to know.

    Args:
        host: the name in SITE_URL, without port.
        certificate: the certificate with its chain, as PEM; nginx reads it as root.
        key: the certificate's private key, as PEM.
        data_dir: BROADSHEET_DATA_DIR, whose `static` folder nginx serves if it may read it; else Django does.
        django_port: port on 127.0.0.1 of the processes that take everything.
        edge_port: port on 127.0.0.1 of the processes for pages only; None if there are none.
        trusted_proxies: networks of a CDN or load balancer before this server; empty if readers reach it themselves.
        addresses: what to listen on; leave out `[::]` where the machine has no IPv6.
        refuses_other_hosts: whether to be nginx's default server; False if another site of this nginx is.
        nginx_version: as `parse_nginx_version` gives it.
    """

    host: str
    certificate: Path
    key: Path
    data_dir: Path
    django_port: int = 8000
    edge_port: int | None = None
    https_port: int = 443
    http_port: int = 80
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    addresses: tuple[str, ...] = ("0.0.0.0", "[::]")  # noqa: S104 (readers come from everywhere)
    refuses_other_hosts: bool = True
    acme_dir: Path = Path("/var/www/acme")
    cache_dir: Path = Path("/var/lib/nginx/broadsheet")
    log_dir: Path = Path("/var/log/nginx")
    nginx_version: tuple[int, int, int] = DEBIAN_12

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise NginxSiteError(f"{self.host!r} is no host name; give the one in SITE_URL, such as example.org.")
        for path in (self.certificate, self.key, self.data_dir, self.acme_dir, self.cache_dir, self.log_dir):
            if not _PATH.fullmatch(str(path)):
                raise NginxSiteError(f"nginx cannot be given the path {str(path)!r}; give a full path without spaces and signs.")

    @property
    def public_host(self) -> str:
        """The host as it stands in SITE_URL, with a port if that is not the usual one."""
        return self.host if self.https_port == 443 else f"{self.host}:{self.https_port}"

    @property
    def has_http2_directive(self) -> bool:
        """Whether this nginx wants `http2 on` in place of a word of `listen`."""
        return self.nginx_version >= HTTP2_DIRECTIVE_SINCE


def render_nginx_site(site: NginxSite) -> str:
    """The configuration of `site`, to be included inside nginx's `http` block."""
    engine = Engine(dirs=[str(TEMPLATES)], autoescape=False)
    return engine.get_template("nginx.conf").render(Context({"site": site}, autoescape=False, use_l10n=False))


def parse_nginx_version(text: str) -> tuple[int, int, int]:
    """The version in what `nginx -v` prints, such as `nginx version: nginx/1.22.1`.

    Raises:
        NginxSiteError: there is no version in it.
    """
    match = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", text)
    if match is None:
        raise NginxSiteError(f"{text!r} names no version of nginx; run `nginx -v` and see what is installed.")
    return int(match[1]), int(match[2]), int(match[3])
