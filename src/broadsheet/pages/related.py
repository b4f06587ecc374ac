"""Which articles stand under "More from …": near in words, topic and region; never none, never the article itself.

How near a text is the search index knows, which looks through the whole library. Where there is none, the words of the
candidates at hand are compared.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

RELATED_COUNT = 4
RELATED_FOUND = 40  # that the search index names, to choose among
RELATED_POOL = 200  # newest articles to choose among where it names too few, besides those of the same topic
SHARED_TOPIC = 3.0
SHARED_REGION = 2.0
# Beside the index's word on the whole library, as shares of the nearest text; anything from .1 to .5 does as well.
TOPIC_BESIDE_TEXT = 0.2
REGION_BESIDE_TEXT = 0.2
TEXT_WEIGHT = 6.0  # a text as near as a sequel (cosine about .5) weighs as much as a shared topic
_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One article that might stand there, with the words that everybody may read (headline, dek, teaser)."""

    article_id: int
    topics: frozenset[int]
    regions: frozenset[int]
    text: str


def rank_related(subject: Candidate, candidates: Sequence[Candidate], *, count: int) -> list[int]:
    """The ids of the `count` nearest candidates, nearest first; ties keep the given order (newest first)."""
    others = [candidate for candidate in candidates if candidate.article_id != subject.article_id]
    vectors = _weigh([subject.text, *(other.text for other in others)])
    scored = [
        (
            SHARED_TOPIC * len(subject.topics & other.topics)
            + SHARED_REGION * len(subject.regions & other.regions)
            + TEXT_WEIGHT * _cosine(vectors[0], vector),
            -position,
            other.article_id,
        )
        for position, (other, vector) in enumerate(zip(others, vectors[1:], strict=True))
    ]
    return [article_id for _, _, article_id in sorted(scored, reverse=True)[:count]]


def rank_found(subject: Candidate, found: Sequence[Candidate], nearness: Mapping[int, float], *, count: int) -> list[int]:
    """The ids of the `count` nearest of what the index found, nearest first; ties keep the given order (newest first).

    `nearness` is how near each one's text is, as a share of the nearest's.
    """
    scored = [
        (
            round(nearness[candidate.article_id], 3)
            + TOPIC_BESIDE_TEXT * bool(subject.topics & candidate.topics)
            + REGION_BESIDE_TEXT * bool(subject.regions & candidate.regions),
            -position,
            candidate.article_id,
        )
        for position, candidate in enumerate(found)
        if candidate.article_id != subject.article_id
    ]
    return [article_id for _, _, article_id in sorted(scored, reverse=True)[:count]]


def _weigh(texts: Iterable[str]) -> list[dict[str, float]]:
    """Unit tf-idf vectors (Salton and Buckley 1988, "ltc") of the texts' words of four letters and more."""
    counts = [_count_words(text) for text in texts]
    spread = Counter(word for count in counts for word in count)
    vectors = []
    for count in counts:
        vector = {word: (1 + math.log(n)) * math.log(len(counts) / spread[word]) for word, n in count.items()}
        norm = math.sqrt(sum(weight * weight for weight in vector.values())) or 1.0
        vectors.append({word: weight / norm for word, weight in vector.items()})
    return vectors


@lru_cache(maxsize=512)  # the newest articles are candidates for every other, and counted again for each
def _count_words(text: str) -> Counter[str]:
    return Counter(word.casefold() for word in _WORD.findall(text))


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other.get(word, 0.0) for word, weight in one.items())
