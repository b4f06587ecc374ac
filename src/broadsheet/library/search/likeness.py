"""Which words tell what an article is about, for finding others like it. Pure.

A word weighs by how often it stands in the article's open text and how rare it is in the library (Salton and Buckley 1988), a
name twice that. The engine multiplies this with its own weight of the word in each article it finds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

from broadsheet.library.search.spelling import even_out

MOST_WORDS = 25  # fifteen find less of what belongs together; forty find little more and take two thirds more time
NAME_WEIGHT = 2.0  # best of 1, 1.5, 2 and 3; bench/related_bench.py judges it
MOST_CAPITALS = 0.8  # of a text's longer words; above it capitals tell nothing
_CAPITALISED = re.compile(r"(?<![.!?:]\s)(?<!^)(?<![“\"‘'(])\b[^\W\d_a-z][\w’'-]+", re.MULTILINE)
_WORD = re.compile(r"\b[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True)
class OpenText:
    """What everybody may read of an article."""

    headline: str
    dek: str
    teaser: str

    @property
    def parts(self) -> tuple[str, str, str]:
        return self.headline, self.dek, self.teaser


@dataclass(frozen=True, slots=True)
class Similar:
    """An article with how near it is, as a share of the nearest's."""

    article_id: int
    nearness: float


def weigh_words(
    text: OpenText, stem: Callable[[str], Sequence[str]], count_articles: Callable[[str], int], *, total: int
) -> list[tuple[str, float]]:
    """The stems that tell most of a text, with their weights, the heaviest first.

    Args:
        count_articles: in how many articles of the library a stem stands; those in none are left out.
        total: how many articles there are.
    """
    counts = Counter(word for part in text.parts for word in stem(even_out(part)))
    names = {word for part in text.parts for name in find_names(part) for word in stem(even_out(name))}
    weights = []
    for word, times in counts.items():
        holding = count_articles(word)
        if holding:
            rarity = log(1 + (max(total - holding, 0) + 0.5) / (holding + 0.5))
            weights.append((word, (1 + log(times)) * rarity * (NAME_WEIGHT if word in names else 1.0)))
    return sorted(weights, key=lambda pair: (-pair[1], pair[0]))[:MOST_WORDS]


def find_names(text: str) -> list[str]:
    """Words that stand within a sentence with a capital; none where nearly all do, as in some headlines."""
    found = [match[0] for match in _CAPITALISED.finditer(text) if match[0][0].isupper()]
    long_words = _WORD.findall(text)
    capitals = sum(word[0].isupper() for word in long_words)
    return found if capitals <= MOST_CAPITALS * len(long_words) else []
