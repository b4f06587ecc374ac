"""Whether search finds the right thing: our engine on judged collections, beside an implementation of BM25 that is not ours.

Each text is an article whose first fifth is open to everybody, indexed and asked through the engine's own interface by
somebody without access. The other side, bm25s, has the same stop words and an English stemmer, and its usual k1 and b.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bench.judged import Collection, Run, load_collections, overlap, score, spread
from bench.needs import Missing
from broadsheet.library.search.engine import Asked, IndexedArticle, Readable, SearchEngine
from broadsheet.library.search.query import parse_query
from broadsheet.library.search.stopwords import STOPWORDS
from broadsheet.library.search.tantivy_engine import TantivyEngine, TantivyWriter

if TYPE_CHECKING:
    from bench.run import Result

DEPTH = 1_000  # texts that are looked at of what is found
NOW_S = 2_000_000_000


def measure_collections() -> list[Result]:
    """For each collection MAP, nDCG@10 and recall@100 beside BM25's, and how alike the two best tens are."""
    need_scorers()
    return [result for collection in load_collections() for result in compare(collection)]


def need_scorers() -> None:
    """Raises `Missing` where what judges is not installed."""
    if not (find_spec("bm25s") and find_spec("Stemmer") and find_spec("pytrec_eval")):
        raise Missing("search quality needs the packages of bench/requirements.lock; `make bench` installs them.")


def compare(collection: Collection) -> list[Result]:
    """The results of one collection."""
    from bench.run import Result

    with tempfile.TemporaryDirectory(prefix="broadsheet-quality-bench-") as folder:
        engine = build_engine(Path(folder), collection)
        ours = ask_engine(engine, collection)
    theirs = ask_bm25s(collection)
    our_scores, their_scores = score(collection.judged, ours), score(collection.judged, theirs)
    note = f"{len(collection.texts):,} texts, {len(collection.judged)} queries"
    results = []
    for name, values in our_scores.items():
        low, high = spread(values, their_scores[name])
        results.append(
            Result(
                f"{collection.name}: {name}",
                "",
                mean(values),
                1.0,
                yardstick=mean(their_scores[name]),
                low=low,
                high=high,
                by_interval=True,
                note=note,
            )
        )
    return [*results, Result(f"{collection.name}: best ten alike", "", overlap(ours, theirs), None, note=note)]


def build_engine(folder: Path, collection: Collection) -> SearchEngine:
    """An index of the texts; an article's number is its text's place."""
    writer = TantivyWriter(folder, language="en-GB")
    writer.replace((), (make_article(place, *text) for place, text in enumerate(collection.texts.values(), 1)))
    writer.commit()
    writer.close()
    return TantivyEngine(folder, language="en-GB")


def make_article(number: int, headline: str, text: str) -> IndexedArticle:
    """A text as a metered article without topics and authors."""
    return IndexedArticle(number, headline, "", text[: len(text) // 5], text, (), {}, NOW_S, NOW_S)


def ask_engine(engine: SearchEngine, collection: Collection) -> Run:
    """What the engine finds for each query, as somebody without access types it."""
    names = list(collection.texts)
    found = {
        query: engine.search(Asked(parse_query(typed), Readable(), NOW_S, limit=DEPTH)).article_ids
        for query, typed in collection.queries.items()
    }
    return {query: [names[number - 1] for number in numbers] for query, numbers in found.items()}


def ask_bm25s(collection: Collection) -> Run:
    """What bm25s finds: headline and text as one, k1 1.2, b 0.75, as Lucene weighs."""
    import bm25s
    from Stemmer import Stemmer

    names = list(collection.texts)
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    how = {"stopwords": sorted(STOPWORDS), "stemmer": Stemmer("english"), "show_progress": False}
    index.index(bm25s.tokenize([f"{headline}\n{text}" for headline, text in collection.texts.values()], **how), show_progress=False)
    run = {}
    for query, typed in collection.queries.items():
        words = bm25s.tokenize([typed], return_ids=False, **how)
        places, weights = index.retrieve(words, k=min(DEPTH, len(names)), show_progress=False)
        run[query] = [names[place] for place, weight in zip(places[0], weights[0], strict=True) if weight > 0]
    return run


def mean(values: Sequence[float]) -> float:
    """Their mean."""
    return sum(values) / len(values)
