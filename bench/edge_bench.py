"""Finished pages as the edge serves them, beside nginx serving the same bytes as files, and beside a plain Django view.

All contestants run on one core, one at a time, in rounds; the load client runs on the other core. What counts is the
server's CPU for each request: requests a second would depend on what else the machine does. The client is busy with each
answer for longer than any server needs for one, so that all get the same load and none pays for waking it. Readers send what
browsers send; each has a session, a pass and one article opened.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.contest import ROUNDS, Contestant, compare, describe, run_rounds
from bench.edge_site import MadeArticle, Wanted
from bench.installation import EVENT_LOOP, GRANIAN, PLAIN, Site, fetch, fetch_tag, make_site
from bench.load import Outcome, Request
from bench.needs import need_command
from bench.servers import Server, free_port, running, write_nginx_conf
from bench.spread import ratio_of_rounds

if TYPE_CHECKING:
    from bench.run import Result

NGINX, PLAIN_VIEW = "nginx", "plain view"
PAGES = {
    "15 KB": "metered reader, 15 KB",
    "40 KB": "metered reader, 40 KB",
    "wall": "stranger at the wall",
    "304": "304 for a stranger",
}
ARTICLES = 200
READERS = 1_000
SHARE_OF_LIMIT = 0.7
THINKING = 256


def measure_finished_pages() -> list[Result]:
    """CPU for each request beside nginx's and beside a plain view's: pages of readers, of strangers, and 304."""
    need_command("wrk", "wrk")
    need_command("nginx", "nginx-light")
    with make_site(Wanted(ARTICLES, 2 * READERS, signed_in=2 * READERS, sizes=("15 KB", "40 KB"))) as site, ExitStack() as stack:
        edges = [stack.enter_context(site.serve(name)) for name in (GRANIAN, EVENT_LOOP)]
        plain = stack.enter_context(site.serve(PLAIN_VIEW, PLAIN))
        nginx = stack.enter_context(serve_files(site, edges[0]))
        slow = [plain_entrant(site, plain), renewal_entrant(site, edges[0])]
        outcomes = run_rounds(site.folder, [*entrants(site, [nginx, *edges]), *slow])
    results = [
        compare(f"{what}: CPU against nginx, {edge.name}", outcomes[edge.name, page], outcomes[nginx.name, page], 0.5)
        for edge in edges
        for page, what in PAGES.items()
    ]
    results += [
        compare(
            f"{PAGES['15 KB']}: CPU against a plain Django view, {edge.name}",
            outcomes[edge.name, "15 KB"],
            outcomes[plain.name, "15 KB"],
            40,
        )
        for edge in edges
    ]
    return [*results, renewal(outcomes[edges[0].name, "renewal"])]


def renewal(outcomes: list[Outcome]) -> Result:
    """What a reader costs once in five minutes."""
    from bench.run import Result

    ms = [outcome.cpu_us / 1000 for outcome in outcomes]
    note = f"{describe(ms)}; Django answers it from the database and gives a new pass, then the edge answers for five minutes"
    return Result("metered reader, 15 KB, whose pass is due", "ms CPU", median(ms), None, note=note)


def entrants(site: Site, servers: Sequence[Server]) -> list[Contestant]:
    """Each kind of page, and for each every server, in the order in which they take turns."""
    walls = site.articles("15 KB")
    tags = {server.name: {article: fetch_tag(server, path_at(server, article)) for article in walls} for server in servers}

    def strangers(server: Server) -> list[Request]:
        return [Request(path_at(server, article)) for article in walls]

    def again(server: Server) -> list[Request]:
        return [Request(path_at(server, article), headers=(f"If-None-Match: {tag}",)) for article, tag in tags[server.name].items()]

    return [
        *(reader_entrant(site, "15 KB", server) for server in servers),
        *(reader_entrant(site, "40 KB", server) for server in servers),
        *(Contestant((server.name, "wall"), server, site.client_core, partial(strangers, server)) for server in servers),
        *(Contestant((server.name, "304"), server, site.client_core, partial(again, server), status=304) for server in servers),
    ]


def reader_entrant(site: Site, size: str, server: Server) -> Contestant:
    """Pages of one size, each asked for by a reader who has opened it."""

    def write() -> list[Request]:
        return [
            Request(f"/{article.article_id}.html" if server.name == NGINX else article.path, site.metered_cookie(reader))
            for reader, article in site.readers_of(size)
        ]

    return Contestant((server.name, size), server, site.client_core, write)


def plain_entrant(site: Site, plain: Server) -> Contestant:
    """The same page of the one article that has a text, made anew for each of its readers."""
    model = site.articles("15 KB")[0]
    readers = [reader for reader, article in site.readers_of("15 KB") if article == model]

    def write() -> list[Request]:
        return [Request(f"/plain/{model.article_id}/", site.metered_cookie(reader)) for reader in readers]

    for request in write():  # the first ones load templates
        fetch(plain, request.path, request.cookie)
    # So few connections as a server that takes milliseconds can answer within a round.
    return Contestant((plain.name, "15 KB"), plain, site.client_core, write, connections=8)


def renewal_entrant(site: Site, server: Server) -> Contestant:
    """The same page for readers whose pass was given ten minutes ago."""
    readers = site.readers_of("15 KB")

    def write() -> list[Request]:
        return [Request(article.path, site.metered_cookie(reader, age_s=600)) for reader, article in readers]

    return Contestant((server.name, "renewal"), server, site.client_core, write, connections=8)


def path_at(server: Server, article: MadeArticle) -> str:
    """Where a server has the wall of an article for strangers."""
    return f"/wall/{article.article_id}.html" if server.name == NGINX else article.path


@contextmanager
def serve_files(site: Site, edge: Server) -> Iterator[Server]:
    """nginx with the very bytes that the edge answers: each article as opened, and its wall under /wall/."""
    folder = site.folder / "nginx"
    for size in {article.size for article in site.made.articles}:
        for reader, article in site.readers_of(size):
            write_file(folder / "pages" / f"{article.article_id}.html", fetch(edge, article.path, site.metered_cookie(reader)).body)
    for article in site.articles("15 KB"):
        wall = fetch(edge, article.path)
        write_file(folder / "pages" / "wall" / f"{article.article_id}.html", wall.body)
    port = free_port()
    content = ("content-", "etag", "vary", "date", "server", "connection")
    headers = [(name, value) for name, value in wall.headers if not name.lower().startswith(content)]
    command = [need_command("nginx", "nginx-light"), "-c", str(write_nginx_conf(folder, port, headers)), "-p", str(folder)]
    with running(NGINX, command, port=port, core=site.server_core, environment=os.environ, log=folder / "out.log") as server:
        yield server


def write_file(path: Path, compressed: bytes) -> None:
    """A page as a file, and compressed beside it for gzip_static."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.decompress(compressed))
    path.with_name(path.name + ".gz").write_bytes(compressed)


def measure_latency() -> list[Result]:
    """The slowest of a hundred answers at 70% of what each server can do, beside nginx's."""
    need_command("wrk", "wrk")
    need_command("nginx", "nginx-light")
    with make_site(Wanted(ARTICLES, READERS)) as site, ExitStack() as stack:
        edges = [stack.enter_context(site.serve(name)) for name in (GRANIAN, EVENT_LOOP)]
        nginx = stack.enter_context(serve_files(site, edges[0]))
        entered = [replace(reader_entrant(site, "15 KB", server), connections=THINKING) for server in (nginx, *edges)]
        for contestant in entered:
            contestant.run(site.folder)
        rounds = [[at_share_of_limit(contestant, site.folder) for contestant in entered] for _ in range(ROUNDS)]
    theirs, *ours = (list(outcomes) for outcomes in zip(*rounds, strict=True))
    return [compare_latency(edge.name, outcomes, theirs) for edge, outcomes in zip(edges, ours, strict=True)]


def compare_latency(name: str, ours: list[Outcome], theirs: list[Outcome]) -> Result:
    """Their p99 and ours, each at its own rate."""
    from bench.run import Result

    ratio = ratio_of_rounds([outcome.p99_us for outcome in ours], [outcome.p99_us for outcome in theirs])
    note = "; ".join(
        f"{who}: {median(outcome.per_second for outcome in outcomes):,.0f}/s, "
        f"p50 {describe([outcome.p50_us / 1000 for outcome in outcomes])}, "
        f"p99 {describe([outcome.p99_us / 1000 for outcome in outcomes])} ms"
        for who, outcomes in ((name, ours), (NGINX, theirs))
    )
    return Result(
        f"{PAGES['15 KB']}: p99 at {SHARE_OF_LIMIT:.0%} of saturation, {name}",
        "ms",
        median(outcome.p99_us for outcome in ours) / 1000,
        1.5,
        median(outcome.p99_us for outcome in theirs) / 1000,
        at_most=True,
        note=note,
        low=ratio.low,
        high=ratio.high,
    )


def at_share_of_limit(contestant: Contestant, folder: Path) -> Outcome:
    """A run at a share of what the server can answer, which is measured just before, with the thinking time that takes."""
    limit = contestant.run(folder, work=0)
    wanted = SHARE_OF_LIMIT * limit.per_second
    think_ms = 1000 * contestant.connections / wanted
    tried = contestant.run(folder, think_ms=think_ms, seconds=1.0)
    # Thinking is not all of a connection's time; what the rest comes to shows in the rate that was reached.
    rest_ms = 1000 * contestant.connections / tried.per_second - think_ms
    return contestant.run(folder, think_ms=max(0.5, think_ms - rest_ms))
