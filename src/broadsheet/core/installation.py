"""What an operator decides about one installation, read once at start from `BROADSHEET_…`."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation's settings; `docs/settings.md` lists the variable behind each field."""

    data_dir: Path
    media_dir: Path
    database_url: str
    media_url: str
    site_url: str
    time_zone: str
    mail_url: str
    mail_from: str
    support_address: str
    secret_key: str = field(repr=False)
    demo: bool = False
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    metrics_networks: tuple[IPv4Network | IPv6Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
    log_format: str = "text"
    cache_mb: int = 256
    payments: tuple[str, ...] = ("invoice",)
    stripe_secret_key: str = field(default="", repr=False)
    stripe_webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    stripe_tax: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """The publication's time zone: of the meter, of dates on pages, of editions."""
        return ZoneInfo(self.time_zone)

    @property
    def host(self) -> str:
        """The host name of SITE_URL, without port."""
        return urlsplit(self.site_url).hostname or "localhost"

    @property
    def is_secure(self) -> bool:
        """Whether readers reach the site over TLS."""
        return self.site_url.startswith("https://")
