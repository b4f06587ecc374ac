"""Names in all their spellings, from `names.yaml`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import yaml

from broadsheet.library.search.spelling import even_out, fold

_FILE = Path(__file__).with_name("names.yaml")
Words = tuple[str, ...]


def split_words(text: str) -> Words:
    """The words of a name, as they are compared: small letters, no accents, nothing but letters and digits."""
    even = fold(even_out(text))
    return tuple("".join(char if char.isalnum() else " " for char in even).split())


@cache
def load_spellings() -> dict[Words, tuple[Words, ...]]:
    """For each spelling the others of the same name."""
    found: dict[Words, tuple[Words, ...]] = {}
    for group in yaml.safe_load(_FILE.read_text("utf-8")):
        spellings = [split_words(spelling) for spelling in group]
        for spelling in spellings:
            found[spelling] = tuple(dict.fromkeys(other for other in spellings if other != spelling))
    return found


def find_names(words: Sequence[str]) -> Iterator[tuple[int, int, tuple[Words, ...]]]:
    """Where among `words` a name stands: first word, word after the last, its other spellings. Longest names first, none twice."""
    known = load_spellings()
    longest = max(map(len, known))
    start = 0
    while start < len(words):
        for end in range(min(len(words), start + longest), start, -1):
            others = known.get(tuple(words[start:end]))
            if others:
                yield start, end, others
                start = end
                break
        else:
            start += 1
