"""Whether the edge stays as cheap with many articles and readers, and what held pages take in memory.

A small and a large installation take turns; each contestant differs from another by one thing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import accumulate
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from bench.contest import Contestant, describe, run_rounds
from bench.edge_site import Wanted
from bench.installation import EVENT_LOOP, Site, fetch, make_site
from bench.load import Outcome, Request
from bench.needs import need_command
from bench.servers import Server
from bench.spread import ratio_of_rounds

if TYPE_CHECKING:
    from bench.run import Result

FEW, MANY_ARTICLES, MANY_READERS = 100, 50_000, 100_000
HELD_ARTICLES = 20_000  # fit into what one process may hold
HELD_FOR_MEMORY = 5_000
WARM_S = 10.0  # until everything that can be held is held, and every pass that can be known is known
SIGNED_FOR_S = 240.0  # a pass is known for five minutes
KINDS = ("open-unlock-reader-2", "open-subscription-subscriber")


def measure_growth() -> list[Result]:
    """CPU for each request with few articles and readers and with many, and what held pages take in memory."""
    need_command("wrk", "wrk")
    few = make_site(Wanted(FEW, FEW, opened=FEW, kinds=KINDS))
    many = make_site(Wanted(MANY_ARTICLES, MANY_READERS, opened=FEW, kinds=KINDS))
    with few as small, many as large, ExitStack() as stack:
        with large.serve(EVENT_LOOP) as edge:
            memory = weigh_held_pages(large, edge)
        outcomes = run_rounds(large.folder, growing(small, large, stack), warm_s=WARM_S)
    few_articles, few_readers = outcomes["small", "articles"], outcomes["small", "readers"]
    return [
        grown(f"articles, {FEW} to {MANY_ARTICLES:,}, by Zipf's law", outcomes["large", "zipf"], few_articles, 1.1),
        grown(f"articles, {FEW} to {HELD_ARTICLES:,}, all held, asked for alike", outcomes["large", "held"], few_articles, 1.1),
        grown(
            f"articles, {FEW} to {MANY_ARTICLES:,}, asked for alike, too many to hold", outcomes["large", "all"], few_articles, None
        ),
        grown(f"readers, {FEW} to {MANY_READERS:,}", outcomes["large", "readers"], few_readers, 1.1),
        grown(f"readers, {FEW} to {MANY_READERS:,}, each pass seen once", outcomes["large", "first seen"], few_readers, None),
        memory,
    ]


def growing(small: Site, large: Site, stack: ExitStack) -> list[Contestant]:
    """Few and many, in the order in which they take turns, each with a process of its own, so that none empties another's memory.

    Who reads many articles subscribes; who is metered has opened one.
    """

    def subscribers(site: Site, ranks: list[int]) -> Callable[[], list[Request]]:
        def write() -> list[Request]:
            cookies = [site.subscriber_cookie(reader) for reader in site.made.readers[:FEW]]
            return [Request(site.made.articles[rank].path, cookies[turn % FEW]) for turn, rank in enumerate(ranks)]

        return write

    def metered(site: Site, count: int, *, signed_for_s: float = SIGNED_FOR_S) -> Callable[[], list[Request]]:
        # Each reads the article they have opened; few enough articles that only the readers differ.
        paths = {article.article_id: article.path for article in site.made.articles}
        signed: list[Request] = []
        signed_at = float("-inf")

        def write() -> list[Request]:
            nonlocal signed, signed_at
            if time.monotonic() - signed_at > signed_for_s:
                signed_at = time.monotonic()
                signed = [Request(paths[reader.article_id], site.metered_cookie(reader)) for reader in site.made.readers[:count]]
            return signed

        return write

    random = Random(1)
    zipf = list(accumulate(1 / rank for rank in range(1, MANY_ARTICLES + 1)))
    entered = {
        ("small", "articles"): (small, subscribers(small, random.choices(range(FEW), k=20_000))),
        ("large", "zipf"): (large, subscribers(large, random.choices(range(MANY_ARTICLES), cum_weights=zipf, k=100_000))),
        ("large", "held"): (large, subscribers(large, list(range(HELD_ARTICLES)))),
        ("large", "all"): (large, subscribers(large, list(range(MANY_ARTICLES)))),
        ("small", "readers"): (small, metered(small, FEW)),
        ("large", "readers"): (large, metered(large, MANY_READERS)),
        ("large", "first seen"): (large, metered(large, MANY_READERS, signed_for_s=0.0)),
    }
    return [
        Contestant(name, stack.enter_context(site.serve(EVENT_LOOP)), site.client_core, write)
        for name, (site, write) in entered.items()
    ]


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


def weigh_held_pages(site: Site, edge: Server) -> Result:
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
