"""`broadsheet serve` with real processes: what it says, what happens when one of them dies, how it stops."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests import template_database
from tests.conf.serving import Load, Serving, broadsheet, is_alive, serving, wait_for, write_article
from tests.mail.servers import free_port
from tests.subprocesses import children_of

STOPS_WITHIN_S = 15.0


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Mapping[str, str]:
    """An installation of its own on SQLite, with one article in it."""
    folder = tmp_path_factory.mktemp("serve")
    (folder / "data").mkdir()
    shutil.copyfile(template_database.sqlite_template(), folder / "data" / "broadsheet.sqlite3")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("BROADSHEET_", "DJANGO_"))}
    environment = {**bare, "BROADSHEET_ENV_FILE": "", "BROADSHEET_DATA_DIR": str(folder / "data"), "PYTHONUNBUFFERED": "1"}
    write_article(folder)
    ran = broadsheet("import", str(folder / "one.jsonl"), environment=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return environment


@pytest.fixture(scope="module")
def server(environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """`broadsheet serve`, ready, with two edge processes; the tests kill parts of it, which come back."""
    log = tmp_path_factory.mktemp("server") / "log"
    with serving(environment, log, port=free_port(), edge_port=free_port(), edge_workers=2) as running:
        running.wait_until_ready()
        yield running


ARTICLE = "/articles/1/one-article/"


def load_on(server: Serving, port: int) -> Load:
    """Readers of the article, once it is answered the same way each time."""
    wait_for(lambda: server.get(ARTICLE, port=port) == server.get(ARTICLE, port=port) != (0, b""), "the article settles")
    status, whole = server.get(ARTICLE, port=port)
    assert status == 200
    assert len(whole) > 15_000
    return Load(port, ARTICLE, whole)


def test_killed_edge_process_gives_no_half_answer_while_its_sibling_serves_on(server: Serving) -> None:
    victim, sibling = server.pid("edge 1"), server.pid("edge 2")
    with load_on(server, server.edge_port).running() as load:
        load.wait_for_right(200)
        os.kill(victim, signal.SIGKILL)
        load.wait_for_right(200)
        wait_for(lambda: server.pid("edge 1") != victim and is_alive(server.pid("edge 1")), "a second process is back")
        load.wait_for_right(200)
    assert (load.counts["half"], load.counts["wrong"]) == (0, 0), load.oddities[:3]
    assert server.pid("edge 2") == sibling


def test_killed_web_server_comes_back_without_a_half_answer_and_leaves_no_process_behind(server: Serving) -> None:
    parent = server.pid("web server")
    orphans = children_of(parent)
    with load_on(server, server.port).running() as load:
        load.wait_for_right(50)
        os.kill(parent, signal.SIGKILL)
        wait_for(lambda: server.pid("web server") != parent, "a new web server")
        load.wait_for_right(50)
    assert (load.counts["half"], load.counts["wrong"]) == (0, 0), load.oddities[:3]
    assert [pid for pid in orphans if is_alive(pid)] == []
    assert "web server ended (SIGKILL)" in server.printed


def test_killed_worker_comes_back_and_works(server: Serving) -> None:
    worker = server.pid("worker")
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: server.pid("worker") != worker and is_alive(server.pid("worker")), "a new worker")
    letter = (
        "from broadsheet.core import clock; from broadsheet.mail.flows import queue_letter; "
        "from broadsheet.mail.wordings import LetterKind; "
        "queue_letter(list(LetterKind)[0], 'ann@example.org', {}, now=clock.now())"
    )
    assert broadsheet("shell", "--no-imports", "-c", letter, environment=server.environment).returncode == 0
    mail = Path(server.environment["BROADSHEET_DATA_DIR"]) / "mail"
    wait_for(lambda: list(mail.glob("*.eml")), "the letter goes out")


def test_it_says_what_it_started_and_stops_all_of_it_without_a_half_answer(environment: Mapping[str, str], tmp_path: Path) -> None:
    with serving(environment, tmp_path / "log", port=free_port(), edge_port=free_port(), edge_workers=2) as server:
        server.wait_until_ready()
        told = re.findall(r"^(\w[\w ]*?) +pid (\d+) *(.*)$", server.printed, re.MULTILINE)
        assert [(name, address) for name, _, address in told] == [
            ("edge 1", f"http://127.0.0.1:{server.edge_port}"),
            ("edge 2", f"http://127.0.0.1:{server.edge_port}"),
            ("web server", f"http://127.0.0.1:{server.port}  (1 process)"),
            ("worker", ""),
            ("search", ""),
            ("jobs", ""),
        ]
        pids = [int(pid) for _, pid, _ in told]
        wait_for(lambda: children_of(pids[2]), "the process of the web server")
        everybody = [*pids, *(child for pid in pids for child in children_of(pid))]
        assert len(everybody) == 7  # six programs, and the process that granian answers from
        assert all(is_alive(pid) for pid in everybody)
        with load_on(server, server.edge_port).running() as edge, load_on(server, server.port).running(4) as web:
            edge.wait_for_right(200)
            web.wait_for_right(50)
            seconds = server.stop()
    assert seconds < STOPS_WITHIN_S
    assert server.process.returncode == 0
    assert [pid for pid in everybody if is_alive(pid)] == []
    for load in (edge, web):
        assert (load.counts["half"], load.counts["wrong"]) == (0, 0), load.oddities[:3]


def test_taken_port_is_refused_at_once_with_a_reason(environment: Mapping[str, str]) -> None:
    for option in ("--port", "--edge-port"):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            other = "--edge-port" if option == "--port" else "--port"
            ran = broadsheet("serve", option, str(port), other, str(free_port()), environment=environment, timeout=60)
        assert ran.returncode == 1
        assert f"Port {port} of 127.0.0.1 cannot be listened on: Address already in use." in ran.stderr
        assert "pid" not in ran.stdout


def test_two_ports_have_to_be_two(environment: Mapping[str, str]) -> None:
    ran = broadsheet("serve", "--port", "8123", "--edge-port", "8123", environment=environment, timeout=60)
    assert ran.returncode == 1
    assert "--port and --edge-port are both 8123" in ran.stderr
