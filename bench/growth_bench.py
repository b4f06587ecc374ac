"""Whether the edge stays as cheap with many articles and readers, and what held pages take in memory.

A small and a large installation take turns; each contestant differs from another by one thing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from itertools import accumulate
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from bench.contest import Contestant, describe, run_rounds, shuffled
from bench.edge_site import Wanted
from bench.installation import EDGE, Site, fetch, make_site
from bench.load import Outcome, Request
from bench.needs import need_command
from bench.servers import Server
from bench.spread import ratio_of_rounds

if TYPE_CHECKING:
    from bench.run import Result

FEW, MANY_ARTICLES, MANY_READERS = 100, 50_000, 100_000
HELD_ARTICLES = 20_000  # fit into what one process may hold
HELD_FOR_MEMORY = 5_000
KINDS = ("open-unlock-reader-2", "open-subscription-subscriber")


def measure_growth() -> list[Result]:
    """CPU for each request with few articles and readers and with many, and what held pages take in memory."""
    need_command("wrk", "wrk")
    few = make_site(Wanted(FEW, FEW, opened=FEW, kinds=KINDS))
    many = make_site(Wanted(MANY_ARTICLES, MANY_READERS, opened=FEW, kinds=KINDS))
    with few as small, many as large, ExitStack() as stack:
        edges = {site.folder: stack.enter_context(site.serve("edge", EDGE)) for site in (small, large)}
        memory = measure_memory(large, edges[large.folder])
        outcomes = run_rounds(large.folder, growing(small, large, edges))
    base = outcomes[f"{FEW} articles"]
    few_readers = outcomes[f"{FEW} readers"]
    return [
        grown(f"articles, from {FEW} to {MANY_ARTICLES:,}, asked for by Zipf's law", outcomes["zipf"], base, 1.1),
        grown(f"articles, from {FEW} to {HELD_ARTICLES:,}, all held, asked for alike", outcomes["held"], base, 1.1),
        grown(f"articles, from {FEW} to {MANY_ARTICLES:,}, more than are held, asked for alike", outcomes["all"], base, None),
        grown(f"readers, from {FEW} to {MANY_READERS:,}", outcomes["readers"], few_readers, 1.1),
        memory,
    ]


def growing(small: Site, large: Site, edges: dict[Path, Server]) -> list[Contestant]:
    """Few and many, in the order in which they take turns. Who reads many articles subscribes; who is metered has opened one."""

    def subscribers(site: Site, ranks: list[int]) -> Callable[[], list[Request]]:
        def write() -> list[Request]:
            cookies = [site.subscriber_cookie(reader) for reader in site.made.readers[:FEW]]
            return [Request(site.made.articles[rank].path, cookies[turn % FEW]) for turn, rank in enumerate(ranks)]

        return write

    def metered(site: Site, count: int) -> Callable[[], list[Request]]:
        # Each reads the article they have opened; few enough articles that only the readers differ.
        paths = {article.article_id: article.path for article in site.made.articles}
        readers = site.made.readers[:count]
        return lambda: shuffled(Request(paths[reader.article_id], site.metered_cookie(reader)) for reader in readers)

    random = Random(1)
    zipf = list(accumulate(1 / rank for rank in range(1, MANY_ARTICLES + 1)))
    entered = {
        f"{FEW} articles": (small, subscribers(small, random.choices(range(FEW), k=20_000))),
        "zipf": (large, subscribers(large, random.choices(range(MANY_ARTICLES), cum_weights=zipf, k=100_000))),
        "held": (large, subscribers(large, random.sample(range(HELD_ARTICLES), HELD_ARTICLES))),
        "all": (large, subscribers(large, random.sample(range(MANY_ARTICLES), MANY_ARTICLES))),
        f"{FEW} readers": (small, metered(small, FEW)),
        "readers": (large, metered(large, MANY_READERS)),
    }
    return [Contestant(name, edges[site.folder], site.client_core, write) for name, (site, write) in entered.items()]


def grown(what: str, many: list[Outcome], few: list[Outcome], bar: float | None) -> Result:
    """How much more CPU a request takes with many."""
    from bench.run import Result

    many_us, few_us = [outcome.cpu_us for outcome in many], [outcome.cpu_us for outcome in few]
    ratio = ratio_of_rounds(many_us, few_us)
    return Result(
        f"CPU of a request with more {what}",
        "us",
        median(many_us),
        bar,
        median(few_us),
        at_most=True,
        note=f"{describe(many_us)} against {describe(few_us)} µs, {len(many)} rounds in turn",
        low=ratio.low,
        high=ratio.high,
        by_interval=True,
    )


def measure_memory(site: Site, edge: Server) -> Result:
    """What a thousand held pages take, each of 15 KB in one form and one encoding."""
    from bench.run import Result

    cookie = site.subscriber_cookie(site.made.readers[0])
    for article in site.made.articles[:10]:
        fetch(edge, article.path, cookie)
    before = edge.memory_kb()
    taken = site.made.articles[10 : 10 + HELD_FOR_MEMORY]
    size = len([fetch(edge, article.path, cookie) for article in taken][-1].body)
    grown_kb = edge.memory_kb() - before
    note = f"{HELD_FOR_MEMORY:,} pages of {size:,} bytes compressed took {grown_kb / 1024:.1f} MB"
    return Result("memory of 1,000 held articles, 15 KB", "MB", grown_kb / 1024 / HELD_FOR_MEMORY * 1000, None, note=note)
