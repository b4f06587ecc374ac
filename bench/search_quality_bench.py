"""Whether search finds the right thing: our engine on judged collections, beside an implementation of BM25 that is not ours.

Each text is an article whose first fifth is open to everybody, indexed and asked through the engine's own interface by
somebody without access, the own queries by a subscriber. The other side, bm25s, has the same stop words and an English
stemmer, and its usual k1 and b; of the own queries it gets the words without fields and signs.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from random import Random
from time import process_time
from typing import TYPE_CHECKING

from bench.judged import Collection, Run, find_soon, load_collections, load_own_queries, overlap, score, spread
from bench.needs import Missing
from broadsheet.library.search.engine import Asked, IndexedArticle, Readable, SearchEngine
from broadsheet.library.search.query import parse_query
from broadsheet.library.search.stopwords import STOPWORDS
from broadsheet.library.search.tantivy_engine import TantivyEngine, TantivyWriter

if TYPE_CHECKING:
    from bench.run import Result

DEPTH = 1_000  # texts that are looked at of what is found
NOW_S = 2_000_000_000
MISSPELLED = 1_000
LEAST_SEEN = 20  # times that a word stands in what is open, to be misspelled


def measure_collections() -> list[Result]:
    """For each collection MAP, nDCG@10 and recall@100 beside BM25's, and how alike the two best tens are."""
    need_scorers()
    return [result for collection in load_collections() for result in compare(collection)]


def measure_own_queries() -> list[Result]:
    """nDCG@10 of our own queries, how many of them have an answer among the first three, and spelling over the same texts."""
    from bench.run import Result

    need_scorers()
    collection = load_own_queries()
    with tempfile.TemporaryDirectory(prefix="broadsheet-quality-bench-") as folder:
        engine = build_engine(Path(folder), collection)
        ours = ask_engine(engine, collection, Readable(everything=True))
        stranger = ask_engine(engine, collection, Readable())
        spelled = rate_spelling(engine, collection)
    theirs = ask_bm25s(replace(collection, queries={query: strip_signs(query) for query in collection.queries}))
    scores = {
        name: score(collection.judged, run)["nDCG@10"] for name, run in (("ours", ours), ("stranger", stranger), ("theirs", theirs))
    }
    note = f"{len(collection.texts):,} texts, {len(collection.judged)} queries"
    theirs_soon = find_soon(collection.judged, theirs)
    return [
        Result("own queries: nDCG@10, a subscriber", "", mean(scores["ours"]), 1.0, yardstick=mean(scores["theirs"]), note=note),
        Result("own queries: nDCG@10, a stranger", "", mean(scores["stranger"]), None, yardstick=mean(scores["theirs"]), note=note),
        Result(
            "own queries: answered in the first three",
            "",
            find_soon(collection.judged, ours),
            1.0,
            yardstick=theirs_soon,
            note=note,
        ),
        *spelled,
    ]


def rate_spelling(engine: TantivyEngine, collection: Collection) -> list[Result]:
    """How often a word with one letter wrong is led back to what it was, and what that costs."""
    from bench.run import Result

    random = Random(5)
    open_text = " ".join(f"{headline} {text[: len(text) // 5]}" for headline, text in collection.texts.values())
    counts = Counter(re.findall(r"[a-z]{5,}", open_text.lower()))
    words = [word for word, count in counts.items() if count >= LEAST_SEEN]
    chosen = random.choices(words, weights=[counts[word] ** 0.5 for word in words], k=MISSPELLED)
    typed = [(misspell(word, random), word) for word in chosen]
    typed = [(wrong, word) for wrong, word in typed if wrong not in counts]
    engine.find_similar_word("warmup")  # the words are laid out once
    began = process_time()
    right = sum(engine.find_similar_word(wrong) == word for wrong, word in typed)
    cost = (process_time() - began) / len(typed) * 1e3
    note = f"{len(typed)} words, each with one letter lost, added, changed or exchanged with the next"
    return [
        Result("spelling: what was meant comes first", "", right / len(typed), 0.9, note=note),
        Result("spelling: one word", "ms CPU", cost, 2.0, at_most=True, note=note),
    ]


def misspell(word: str, random: Random) -> str:
    """The word with one letter wrong."""
    place, letter = random.randrange(len(word)), random.choice("abcdefghijklmnopqrstuvwxyz")
    left, right = word[:place], word[place:]
    return left + random.choice((right[1:], letter + right, letter + right[1:], right[1:2] + right[:1] + right[2:]))


def strip_signs(typed: str) -> str:
    """The words of a query that a text has to hold."""
    return re.sub(r'-\w+|\b(?:author|topic|region|year):\S+|"|\bOR\b', " ", typed)


def need_scorers() -> None:
    """Raises `Missing` where what judges is not installed."""
    if not (find_spec("bm25s") and find_spec("Stemmer") and find_spec("pytrec_eval")):
        raise Missing("search quality needs the packages of bench/requirements.lock; `make bench` installs them.")


def compare(collection: Collection) -> list[Result]:
    """The results of one collection."""
    from bench.run import Result

    with tempfile.TemporaryDirectory(prefix="broadsheet-quality-bench-") as folder:
        engine = build_engine(Path(folder), collection)
        ours = ask_engine(engine, collection, Readable())
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


def build_engine(folder: Path, collection: Collection) -> TantivyEngine:
    """An index of the texts; an article's number is its text's place."""
    writer = TantivyWriter(folder, language="en-GB")
    texts = enumerate(collection.texts.items(), 1)
    articles = (make_article(place, *text, collection.facts.get(name, ("",))) for place, (name, text) in texts)
    writer.replace((), articles)
    writer.commit()
    writer.close()
    return TantivyEngine(folder, language="en-GB")


def make_article(number: int, headline: str, text: str, facts: tuple[str, ...]) -> IndexedArticle:
    """A text as a metered article."""
    *authors, date = facts
    facets = {"year": (date[:4],)} if date else {}
    return IndexedArticle(number, headline, "", text[: len(text) // 5], text, tuple(authors), facets, NOW_S, NOW_S)


def ask_engine(engine: SearchEngine, collection: Collection, readable: Readable) -> Run:
    """What the engine finds for each query as it is typed."""
    names = list(collection.texts)
    found = {
        query: engine.search(Asked(parse_query(typed), readable, NOW_S, limit=DEPTH)).article_ids
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
