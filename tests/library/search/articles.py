"""Articles to search, and an engine over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from broadsheet.library.search.engine import Asked, Found, IndexedArticle, Readable
from broadsheet.library.search.query import parse_query
from broadsheet.library.search.tantivy_engine import TantivyEngine, TantivyWriter

NOW_S = 2_000_000_000
EVERYTHING = Readable(everything=True)
NOTHING = Readable()


def article(number: int, headline: str = "A headline", *, teaser: str = "", rest: str = "", **more: object) -> IndexedArticle:
    made = IndexedArticle(
        article_id=number,
        headline=headline,
        dek="",
        teaser=teaser,
        body=f"{teaser}\n{rest}",
        names=("Economy desk",),
        facets={"topic": ("trade",), "region": ("europe",), "author": ("economy-desk",), "kind": ("daily",), "year": ("2024",)},
        published_s=NOW_S - 1000 + number,
        known_from_s=NOW_S - 1000 + number,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def engine_over(folder: Path, articles: Sequence[IndexedArticle], *, language: str = "en-GB") -> TantivyEngine:
    writer = TantivyWriter(folder, language=language)
    writer.replace((), articles)
    writer.commit()
    writer.close()
    return TantivyEngine(folder, language=language)


def search(engine: TantivyEngine, typed: str, readable: Readable = NOTHING, **more: object) -> Found:
    return engine.search(Asked(parse_query(typed), readable, NOW_S, **more))  # type: ignore[arg-type]
