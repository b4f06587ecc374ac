"""Counting and cutting of plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import filterfalse

_WORD = re.compile(r"\w+(?:[’'.,-]\w+)*")
# A sentence ends with . ! ? or …, perhaps closed by quotation marks or brackets, before a space
# and something that can start a sentence. Initials ("J. Smith") and "U.S. forces" do not end one.
_SENTENCE_END = re.compile(r"(?<![A-Z])(?<!\b(?:Mr|Ms|Dr|St|No))[.!?…][”’\"')\]]*(?=\s+[“‘\"'(\[]?[A-Z0-9])")


def count_words(text: str) -> int:
    """How many words `text` holds."""
    return count_words_in(text.split())


def count_words_in(parts: list[str]) -> int:
    """How many words stand in the pieces between a text's spaces.

    Most are letters alone, which is one word; only the others need the pattern. Half the time of the pattern on all.
    """
    mixed = list(filterfalse(str.isalpha, parts))
    return len(parts) - len(mixed) + len(_WORD.findall(" ".join(mixed)))


def iterate_sentence_ends(text: str) -> Iterator[int]:
    """Offsets just after each sentence of `text`, in order; the last is the end of the text."""
    for match in _SENTENCE_END.finditer(text):
        yield match.end()
    yield len(text)


def word_runs(text: str, length: int = 8) -> set[tuple[str, ...]]:
    """Every run of `length` words in `text`, casefolded: the measure by which a text counts as leaked."""
    words = [match.group().casefold() for match in _WORD.finditer(text)]
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
