"""What is one word, whichever way it is written; and which known word was probably meant. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import chain

from rapidfuzz import process
from rapidfuzz.distance import OSA

_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b", re.IGNORECASE)
_AMERICA = re.compile(r"(?<![\w.])(?:U\.\s?S\.(?:\s?A\.)?|US|USA)(?!\w)")
_INITIALS = re.compile(r"\b(?:[A-Za-z]\.){2,}")
_NEAR = {4: 1, 5: 1, 6: 2}  # letters of a word, and how many of them may be wrong
MOST_WRONG = 2


def even_out(text: str) -> str:
    """The text without what the tokenizer would take apart: possessives, initials with dots, the two ways to write USA."""
    text = _AMERICA.sub("USA", text)
    text = _INITIALS.sub(lambda match: match[0].replace(".", ""), text)
    return _POSSESSIVE.sub("", text)


def fold(text: str) -> str:
    """Small letters without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return (
        "".join(char for char in decomposed if not unicodedata.combining(char))
        .replace("ı", "i")
        .replace("ł", "l")
        .replace("ø", "o")
    )


class Vocabulary:
    """Known words with the number of articles that hold each, laid out to find near ones."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        self._by_place: dict[tuple[int, str], list[str]] = {}
        for word in counts:
            if word.isdigit():
                continue
            for letter in set(word[:2]):
                self._by_place.setdefault((len(word), letter), []).append(word)

    def find_similar(self, word: str) -> list[str]:
        """Near known words, the nearest first, of several the most frequent; none if the word is known, short or far from all.

        A word that is meant shares one of its first two letters with what was typed.
        """
        typed = fold(word)
        most = _NEAR.get(len(typed), MOST_WRONG if len(typed) > max(_NEAR) else 0)
        if typed in self._counts or not most:
            return []
        near = [(distance, -self._counts[known], known) for known, distance in self._near(typed, most)]
        return [known for _, _, known in sorted(near)]

    def _near(self, typed: str, most: int) -> Iterable[tuple[str, int]]:
        lengths = range(len(typed) - most, len(typed) + most + 1)
        places = (self._by_place.get((length, letter), ()) for length in lengths for letter in sorted(set(typed[:2])))
        near = process.extract(typed, list(chain.from_iterable(places)), scorer=OSA.distance, score_cutoff=most, limit=None)
        return {known: int(distance) for known, distance, _ in near}.items()
