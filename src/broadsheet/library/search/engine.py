"""What a search engine is asked and what it answers. Pure; the one interface that another engine would implement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from broadsheet.library.search.likeness import OpenText, Similar
from broadsheet.library.search.query import Query

FACETS = ("topic", "region", "country", "author", "kind", "year")


class Order(StrEnum):
    """In which order the articles come."""

    RELEVANCE = "relevance"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class IndexedArticle:
    """One published article as an index takes it in. Facets hold the slugs that addresses use; times are seconds since 1970.

    `teaser` is what everybody may read of the text, which for a free article is all of it; `body` is the whole text.
    """

    article_id: int
    headline: str
    dek: str
    teaser: str
    body: str
    names: tuple[str, ...]
    facets: Mapping[str, tuple[str, ...]]
    published_s: int
    known_from_s: int


@dataclass(frozen=True, slots=True)
class Readable:
    """What the asker may read beyond teasers: everything, or some articles."""

    everything: bool = False
    article_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """One search. `facets` holds for each name the values of which an article must have one.

    `is_open_only`: only headline, dek, teaser and names are looked at, whoever asks; `is_counted`: facets are counted, which
    takes as long as the search.
    """

    query: Query
    readable: Readable
    now_s: int
    facets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    order: Order = Order.RELEVANCE
    offset: int = 0
    limit: int = 20
    is_open_only: bool = False
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many of the found articles have one value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: a page of articles in order, how many there are, and counts for each facet.

    `is_widened`: so few held all words that those with some of them follow; `with_all` is how many held all.
    `unknown` are the words that no article holds.
    """

    article_ids: tuple[int, ...] = ()
    total: int = 0
    is_widened: bool = False
    with_all: int = 0
    unknown: tuple[str, ...] = ()
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text as parts; every second one, from the second on, is what matched."""

    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(self.parts)


class EngineAway(Exception):
    """There is no index that could answer: it is being built, or what lies there cannot be read."""


class SearchEngine(Protocol):
    """Finds articles. Whoever has no access learns of the gated part of a text single stemmed words only."""

    def search(self, asked: Asked) -> Found:
        """Raises `EngineAway`."""

    def find_passages(self, query: Query, texts: Sequence[str]) -> list[Passage | None]:
        """The best piece of each text, None where nothing in it matches. Raises `EngineAway`."""

    def complete(self, prefix: str, *, limit: int) -> list[str]:
        """Words of headlines, deks, teasers and names that begin like this, the most frequent first; of one letter none.

        Raises `EngineAway`.
        """

    def find_similar_word(self, word: str) -> str | None:
        """The word of headlines, deks, teasers and names that was probably meant; None if none is near. Raises `EngineAway`."""

    def find_similar(self, text: OpenText, *, without: int, limit: int) -> list[Similar]:
        """Articles but one whose open text is like this, the nearest first. Raises `EngineAway`."""
