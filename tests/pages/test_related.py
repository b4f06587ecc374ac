"""What stands under "More from …": the nearest of the whole library, and nothing that readers may not know of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article, Topic
from broadsheet.library.search.index_flows import Indexer
from broadsheet.pages import articles
from broadsheet.pages.articles import load_related
from broadsheet.pages.related import Candidate, rank_found

LOCKS = ["The lock-keepers of Gatun say the lake is low. In Panama ships wait for days."] * 3
RAIN = ["A cabinet fell over a bill that nobody had read, and another one was sworn in."] * 3


def candidate(number: int, *, topics: str = "", regions: str = "") -> Candidate:
    return Candidate(number, frozenset(map(ord, topics)), frozenset(map(ord, regions)), "")


def test_the_text_decides_then_topic_and_region_then_the_newer() -> None:
    subject = candidate(1, topics="a", regions="x")
    found = [candidate(1, topics="a"), candidate(5), candidate(4), candidate(3, topics="ab"), candidate(2, regions="x")]
    nearness = {1: 1.0, 5: 0.5, 4: 0.5004, 3: 0.4, 2: 1.0}
    assert rank_found(subject, found, nearness, count=9) == [2, 3, 5, 4]
    assert rank_found(subject, found, nearness, count=2) == [2, 3]


@pytest.fixture
def library(make_article: Callable[..., Article], clock: StoppedClock, monkeypatch: pytest.MonkeyPatch) -> dict[str, Article]:
    """A sequel that is older than all that is looked at without an index, among newer articles of the same topic."""
    monkeypatch.setattr(articles, "RELATED_POOL", 3)
    topic = Topic.objects.create(name="Trade", slug="trade")

    def make(name: str, age: int, text: list[str], **fields: Any) -> Article:
        return make_article(headline=name, dek="", paragraphs=text * 3, published_at=clock.now() - timedelta(days=age), **fields)

    made = {f"newer {age}": make(f"Something else {age}", age, RAIN, topics=[topic]) for age in range(1, 5)}
    made["gated"] = make("Of other things", 80, [*RAIN, *LOCKS, *LOCKS])
    made["subject"] = make("Low water at Gatun", 0, LOCKS, topics=[topic])
    for age, name in enumerate(("sequel", "unpublished", "embargoed", "deleted"), 90):
        made[name] = make(f"Gatun, {name}", age, LOCKS)
    return made


def related(library: dict[str, Article], clock: StoppedClock) -> list[str]:
    names = {article.pk: name for name, article in library.items()}
    return [names[card.article_id] for card in load_related(library["subject"], now=clock.now())]


@pytest.mark.django_db
def test_the_nearest_of_the_whole_library_are_shown_by_their_open_text_while_they_are_out(
    library: dict[str, Article], clock: StoppedClock, search_index: Indexer, publish: Callable[[Article], Article]
) -> None:
    assert related(library, clock) == ["newer 1", "newer 2", "newer 3"]  # without an index, of the newest
    search_index.step()
    found = related(library, clock)
    assert set(found) == {"sequel", "unpublished", "embargoed", "deleted"} and related(library, clock) == found
    # The index still holds them all.
    library["unpublished"].unpublish()
    library["deleted"].delete()
    library["embargoed"].embargo_until = clock.now() + timedelta(hours=1)
    publish(library["embargoed"])
    first, *others = related(library, clock)
    assert first == "sequel" and len(others) == 3 and set(others) <= {f"newer {age}" for age in range(1, 5)}
