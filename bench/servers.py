"""Web servers on a core of their own, and the CPU time that they use."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 15.0
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs; `port` is on 127.0.0.1."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    def cpu_s(self) -> float:
        """Seconds of CPU, user and system, that its processes have used so far, in steps of a clock tick (10 ms)."""
        return sum(_cpu_ticks(pid) for pid in self.pids()) / TICKS_PER_S

    def pids(self) -> list[int]:
        """Its first process and all that descend from it."""
        return list(_family(self.process.pid))

    def memory_kb(self) -> int:
        """Memory of its own, of all its processes: what is mapped from files is left out."""
        return sum(_anonymous_kb(pid) for pid in self.pids())


@contextmanager
def running(
    name: str, command: Sequence[str], *, port: int, core: int, environment: Mapping[str, str], log: Path
) -> Iterator[Server]:
    """A server on one core, from when it listens until the block ends."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
    try:
        _wait_until_listening(process, port, log)
        yield Server(name, port, process)
    finally:
        _stop(process)


def granian(application: str, port: int, *options: str) -> list[str]:
    """The command line of one granian process with `serve`'s options."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--runtime-mode", "mt", "--blocking-threads", "8", "--no-ws", "--log-level", "error", *options, application),
    ]


def event_loop(port: int) -> list[str]:
    """The command line of one process of the edge's own web server, as `serve --edge-port` starts it."""
    return [sys.executable, "-m", "broadsheet.conf.edge_server", "127.0.0.1", str(port), "8"]


def write_nginx_conf(folder: Path, port: int, headers: Sequence[tuple[str, str]]) -> Path:
    """A configuration that serves `folder`/pages as well as nginx can: one process, compressed files, no log.

    `headers` go with every answer, so that it is as long as ours.
    """
    account = f"user {pwd.getpwuid(os.getuid()).pw_name};" if os.getuid() == 0 else ""
    added = "\n".join(f'    add_header {name} "{value}";' for name, value in headers)
    places = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    path = folder / "nginx.conf"
    path.write_text(f"""{account}
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; {places}
    types {{ }} default_type "text/html; charset=utf-8";
    gzip_static on; gzip_vary on;
{added}
    server {{ listen 127.0.0.1:{port}; root {folder}/pages; }}
}}
""")
    return path


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def installation_environment(data_dir: Path, database_url: str | None = None) -> dict[str, str]:
    """The environment of an installation made for one measurement, whatever this shell has set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BROADSHEET_")}
    if database_url is not None:
        kept["BROADSHEET_DATABASE_URL"] = database_url
    return {
        **kept,
        "BROADSHEET_DATA_DIR": str(data_dir),
        "BROADSHEET_ENV_FILE": "",
        "BROADSHEET_LOG_FORMAT": "text",
        "BROADSHEET_TIME_ZONE": "UTC",
        "DJANGO_SETTINGS_MODULE": "broadsheet.conf.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with status {process.returncode}: {log.read_text()[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The server did not listen on port {port} within {START_TIMEOUT_S:.0f} s: {log.read_text()[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _anonymous_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0])
