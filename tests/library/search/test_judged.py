"""What readers type finds the right articles of the demo; `judged.yaml` says which those are, and how that was judged."""

from __future__ import annotations

from math import log2
from pathlib import Path

import pytest
import yaml

from broadsheet.demo.load import CONTENT
from broadsheet.library.search.engine import IndexedArticle, Readable
from broadsheet.library.search.tantivy_engine import TantivyEngine
from tests.library.search.articles import EVERYTHING, NOTHING, article, engine_over, search

pytestmark = pytest.mark.pure

JUDGED = yaml.safe_load(Path(__file__).with_name("judged.yaml").read_text("utf-8"))
OPEN_PART = 5  # of a gated text, as one in so many words


def read_demo() -> dict[str, IndexedArticle]:
    """The demo's articles by their addresses."""
    found = {}
    for number, path in enumerate(sorted((CONTENT / "articles").glob("*.md")), 1):
        _, head, text = path.read_text("utf-8").split("---\n", 2)
        fields, words = yaml.safe_load(head), text.split()
        found[path.stem] = article(
            number,
            fields["headline"],
            dek=fields["dek"],
            teaser=text if fields["access"] == "free" else " ".join(words[: len(words) // OPEN_PART]),
            body=text,
            names=tuple(fields["authors"]),
            facets={"topic": tuple(fields["topics"]), "region": tuple(fields["regions"])},
        )
    return found


DEMO = read_demo()
NAMES = {article.article_id: name for name, article in DEMO.items()}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> TantivyEngine:
    return engine_over(tmp_path_factory.mktemp("demo"), list(DEMO.values()))


def rate(found: list[str], relevant: dict[str, int]) -> float:
    """nDCG@10."""
    gain = sum(relevant.get(name, 0) / log2(place + 2) for place, name in enumerate(found[:10]))
    return gain / sum(grade / log2(place + 2) for place, grade in enumerate(sorted(relevant.values(), reverse=True)[:10]))


@pytest.mark.parametrize("readable", [NOTHING, EVERYTHING])
def test_the_right_articles_come_first(engine: TantivyEngine, readable: Readable) -> None:
    rates, late = [], []
    for each in JUDGED["demo"]:
        found = [NAMES[number] for number in search(engine, each["typed"], readable).article_ids]
        rates.append(rate(found, each["relevant"]))
        if not set(found[:3]) & each["relevant"].keys():
            late.append(each["typed"])
    assert late == []
    assert sum(rates) / len(rates) >= 0.97


def test_judged_queries_are_many_and_of_many_kinds() -> None:
    queries = [*JUDGED["demo"], *JUDGED["transcripts"]]
    assert len({each["typed"] for each in queries}) == len(queries) >= 100
    kinds = "name accent spelling typo topic question year field quote headline negation".split()
    assert {each["kind"] for each in queries} == set(kinds)
    assert all(grade in (1, 2) for each in queries for grade in each["relevant"].values())
    assert {name for each in JUDGED["demo"] for name in each["relevant"]} <= DEMO.keys()
