"""Reads `BROADSHEET_…` into an `Installation`, once, at start."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from broadsheet.core.installation import Installation

VARIABLES = (
    "BROADSHEET_CACHE_MB",
    "BROADSHEET_DATA_DIR",
    "BROADSHEET_DATABASE_URL",
    "BROADSHEET_DEMO",
    "BROADSHEET_ENV_FILE",
    "BROADSHEET_LOG_FORMAT",
    "BROADSHEET_MAIL_FROM",
    "BROADSHEET_MAIL_URL",
    "BROADSHEET_MEDIA_DIR",
    "BROADSHEET_MEDIA_URL",
    "BROADSHEET_METRICS_NETWORKS",
    "BROADSHEET_PAYMENTS",
    "BROADSHEET_SECRET_KEY",
    "BROADSHEET_SITE_URL",
    "BROADSHEET_STRIPE_SECRET_KEY",
    "BROADSHEET_STRIPE_TAX",
    "BROADSHEET_STRIPE_WEBHOOK_SECRET",
    "BROADSHEET_SUPPORT_ADDRESS",
    "BROADSHEET_TIME_ZONE",
    "BROADSHEET_TRUSTED_PROXIES",
)


PAYMENT_PROVIDERS = ("invoice", "stripe")


class SettingsError(Exception):
    """A `BROADSHEET_…` variable cannot be used; the message says which and what to do."""


def find_env_file(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The settings file: the one that is named, or else the one in the usual place, if there is one; none if the name is empty."""
    named = environ.get("BROADSHEET_ENV_FILE", "/etc/broadsheet/broadsheet.env")
    if not named or ("BROADSHEET_ENV_FILE" not in environ and not os.path.isfile(named)):
        return None
    return Path(named)


def read_installation(environ: Mapping[str, str] = os.environ) -> Installation:
    """The installation that the environment describes.

    Raises:
        SettingsError: a variable has a value that cannot be used.
    """
    data_dir = Path(environ.get("BROADSHEET_DATA_DIR", "data")).expanduser().absolute()
    site_url = environ.get("BROADSHEET_SITE_URL", "http://localhost:8000").rstrip("/")
    parts = urlsplit(site_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
        raise SettingsError(f"BROADSHEET_SITE_URL is {site_url!r}; give scheme and host only, such as https://example.org.")
    time_zone = environ.get("BROADSHEET_TIME_ZONE", "UTC")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(f"BROADSHEET_TIME_ZONE is {time_zone!r}; give an IANA name such as Europe/Berlin.") from None
    log_format = environ.get("BROADSHEET_LOG_FORMAT") or ("text" if sys.stderr.isatty() else "json")
    if log_format not in ("json", "text"):
        raise SettingsError(f"BROADSHEET_LOG_FORMAT is {log_format!r}; write json or text.")
    return Installation(
        data_dir=data_dir,
        media_dir=Path(environ.get("BROADSHEET_MEDIA_DIR") or data_dir / "media").expanduser().absolute(),
        database_url=environ.get("BROADSHEET_DATABASE_URL", f"sqlite:///{data_dir}/broadsheet.sqlite3"),
        media_url=environ.get("BROADSHEET_MEDIA_URL", "/media/"),
        site_url=site_url,
        time_zone=time_zone,
        mail_url=environ.get("BROADSHEET_MAIL_URL", "file:"),
        mail_from=environ.get("BROADSHEET_MAIL_FROM", f"letters@{parts.hostname}"),
        support_address=environ.get("BROADSHEET_SUPPORT_ADDRESS", f"help@{parts.hostname}"),
        secret_key=environ.get("BROADSHEET_SECRET_KEY") or _kept_secret(data_dir),
        demo=environ.get("BROADSHEET_DEMO") == "1",
        trusted_proxies=_read_networks("BROADSHEET_TRUSTED_PROXIES", environ.get("BROADSHEET_TRUSTED_PROXIES", "")),
        metrics_networks=_read_networks(
            "BROADSHEET_METRICS_NETWORKS", environ.get("BROADSHEET_METRICS_NETWORKS", "127.0.0.0/8,::1/128")
        ),
        log_format=log_format,
        cache_mb=_read_number("BROADSHEET_CACHE_MB", environ.get("BROADSHEET_CACHE_MB", "256")),
        payments=_read_payments(environ),
        stripe_secret_key=environ.get("BROADSHEET_STRIPE_SECRET_KEY", "").strip(),
        stripe_webhook_secrets=_read_list(environ.get("BROADSHEET_STRIPE_WEBHOOK_SECRET", "")),
        stripe_tax=environ.get("BROADSHEET_STRIPE_TAX") == "1",
    )


def _read_list(listed: str) -> tuple[str, ...]:
    return tuple(text.strip() for text in listed.split(",") if text.strip())


def _read_payments(environ: Mapping[str, str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(_read_list(environ.get("BROADSHEET_PAYMENTS", "invoice"))))
    wrong = [name for name in names if name not in PAYMENT_PROVIDERS]
    if wrong:
        known = ", ".join(PAYMENT_PROVIDERS)
        raise SettingsError(f"BROADSHEET_PAYMENTS names {wrong[0]!r}; give some of {known}, separated by commas.")
    if "stripe" in names and not environ.get("BROADSHEET_STRIPE_SECRET_KEY"):
        raise SettingsError("BROADSHEET_PAYMENTS names stripe; set BROADSHEET_STRIPE_SECRET_KEY too.")
    return names


def _read_number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise SettingsError(f"{name} is {text!r}; give a whole number above 0.")
    return int(text)


def _read_networks(name: str, listed: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(text.strip()) for text in listed.split(",") if text.strip())
    except ValueError as error:
        raise SettingsError(f"{name}: {error}; give networks such as 127.0.0.1/32, separated by commas.") from None


def _kept_secret(data_dir: Path) -> str:
    """The secret key of this data directory; made on first use, readable by its owner only."""
    path = data_dir / "secret.key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
        secret = secrets.token_urlsafe(48)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(descriptor, "w") as file:
            file.write(secret)
        return secret
