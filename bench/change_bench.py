"""How soon an edit is seen, how long publishing takes, and how many articles readers can open: on SQLite and on PostgreSQL.

Three web servers, each asked for the edited article every two milliseconds or so; an editor who publishes it again and again.
PostgreSQL runs for the measurement alone and waits for its disk, as one that keeps its promises does.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import IO, TYPE_CHECKING, Any

from bench.edge_site import Wanted
from bench.installation import GRANIAN, Site, make_site
from bench.load import Request, send, write_requests
from bench.needs import Missing, need_command
from bench.servers import ROOT, Server

if TYPE_CHECKING:
    from bench.run import Result

WORKERS = 3
EDITS = 60
READERS = 3_000
ARTICLES = 100
POLL_S = 0.002
SEEN_WITHIN_S = 20.0
THREADS = 8
UNLOCK_S = 5.0
BY_FLOW = 1_000  # of the readers open one more past the web server; the others may do so through it


def measure_on_sqlite() -> list[Result]:
    """All of it on SQLite."""
    return edit_and_unlock("SQLite", None)


def measure_on_postgresql() -> list[Result]:
    """All of it on PostgreSQL."""
    with postgresql() as url:
        return edit_and_unlock("PostgreSQL", url)


def edit_and_unlock(database: str, url: str | None) -> list[Result]:
    """An installation with three web servers, an editor, and readers."""
    with make_site(Wanted(ARTICLES, READERS, signed_in=READERS), url) as site, ExitStack() as stack:
        editor = stack.enter_context(editing(site))
        servers = [stack.enter_context(site.serve(GRANIAN)) for _ in range(WORKERS)]
        lags_ms, published_ms = watch_edits(site, editor, servers)
        by_flow, through_all = count_unlocks(site, editor, servers[0])
    return summarize(database, lags_ms, published_ms, by_flow, through_all)


def summarize(
    database: str, lags_ms: list[float], published_ms: list[float], by_flow: float, through_all: float | None
) -> list[Result]:
    from bench.run import Result

    lag = f"{EDITS} edits, seen by {WORKERS} processes each; p50 {median(lags_ms):.0f} ms, greatest {max(lags_ms):.0f} ms"
    results = [
        Result(f"an edit is answered by every process, p50, {database}", "ms", median(lags_ms), 100, at_most=True, note=lag),
        Result(
            f"an edit is answered by every process, p99, {database}",
            "ms",
            quantiles(lags_ms, n=100)[98],
            1_000,
            at_most=True,
            note=lag,
        ),
        Result(
            f"publishing an article, p50, {database}",
            "ms",
            median(published_ms),
            None,
            note=f"{EDITS} times, its usual pages made within; slowest {max(published_ms):.0f} ms",
        ),
        Result(f"unlocks by {THREADS} threads of one process, {database}", "a second", by_flow, None),
    ]
    if through_all is not None:
        results.append(Result(f"unlocks through one web server, {database}", "a second", through_all, None))
    return results


# -- Edits -----------------------------------------------------------------------------------------------------------


def watch_edits(site: Site, editor: Callable[..., Any], servers: list[Server]) -> tuple[list[float], list[float]]:
    """How long after its commit each edit was in each server's answers, and how long each took to publish, in ms."""
    model = site.made.articles[0]
    watchers = [Watcher(server, model.path) for server in servers]
    random, lags_ms, published_ms = Random(1), [], []
    try:
        for number in range(1, EDITS + 1):
            time.sleep(random.uniform(0, 0.1))  # so that edits and looks at the change log do not fall into step
            told = editor("publish", model.article_id, number)
            published_ms.append(1000 * told["took_s"])
            lags_ms += [1000 * max(0.0, watcher.wait_for(number) - told["committed"]) for watcher in watchers]
    finally:
        for watcher in watchers:
            watcher.stop()
    return lags_ms, published_ms


class Watcher:
    """Asks one server for one article again and again, and notes when each edition is first seen."""

    def __init__(self, server: Server, path: str) -> None:
        self._server, self._path = server, path
        self._seen: dict[int, float] = {}
        self._change = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def wait_for(self, number: int) -> float:
        """The moment when this edition was first seen."""
        with self._change:
            if not self._change.wait_for(lambda: number in self._seen, SEEN_WITHIN_S):
                raise RuntimeError(f"Edition {number} was not seen within {SEEN_WITHIN_S:.0f} s.")
            return self._seen[number]

    def stop(self) -> None:
        self._is_over = True
        self._thread.join()

    def _watch(self) -> None:
        link = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        while not self._is_over:
            link.request("GET", self._path, headers={"Host": "localhost", "Accept-Encoding": "gzip"})
            answer = link.getresponse()
            body = answer.read()
            at = time.monotonic()
            text = gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
            _, _, after = text.partition(b"edition ")
            if after:
                with self._change:
                    self._seen.setdefault(int(after.partition(b".")[0]), at)
                    self._change.notify_all()
            time.sleep(POLL_S)
        link.close()


# -- Unlocks ---------------------------------------------------------------------------------------------------------


def count_unlocks(site: Site, editor: Callable[..., Any], server: Server) -> tuple[float, float | None]:
    """Unlocks a second by the flow alone, and through a web server (None where there is no load client)."""
    articles, readers = site.made.articles, site.made.readers
    pairs = [(reader.reader_id, other(articles, reader.article_id)) for reader in readers[:BY_FLOW]]
    by_flow = BY_FLOW / editor("unlock", THREADS, pairs)
    try:
        need_command("wrk", "wrk")
    except Missing:
        return by_flow, None
    requests = [
        Request(
            f"/articles/{other(articles, reader.article_id)}/unlock/",
            f"broadsheet_session={reader.session}",
            ("Origin: http://localhost:8000", "Content-Length: 0"),
            method="POST",
        )
        for reader in readers[BY_FLOW:]
    ]
    file = write_requests(site.folder / "unlocks.txt", requests)
    before = editor("unlocks")
    outcome = send(server, file, core=site.client_core, seconds=UNLOCK_S, status=303, connections=2 * THREADS, work=0)
    opened = editor("unlocks") - before
    if outcome.requests > len(requests) or opened < outcome.requests * 0.98:
        raise RuntimeError(f"{outcome.requests} requests of {len(requests)} readers opened {opened} articles")
    return by_flow, opened / outcome.seconds


def other(articles: list[Any], article_id: int) -> int:
    """An article that is not this one."""
    return int(next(article.article_id for article in articles if article.article_id != article_id))


# -- What they need --------------------------------------------------------------------------------------------------


@contextmanager
def editing(site: Site) -> Iterator[Callable[..., Any]]:
    """The editor's process; call it with a command."""
    command = [sys.executable, str(Path(__file__).with_name("editor.py"))]
    process = subprocess.Popen(command, env=site.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    to, by = _pipes(process)

    def tell(*command: Any) -> Any:
        to.write(json.dumps(command) + "\n")
        to.flush()
        return json.loads(by.readline())

    try:
        assert json.loads(by.readline()) == "ready"
        yield tell
    finally:
        to.close()
        process.wait()
        by.close()


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty PostgreSQL, whose commits reach the disk; gone afterwards.

    Raises:
        Missing: it is not installed.
    """
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        need_command("initdb", "postgresql")
    command = ["sh", str(ROOT / "scripts" / "with_postgresql.sh"), "sh", "-c", 'echo "$BROADSHEET_DATABASE_URL"; read -r _']
    process = subprocess.Popen(
        command, env={**os.environ, "POSTGRESQL_SETTINGS": ""}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    to, by = _pipes(process)
    try:
        yield by.readline().strip()
    finally:
        to.close()
        process.wait()
        by.close()


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout
