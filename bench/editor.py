"""An editor's and a reader's deeds on the installation of BROADSHEET_DATA_DIR: commands on stdin, an answer for each.

    publish ARTICLE NUMBER      publish the article with the number in its headline; when it was committed, how long it took
    unlock THREADS PAIRS        open articles for readers, [[reader, article], …], as fast as the threads can; how long it took
    unlocks                     how many articles have been opened so far

Moments are of the machine's monotonic clock, which all its processes share.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.edge_site import set_up


def main() -> None:
    """Answer commands until there are no more."""
    set_up()
    deeds: dict[str, Callable[..., Any]] = {"publish": publish, "unlock": unlock, "unlocks": unlocks}
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(deeds[name](*arguments)), flush=True)


def publish(article_id: int, number: int) -> dict[str, float]:
    """Seconds of work before the change was committed, and the moment when it was."""
    from django.db import transaction

    from broadsheet.library.models import Article

    committed: list[float] = []
    article = Article.objects.get(pk=article_id)
    article.headline = f"The treaty that rations the sea, edition {number}."
    started = time.monotonic()
    with transaction.atomic():
        article.save_revision().publish()
        transaction.on_commit(lambda: committed.append(time.monotonic()))
    return {"committed": committed[0], "took_s": committed[0] - started}


def unlock(threads: int, pairs: list[tuple[int, int]]) -> float:
    """Seconds that it took to open all these articles."""
    from django.db import connections

    from broadsheet.core import clock
    from broadsheet.paywall.flows import UnlockOutcome, unlock_article

    def open_some(part: list[tuple[int, int]]) -> None:
        try:
            for reader_id, article_id in part:
                outcome = unlock_article(reader_id, article_id, now=clock.now()).outcome
                assert outcome is UnlockOutcome.OPENED, outcome
        finally:
            connections.close_all()

    started = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(open_some, [pairs[number::threads] for number in range(threads)]))
    return time.monotonic() - started


def unlocks() -> int:
    from broadsheet.paywall.models import Unlock

    return Unlock.objects.count()


if __name__ == "__main__":
    main()
