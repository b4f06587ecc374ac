"""The systemd units of one installation, as texts for /etc/systemd/system/. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TEMPLATES = Path(__file__).with_name("deploy")
UNITS = ("broadsheet.service", "broadsheet-backup.service", "broadsheet-backup.timer")
KEEP_BACKUPS = 14
# In a unit a space ends a word, `%` begins a specifier, and quotes and backslashes mean something.
PLAIN_PATH = re.compile(r"/[\w./@:+-]*")


@dataclass(frozen=True, slots=True)
class Service:
    """What the units have to know.

    Args:
        host: the name in SITE_URL.
        user: the account that runs it, and its group.
        command: the `broadsheet` command, as a full path, or several words.
        port: port on 127.0.0.1 of the processes that take everything.
        edge_port: port on 127.0.0.1 of those for readers' pages alone; None if there are none.
        media_dir: the folder of photos, where it does not lie in the data directory.
    """

    host: str
    user: str
    command: str
    env_file: Path
    data_dir: Path
    backup_dir: Path
    port: int = 8000
    edge_port: int | None = None
    edge_workers: int = 1
    media_dir: Path | None = None

    @property
    def writable(self) -> str:
        """What the processes may write to; a folder that is missing is no reason not to start."""
        return " ".join([str(self.data_dir), f"-{self.backup_dir}", *([f"-{self.media_dir}"] if self.media_dir else [])])

    @property
    def serve_options(self) -> str:
        """How `broadsheet serve` is called."""
        edge = f" --edge-port {self.edge_port} --edge-workers {self.edge_workers}" if self.edge_port is not None else ""
        return f"--host 127.0.0.1 --port {self.port}{edge}"


def render_units(service: Service) -> Mapping[str, str]:
    """Each unit's text by its name."""
    values = {
        "host": service.host,
        "user": service.user,
        "command": service.command,
        "env_file": service.env_file,
        "data_dir": service.data_dir,
        "serve_options": service.serve_options,
        "backup_options": f"--to {service.backup_dir} --keep {KEEP_BACKUPS}",
    }
    hardening = (TEMPLATES / "hardening.conf").read_text("utf-8")
    # An environment that was made in somebody's home has to be read from there.
    lies_at_home = re.match(r"/(?:home|root|run/user)/", service.command)
    values["hardening"] = hardening.format(protect_home="read-only" if lies_at_home else "yes", writable=service.writable)
    return {name: (TEMPLATES / name).read_text("utf-8").format(**values) for name in UNITS}
