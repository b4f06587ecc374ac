"""Where the files of an installation lie. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_DATA_DIR = Path("/var/lib/broadsheet")


@dataclass(frozen=True, slots=True)
class Layout:
    """Every place that `broadsheet init` writes to, below `root`; `/` is the machine itself."""

    root: Path = Path("/")

    @property
    def is_machine(self) -> bool:
        """Whether this is the machine itself, with its accounts, systemd and nginx."""
        return self.root == Path("/")

    def at(self, path: str | Path) -> Path:
        """A place of the machine, below the root."""
        return self.root / str(path).lstrip("/")

    @property
    def settings_dir(self) -> Path:
        return self.at("/etc/broadsheet")

    @property
    def env_file(self) -> Path:
        return self.settings_dir / "broadsheet.env"

    @property
    def record(self) -> Path:
        """What was answered, and which files were written with which content; holds no secret."""
        return self.settings_dir / "init.json"

    def certificate(self, host: str) -> Path:
        """The certificate of our own making."""
        return self.settings_dir / "tls" / f"{host}.crt"

    def key(self, host: str) -> Path:
        return self.settings_dir / "tls" / f"{host}.key"

    @property
    def units(self) -> Path:
        return self.at("/etc/systemd/system")

    @property
    def data_dir(self) -> Path:
        """Where the data lies unless something else is asked for."""
        return self.at(DEFAULT_DATA_DIR)

    @property
    def backup_dir(self) -> Path:
        return self.at("/var/backups/broadsheet")

    @property
    def acme_dir(self) -> Path:
        """Where certbot puts what proves that the host is ours."""
        return self.at("/var/www/acme")

    @property
    def nginx_dir(self) -> Path:
        return self.at("/etc/nginx")

    @property
    def nginx_cache(self) -> Path:
        return self.at("/var/lib/nginx/broadsheet")

    @property
    def nginx_logs(self) -> Path:
        return self.at("/var/log/nginx")

    @property
    def nginx_site(self) -> Path:
        """Debian keeps sites in one folder and links those in use from another; elsewhere there is conf.d alone."""
        if self.is_machine and not (self.nginx_dir / "sites-available").is_dir():
            return self.nginx_dir / "conf.d" / "broadsheet.conf"
        return self.nginx_dir / "sites-available" / "broadsheet.conf"

    @property
    def nginx_link(self) -> Path | None:
        """The link that brings the site into use, where one is needed."""
        site = self.nginx_site
        return self.nginx_dir / "sites-enabled" / site.name if site.parent.name == "sites-available" else None
