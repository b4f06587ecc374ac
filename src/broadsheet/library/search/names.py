"""Names in all their spellings, from `names.yaml`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path

import yaml

from broadsheet.library.search.spelling import even_out, fold

_FILE = Path(__file__).with_name("names.yaml")
Words = tuple[str, ...]
Stem = Callable[[str], Words]  # the index's own way from a text to what is compared


def split_words(text: str) -> Words:
    """The words of a name, as they are compared: small letters, no accents, nothing but letters and digits."""
    even = fold(even_out(text))
    return tuple("".join(char if char.isalnum() else " " for char in even).split())


@cache
def load_groups() -> tuple[tuple[Words, ...], ...]:
    """Each name with all its spellings."""
    return tuple(tuple(dict.fromkeys(map(split_words, group))) for group in yaml.safe_load(_FILE.read_text("utf-8")))


@lru_cache(maxsize=8)
def load_spellings(stem: Stem) -> dict[Words, tuple[Words, ...]]:
    """For the stems of each spelling the other spellings of the same name."""
    found: dict[Words, tuple[Words, ...]] = {}
    for group in load_groups():
        by_stems = {stem(" ".join(spelling)): spelling for spelling in group}
        for stems in by_stems:
            found[stems] = tuple(spelling for other, spelling in by_stems.items() if other != stems)
    return found


def find_names(words: Sequence[str], stem: Stem) -> Iterator[tuple[int, int, tuple[Words, ...]]]:
    """Where among `words` a name stands: first word, word after the last, its other spellings. Longest names first, none twice."""
    known, stems = load_spellings(stem), [stem(word) for word in words]
    longest = max(map(len, known))
    start = 0
    while start < len(words):
        for end in range(min(len(words), start + longest), start, -1):
            others = known.get(tuple(part for word in stems[start:end] for part in word))
            if others:
                yield start, end, others
                start = end
                break
        else:
            start += 1
