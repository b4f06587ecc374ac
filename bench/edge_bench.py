"""Finished pages as the edge serves them, beside nginx serving the same bytes as files, and beside a plain Django view.

All contestants run on one core, one at a time, in rounds; the load client runs on the other core. What counts is the
server's CPU for each request: requests a second would depend on what else the machine does. The client is busy with each
answer for longer than any server needs for one, so that all get the same load and none pays for waking it. Readers send what
browsers send; each has a session, a pass and one article opened.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.contest import ROUNDS, Contestant, compare, describe, run_rounds, shuffled
from bench.edge_site import MadeArticle, Wanted
from bench.installation import EDGE, PLAIN, Site, fetch, fetch_tag, make_site
from bench.load import Outcome, Request
from bench.needs import need_command
from bench.servers import Server, free_port, running, write_nginx_conf
from bench.spread import ratio_of_rounds

if TYPE_CHECKING:
    from bench.run import Result

ARTICLES = 200
READERS = 1_000
SHARE_OF_LIMIT = 0.7
THINKING = 256


def measure_finished_pages() -> list[Result]:
    """CPU for each request beside nginx's and beside a plain view's: pages of readers, of strangers, and 304."""
    need_command("wrk", "wrk")
    need_command("nginx", "nginx-light")
    with make_site(Wanted(ARTICLES, 2 * READERS, signed_in=2 * READERS, sizes=("15 KB", "40 KB"))) as site, ExitStack() as stack:
        edge = stack.enter_context(site.serve("edge", EDGE))
        plain = stack.enter_context(site.serve("plain", PLAIN))
        nginx = stack.enter_context(serve_files(site, edge))
        outcomes = run_rounds(site.folder, contestants(site, edge, nginx, plain))
    results = [
        compare(
            "metered reader, 15 KB, gzip: CPU against nginx gzip_static", outcomes["edge, 15 KB"], outcomes["nginx, 15 KB"], 0.5
        ),
        compare(
            "metered reader, 40 KB, gzip: CPU against nginx gzip_static", outcomes["edge, 40 KB"], outcomes["nginx, 40 KB"], 0.5
        ),
        compare("stranger at the wall, gzip: CPU against nginx gzip_static", outcomes["edge, wall"], outcomes["nginx, wall"], 0.5),
        compare("304 for a stranger: CPU against nginx", outcomes["edge, 304"], outcomes["nginx, 304"], 0.5),
        compare("metered reader, 15 KB, gzip: CPU against a plain Django view", outcomes["edge, 15 KB"], outcomes["plain"], 40),
    ]
    return results


def contestants(site: Site, edge: Server, nginx: Server, plain: Server) -> list[Contestant]:
    """Everybody, in the order in which they take turns."""
    found = [*readers_contest(site, "15 KB", edge, nginx), *readers_contest(site, "40 KB", edge, nginx)]
    walls = site.articles("15 KB")
    tags = {server.name: {article: fetch_tag(server, path_at(server, article)) for article in walls} for server in (edge, nginx)}
    for server in (nginx, edge):

        def strangers(server: Server = server) -> list[Request]:
            return shuffled(Request(path_at(server, article)) for article in walls)

        def again(server: Server = server) -> list[Request]:
            return shuffled(
                Request(path_at(server, article), headers=(f"If-None-Match: {tags[server.name][article]}",)) for article in walls
            )

        found += [
            Contestant(f"{server.name}, wall", server, site.client_core, strangers),
            Contestant(f"{server.name}, 304", server, site.client_core, again, status=304),
        ]
    model = walls[0]
    own = [reader for reader, article in site.readers_of("15 KB") if article == model]

    def of_plain() -> list[Request]:
        return [Request(f"/plain/{model.article_id}/", site.metered_cookie(reader)) for reader in own]

    for request in of_plain():  # the first ones load templates
        fetch(plain, request.path, request.cookie)
    # So few connections as a server that takes milliseconds can answer within a round.
    return [*found, Contestant("plain", plain, site.client_core, of_plain, connections=8)]


def readers_contest(site: Site, size: str, edge: Server, nginx: Server) -> list[Contestant]:
    """nginx and the edge with pages of one size, each asked for by readers who have opened them."""
    readers = site.readers_of(size)

    def of_nginx() -> list[Request]:
        return shuffled(Request(f"/{article.article_id}.html", site.metered_cookie(reader)) for reader, article in readers)

    def of_edge() -> list[Request]:
        return shuffled(Request(article.path, site.metered_cookie(reader)) for reader, article in readers)

    return [
        Contestant(f"nginx, {size}", nginx, site.client_core, of_nginx),
        Contestant(f"edge, {size}", edge, site.client_core, of_edge),
    ]


def path_at(server: Server, article: MadeArticle) -> str:
    """Where a server has the wall of an article for strangers."""
    return f"/wall/{article.article_id}.html" if server.name == "nginx" else article.path


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
    with running("nginx", command, port=port, core=site.server_core, environment=os.environ, log=folder / "out.log") as server:
        yield server


def write_file(path: Path, compressed: bytes) -> None:
    """A page as a file, and compressed beside it for gzip_static."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.decompress(compressed))
    path.with_name(path.name + ".gz").write_bytes(compressed)


def measure_latency() -> Result:
    """The slowest of a hundred answers at 70% of what each server can do, beside nginx's."""
    from bench.run import Result

    need_command("wrk", "wrk")
    need_command("nginx", "nginx-light")
    with make_site(Wanted(ARTICLES, READERS)) as site, ExitStack() as stack:
        edge = stack.enter_context(site.serve("edge", EDGE))
        nginx = stack.enter_context(serve_files(site, edge))
        pair = [replace(contestant, connections=THINKING) for contestant in readers_contest(site, "15 KB", edge, nginx)]
        for contestant in pair:
            contestant.run(site.folder)
        rounds = [[at_share_of_limit(contestant, site.folder) for contestant in pair] for _ in range(ROUNDS)]
    theirs, ours = zip(*rounds, strict=True)
    ratio = ratio_of_rounds([outcome.p99_us for outcome in ours], [outcome.p99_us for outcome in theirs])
    note = "; ".join(
        f"{name}: {median(o.per_second for o in outcomes):,.0f}/s, p50 {describe([o.p50_us / 1000 for o in outcomes])} ms"
        for name, outcomes in (("edge", ours), ("nginx", theirs))
    )
    return Result(
        f"metered reader, 15 KB: p99 at {SHARE_OF_LIMIT:.0%} of saturation",
        "ms",
        median(outcome.p99_us for outcome in ours) / 1000,
        1.5,
        median(outcome.p99_us for outcome in theirs) / 1000,
        at_most=True,
        note=f"{note}; {THINKING} connections that think exponentially long",
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
