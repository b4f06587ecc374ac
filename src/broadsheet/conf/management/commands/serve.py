"""`broadsheet serve`: the whole publication on one machine."""

from __future__ import annotations

import sys
from argparse import RawDescriptionHelpFormatter
from hashlib import blake2b
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from broadsheet.conf.processes import AddressTaken, Program, broadsheet_command, require_free, run_together
from broadsheet.conf.schema import MigrationFailed, bring_up_to_date
from broadsheet.mail.store import is_mail_held

# Sooner than the supervisor loses its patience (STOP_TIMEOUT_S), so that granian still ends its own in order.
WORKERS_STOP_S = 7
# A finished page needs one for microseconds, a request that waits for the database for seconds: `web.breaker` keeps half of them
# for reading. Each may hold two connections to PostgreSQL, whose default is a hundred.
THREADS = 8
# Its warnings are about its command line, which is ours: on small machines that so many threads are many.
GRANIAN_TELLS = "error"


class Command(BaseCommand):
    help = (
        "Serve the publication: web server, worker, search and jobs. Example: broadsheet serve --port 8000\n\n"
        "Behind a proxy that sends readers' pages to the edge's port and the rest to the other, readers and the desk do not wait "
        "for each other: broadsheet serve --port 8000 --edge-port 8001 --edge-workers 2"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on")
        parser.add_argument("--workers", type=int, default=1, help="web server processes")
        parser.add_argument(
            "--edge-port", type=int, help="port of processes for readers' pages alone, behind a proxy; none without it"
        )
        parser.add_argument("--edge-workers", type=int, default=1, help="how many those are")

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring the database and the static files up to date, then run until SIGTERM or Ctrl-C."""
        host, port, edge_port = options["host"], options["port"], options["edge_port"]
        if edge_port == port:
            raise CommandError(f"--port and --edge-port are both {port}; give two ports.")
        refuse_taken_ports(host, port, *([] if edge_port is None else [edge_port]))
        prepare()
        if is_mail_held():
            self._tell("Letters are held, as in every copy that was restored: `broadsheet mail release` lets them go.")
        edges = edge_servers(host=host, port=edge_port, workers=options["edge_workers"]) if edge_port is not None else []
        programs = serving_programs(host=host, port=port, workers=options["workers"])
        run_together([*edges, *programs], tell=self._tell)

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def refuse_taken_ports(host: str, *ports: int) -> None:
    """Say so before anything is started, rather than start a web server that cannot listen again and again."""
    try:
        for port in ports:
            require_free(host, port)
    except AddressTaken as error:
        raise CommandError(str(error)) from None


def prepare() -> None:
    """Migrations, static files and the cache table, each only if something is missing."""
    try:
        bring_up_to_date()
    except MigrationFailed as error:
        raise CommandError(str(error)) from error
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
    """Web server, worker, search and jobs as programs to keep running."""
    return [
        web_server("web server", host=host, port=port, workers=workers),
        Program("worker", broadsheet_command("work")),
        Program("search", broadsheet_command("reindex", "--follow")),
        Program("jobs", broadsheet_command("db_worker", "--backend", "jobs", "--interval", "1", "--no-startup-delay")),
    ]


def web_server(name: str, *, host: str, port: int, workers: int) -> Program:
    """The application under granian; a worker process of it that dies is replaced while the others serve on."""
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--respawn-failed-workers", "--workers-kill-timeout", str(WORKERS_STOP_S)),
        *("--runtime-mode", "mt", "--blocking-threads", str(THREADS), "--no-ws", "--log-level", GRANIAN_TELLS),
        "broadsheet.conf.wsgi:application",
    ]
    return Program(name, command, address=f"{address_of(host, port)}  ({workers} process{'es' if workers != 1 else ''})")


def edge_servers(*, host: str, port: int, workers: int) -> list[Program]:
    """Readers' pages from event loops that share one port and take GET and HEAD only, as a proxy sends them there."""
    command = [sys.executable, "-m", "broadsheet.conf.edge_server", host, str(port), str(THREADS)]
    names = ["edge"] if workers == 1 else [f"edge {number}" for number in range(1, workers + 1)]
    return [Program(name, command, address=address_of(host, port)) for name in names]


def address_of(host: str, port: int) -> str:
    """Where a server answers, as one types it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
