"""The library's search over many articles: index built and sized, searches with facets and with passages, beside FTS5.

The articles are transcripts, cut into pieces of an article's length: BROADSHEET_TRANSCRIPTS names their archive, as
`scripts/corpora/pm_transcripts.py` takes it. The engine is measured alone, without database and page.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from time import process_time
from typing import TYPE_CHECKING

from bench.needs import Missing
from broadsheet.library.search.engine import Asked, IndexedArticle, Readable
from broadsheet.library.search.likeness import OpenText
from broadsheet.library.search.query import parse_query
from broadsheet.library.search.tantivy_engine import TantivyEngine, TantivyWriter

if TYPE_CHECKING:
    from bench.run import Result

ROOT = Path(__file__).parents[1]
ARTICLES = int(os.environ.get("BENCH_SEARCH_ARTICLES", "50000"))
QUERIES = 300
WORDS_EACH = 850  # an article's length
STEP = 280  # pieces overlap, so that few documents make many articles
NOW_S = 2_000_000_000


def measure_search() -> list[Result]:
    """Size, then CPU of a search; each query the same for both engines."""
    from bench.run import Result

    archive = os.environ.get("BROADSHEET_TRANSCRIPTS")
    if not archive:
        raise Missing("search needs texts: BROADSHEET_TRANSCRIPTS names the archive of transcripts.")
    with tempfile.TemporaryDirectory(prefix="broadsheet-search-bench-") as folder:
        articles = list(islice(make_articles(Path(archive)), ARTICLES))
        text_bytes = sum(len(article.body.encode()) for article in articles)
        queries, note = make_queries(articles), f"{len(articles):,} articles, {text_bytes / 1e6:.0f} MB of text"
        build_s = build_index(Path(folder), articles)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        texts = {article.article_id: article.body for article in articles}
        table = build_fts5(articles)
        engine = TantivyEngine(Path(folder), language="en-GB")
        ours, with_passages = search_engine(engine, queries, texts)
        alike = find_similar(engine, Random(2).sample(articles, min(QUERIES, len(articles))))
        fts5 = search_fts5(table, queries)
    return [
        Result("search: index built", "s CPU", build_s, None, note=note),
        Result("search: index over text", "times", size / text_bytes, 1.2, at_most=True, note=note),
        Result("search: with counts by five facets", "ms CPU", ours, 5.0, at_most=True, note=f"FTS5 without: {fts5:.1f} ms"),
        Result("search: articles like one", "ms CPU", alike, 5.0, at_most=True, note=note),
        Result("search: the same with twenty passages", "ms CPU", with_passages, 10.0, at_most=True, note=note),
    ]


def make_articles(archive: Path) -> Iterator[IndexedArticle]:
    """Pieces of the transcripts as articles, behind the wall after their first fifth."""
    command = [sys.executable, str(ROOT / "scripts" / "corpora" / "pm_transcripts.py"), str(archive)]
    number = 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as ran:  # it may not read to the end
        assert ran.stdout is not None
        for line in ran.stdout:
            fields = json.loads(line)
            words = re.sub(r"<[^>]+>", " ", fields.get("body_html", "")).split()
            for start in range(0, max(1, len(words) - WORDS_EACH // 2), STEP):
                number += 1
                piece = words[start : start + WORDS_EACH]
                yield make_article(number, fields, " ".join(piece), " ".join(piece[: len(piece) // 5]))


def make_article(number: int, fields: dict[str, object], body: str, teaser: str) -> IndexedArticle:
    date, names = str(fields.get("date", "")), tuple(map(str, fields.get("authors", ())))  # type: ignore[call-overload]
    topics = tuple(map(str, fields.get("topics", ())))  # type: ignore[call-overload]
    facets = {"topic": topics[:3], "author": names, "kind": (str(fields["kind"]),), "year": (date[:4],)}
    facets["region"] = (f"region-{number % 12}",)
    return IndexedArticle(number, str(fields.get("headline", "")), "", teaser, body, names, facets, NOW_S - number, NOW_S - number)


def make_queries(articles: Sequence[IndexedArticle]) -> list[str]:
    """One to four words that stand in one article."""
    random = Random(1)
    queries = []
    for article in random.choices(articles, k=QUERIES):
        words = sorted(set(re.findall(r"[a-z]{5,}", article.body.lower()))) or ["budget"]
        queries.append(" ".join(random.sample(words, min(len(words), random.randint(1, 4)))))
    return queries


def build_index(folder: Path, articles: Sequence[IndexedArticle]) -> float:
    """CPU seconds of all threads."""
    began = process_time()
    writer = TantivyWriter(folder, language="en-GB")
    writer.replace((), articles)
    writer.commit()
    writer.close()
    return process_time() - began


def search_engine(engine: TantivyEngine, queries: Sequence[str], texts: dict[int, str]) -> tuple[float, float]:
    """Milliseconds of CPU of one search, without passages and with them."""
    found = []
    began = process_time()
    for typed in queries:
        query = parse_query(typed)
        found.append((query, engine.search(Asked(query, Readable(everything=True), NOW_S))))
    searched = process_time()
    for query, page in found:
        engine.find_passages(query, [texts[number] for number in page.article_ids])
    ended = process_time()
    return (searched - began) / len(queries) * 1e3, (ended - began) / len(queries) * 1e3


def find_similar(engine: TantivyEngine, articles: Sequence[IndexedArticle]) -> float:
    """Milliseconds of CPU to find what is like one article."""
    began = process_time()
    for article in articles:
        engine.find_similar(OpenText(article.headline, article.dek, article.teaser), without=article.article_id, limit=40)
    return (process_time() - began) / len(articles) * 1e3


def build_fts5(articles: Sequence[IndexedArticle]) -> sqlite3.Connection:
    """SQLite's own full-text index over the same, in memory."""
    table = sqlite3.connect(":memory:")
    table.execute("CREATE VIRTUAL TABLE text USING fts5(headline, body, tokenize='porter unicode61 remove_diacritics 2')")
    rows = ((article.article_id, article.headline, article.body) for article in articles)
    table.executemany("INSERT INTO text(rowid, headline, body) VALUES (?, ?, ?)", rows)
    return table


def search_fts5(table: sqlite3.Connection, queries: Sequence[str]) -> float:
    """Milliseconds of CPU of one search for all the words, the best twenty, no facets."""
    began = process_time()
    for typed in queries:
        table.execute("SELECT rowid FROM text WHERE text MATCH ? ORDER BY bm25(text, 5, 1) LIMIT 20", [typed]).fetchall()
    return (process_time() - began) / len(queries) * 1e3
