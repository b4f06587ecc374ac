"""What `broadsheet init` has to know, and how each answer is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dj_database_url
import idna

from broadsheet.accounts.addresses import parse_address
from broadsheet.conf.systemd_units import PLAIN_PATH
from broadsheet.mail.exceptions import BadMailUrl
from broadsheet.mail.smtp import parse_mail_url

MAX_NAME = 60
MAX_WORKERS = 64
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


class BadAnswer(Exception):
    """An answer cannot be used; the message says why and what to write."""


class Tls(StrEnum):
    """Where the certificate comes from."""

    SELF_SIGNED = "self-signed"
    FILES = "files"
    CERTBOT = "certbot"


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered, read and judged one by one.

    `database_url` is empty for SQLite; `edge_workers` is 0 where one group of processes answers everything.
    """

    name: str
    address: str
    time_zone: str
    mail_url: str = field(repr=False)
    mail_from: str
    database_url: str = field(repr=False)
    publisher: str
    tls: Tls
    certificate: Path | None
    key: Path | None
    data_dir: Path
    user: str
    port: int
    edge_port: int
    edge_workers: int
    http_port: int
    nginx: bool
    systemd: bool

    @property
    def host(self) -> str:
        """The host of the address, without port."""
        return urlsplit(self.address).hostname or ""

    @property
    def https_port(self) -> int:
        """The port of the address."""
        return urlsplit(self.address).port or 443


def read_name(text: str) -> str:
    """The publication's name: one line, not too long for a masthead."""
    name = " ".join(text.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise BadAnswer(f"The name is {text!r}; give one of 1 to {MAX_NAME} characters.")
    return name


def read_site_address(text: str) -> str:
    """`https://host` or `https://host:port`, with the host as the DNS spells it."""
    written = text.strip().rstrip("/")
    if "://" not in written:
        written = f"https://{written}"
    try:
        parts = urlsplit(written)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
        parts = urlsplit("")
    if parts.scheme != "https" or not host or parts.path or parts.query or parts.fragment or parts.username:
        raise BadAnswer(f"The address is {text!r}; give https:// and the host, such as https://review.example.org.")
    try:
        ascii_host = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        ascii_host = ""
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", ascii_host) or ".." in ascii_host:
        raise BadAnswer(f"The address is {text!r}, and its host cannot be a name in the DNS.")
    return f"https://{ascii_host}" + (f":{port}" if port not in (None, 443) else "")


def read_time_zone(text: str) -> str:
    """An IANA name."""
    try:
        ZoneInfo(text.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadAnswer(f"The time zone is {text!r}; give an IANA name such as Europe/Berlin or America/New_York.") from None
    return text.strip()


def read_mail_url(text: str) -> str:
    """As BROADSHEET_MAIL_URL."""
    try:
        parse_mail_url(text.strip())
    except BadMailUrl as error:
        raise BadAnswer(str(error)) from None
    return text.strip()


def read_mailbox(text: str) -> str:
    """An email address."""
    address = parse_address(text)
    if address is None:
        raise BadAnswer(f"{text!r} is no email address; write it as name@host.")
    return address.typed


def read_database_url(text: str) -> str:
    """Empty for SQLite in the data directory, or as BROADSHEET_DATABASE_URL."""
    url = text.strip()
    if url in ("", "sqlite"):
        return ""
    try:
        parsed = dj_database_url.parse(url)
    except (ValueError, KeyError):  # an unknown scheme, a port that is no number
        parsed = {}
    engine = str(parsed.get("ENGINE", ""))
    if engine.endswith("sqlite3") and not str(parsed.get("NAME", "")).startswith("/"):
        raise BadAnswer("The file of an SQLite database needs its full path, with four slashes: sqlite:////var/lib/….")
    if not url.startswith(("sqlite:", "postgres:", "postgresql:")) or not parsed.get("NAME"):
        raise BadAnswer("The database cannot be read; leave it empty for SQLite, or write postgres://user:password@host/name.")
    return url


def read_tls(text: str) -> Tls:
    """One of the three."""
    try:
        return Tls(text.strip())
    except ValueError:
        raise BadAnswer(f"TLS is {text!r}; choose {', '.join(Tls)}.") from None


def read_path(text: str) -> Path:
    """A full path that systemd and nginx can be given as it is."""
    path = Path(text.strip()).expanduser().absolute()
    if not PLAIN_PATH.fullmatch(str(path)):
        raise BadAnswer(f"The path is {str(path)!r}; give one of letters, digits and ./@:+-_ alone.")
    return path


def read_user(text: str) -> str:
    """The name of an account that is not root's."""
    if not _USER.fullmatch(text) or text == "root":
        raise BadAnswer(f"The account is {text!r}; give a name such as broadsheet, and not root.")
    return text


def read_port(text: str) -> int:
    """A port's number."""
    return _read_number(text, "port", 1, 65535)


def read_workers(text: str) -> int:
    """How many processes."""
    return _read_number(text, "number of edge processes", 0, MAX_WORKERS)


def find_contradictions(answers: Answers) -> list[str]:
    """What does not go together, though each answer by itself would do."""
    found = []
    ports = {"--port": answers.port, "--http-port": answers.http_port, "the address": answers.https_port}
    if answers.edge_workers:
        ports["--edge-port"] = answers.edge_port
    taken: dict[int, str] = {}
    for name, port in ports.items():
        if port in taken:
            found.append(f"{taken[port]} and {name} both name port {port}; each needs its own.")
        taken.setdefault(port, name)
    if answers.tls is Tls.FILES and (answers.certificate is None or answers.key is None):
        found.append("TLS from files needs --certificate FILE and --key FILE, both PEM.")
    if answers.tls is not Tls.FILES and (answers.certificate or answers.key):
        found.append(f"--certificate and --key go with --tls files, not with {answers.tls}.")
    return found


def _read_number(text: str, what: str, least: int, most: int) -> int:
    if not text.strip().isdigit() or not least <= int(text) <= most:
        raise BadAnswer(f"The {what} is {text!r}; give a number from {least} to {most}.")
    return int(text)


Reader = Callable[[str], object]
