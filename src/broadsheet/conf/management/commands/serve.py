"""`broadsheet serve`: the whole publication on one machine."""

from __future__ import annotations

import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from broadsheet.conf.processes import Program, broadsheet_command, run_together


class Command(BaseCommand):
    help = "Serve the publication: web server, worker and jobs. Example: broadsheet serve --port 8000"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on")
        parser.add_argument("--workers", type=int, default=1, help="web server processes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring the database and the static files up to date, then run until SIGTERM or Ctrl-C."""
        prepare()
        programs = serving_programs(host=options["host"], port=options["port"], workers=options["workers"])
        self.stdout.write("\n".join(f"{program.name}: {' '.join(program.command[1:])}" for program in programs))
        run_together(programs)


def prepare() -> None:
    """Migrations, static files and the cache table, each only if something is missing."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    collect_static()


def collect_static() -> None:
    """Collect the static files, unless those of the last time still stand: hashing and compressing takes seconds."""
    digest = blake2b(digest_size=16)
    for finder in get_finders():
        for path, storage in finder.list([]):
            digest.update(f"{path} {storage.size(path)} {storage.get_modified_time(path)}".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        call_command("collectstatic", verbosity=0, interactive=False)
        stamp.write_text(digest.hexdigest())


def serving_programs(*, host: str, port: int, workers: int = 1) -> list[Program]:
    """Web server, worker and jobs as programs to keep running."""
    web = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--runtime-mode", "mt", "--blocking-threads", "4", "--no-ws", "--log-level", "warning"),
        "broadsheet.conf.wsgi:application",
    ]
    return [
        Program("web server", web, {}),
        Program("worker", broadsheet_command("work"), {}),
        Program("jobs", broadsheet_command("db_worker", "--backend", "jobs", "--interval", "1", "--no-startup-delay"), {}),
    ]
