"""From what was typed to the stems that an article has to hold. Pure.

Stop words go unless nothing else was typed; a name brings its other spellings; `stem` is the index's own way from a text
to stems.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from broadsheet.library.search.names import Stem, Words, find_names, load_spellings, split_words
from broadsheet.library.search.query import Clause, Query, Term
from broadsheet.library.search.stopwords import STOPWORDS

MOST_WORDS = 100  # that are looked for; one typed word may hold several, as a-b-c does
_COUNTRY = {"us": "usa"}  # nobody looks for the pronoun


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write what is wanted: stems, which a phrase wants side by side, and a name rather so than apart."""

    stems: Words
    is_phrase: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that an article has to hold, or must not: any of its spellings, or in `field` any of its values.

    `typed` is the first of its spellings, as it was typed; `times` is how often it was: who pastes a paragraph says by that
    what it is about.
    """

    spellings: tuple[Spelling, ...] = ()
    field: str = ""
    values: tuple[str, ...] = ()
    is_negated: bool = False
    typed: str = ""
    times: int = 1

    @property
    def is_text(self) -> bool:
        """Whether it asks for words in the text, of which some may do where all are too many."""
        return not self.field and not self.is_negated


def plan(query: Query, stem: Stem) -> tuple[Wanted, ...]:
    """Everything that is wanted, once each, in the order in which it was typed."""
    found: list[Wanted] = []
    run: list[str] = []
    room = MOST_WORDS
    for clause in query.clauses:
        if _is_word(clause):
            words = split_words(clause.terms[0].text)[:room]
            room -= len(words)
            run += (_COUNTRY.get(word, word) for word in words)
            continue
        found += _plan_words(run, stem)
        run = []
        found += _plan_clause(clause, stem)
    found += _plan_words(run, stem)
    content = [wanted for wanted in found if not _is_stop_word(wanted, stem)]
    times = Counter(content if any(wanted.is_text for wanted in content) else found)
    return tuple(replace(wanted, times=count) for wanted, count in times.items())


def _is_word(clause: Clause) -> bool:
    return not clause.field and not clause.is_negated and len(clause.terms) == 1 and not clause.terms[0].is_phrase


def _plan_words(words: Sequence[str], stem: Stem) -> Iterator[Wanted]:
    place = 0
    for start, end, others in find_names(words, stem):
        yield from (_plan_word(word, stem) for word in words[place:start])
        spellings = (tuple(words[start:end]), *others)
        yield Wanted(tuple(Spelling(stem(" ".join(spelling))) for spelling in spellings), typed=" ".join(words[start:end]))
        place = end
    yield from (_plan_word(word, stem) for word in words[place:])


def _plan_word(word: str, stem: Stem) -> Wanted:
    return Wanted((Spelling(stem(word)),), typed=word)


def _plan_clause(clause: Clause, stem: Stem) -> Iterator[Wanted]:
    if clause.years is not None:
        first, last = clause.years
        yield Wanted((), "year", tuple(str(year) for year in range(first, last + 1)), clause.is_negated)
    elif clause.field in ("topic", "region"):
        yield Wanted((), clause.field, tuple("-".join(split_words(term.text)) for term in clause.terms), clause.is_negated)
    else:
        spellings = tuple(spelling for term in clause.terms for spelling in _spell(term, stem) if spelling.stems)
        if spellings:
            yield Wanted(spellings, clause.field, (), clause.is_negated, clause.terms[0].text)


def _spell(term: Term, stem: Stem) -> Iterator[Spelling]:
    words = split_words(term.text)[:MOST_WORDS]
    if not term.is_phrase:
        words = tuple(_COUNTRY.get(word, word) for word in words)
    yield Spelling(stem(" ".join(words)), term.is_phrase)
    if not term.is_phrase:
        yield from (Spelling(stem(" ".join(other))) for other in load_spellings(stem).get(stem(" ".join(words)), ()))


def _is_stop_word(wanted: Wanted, stem: Stem) -> bool:
    return wanted.is_text and all(_is_stop(spelling, stem) for spelling in wanted.spellings)


def _is_stop(spelling: Spelling, stem: Stem) -> bool:
    return not spelling.is_phrase and len(spelling.stems) == 1 and spelling.stems[0] in _stop_stems(stem)


@lru_cache(maxsize=8)
def _stop_stems(stem: Stem) -> frozenset[str]:
    return frozenset(stems[0] for word in STOPWORDS if (stems := stem(word)))
