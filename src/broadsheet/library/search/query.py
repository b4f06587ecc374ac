"""What somebody typed into the search field, as clauses. Pure.

    iran "nuclear deal"            both; the words in quotation marks stand side by side
    gas OR oil                     either
    -football                      not that
    author:smith topic:energy      written by, about; quotation marks hold several words together
    year:2014  year:2010-2014      published in

Any text is a query; what means nothing is passed by. `str(query)` is how it is typed, and reads as the same query again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

LONGEST = 2_000  # characters that are looked at
MOST_TOKENS = 100  # words, phrases and ORs that are looked at
MOST_PHRASES = 10  # of several words, which take far longer to look for than single ones; those beyond are passed by
FIELDS = ("author", "topic", "region", "year")
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"') | {"—": " ", "–": "-", "−": "-"})
_TOKEN = re.compile(
    rf"""(?P<minus>-*)(?:(?P<field>{"|".join(FIELDS)}):\s*)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))""",
    re.IGNORECASE,
)
_YEARS = re.compile(r"(?P<first>[12]\d{3})(?:-(?P<last>[12]\d{3}))?")
_OR = "OR"


@dataclass(frozen=True, slots=True)
class Term:
    """One word, or several side by side."""

    text: str
    is_phrase: bool = False

    def __str__(self) -> str:
        return f'"{self.text}"' if self.is_phrase else self.text


@dataclass(frozen=True, slots=True)
class Clause:
    """What an article has to hold: one of several terms, in its text or in one field; or must not."""

    terms: tuple[Term, ...]
    field: str = ""
    is_negated: bool = False

    def __str__(self) -> str:
        prefix = ("-" if self.is_negated else "") + (f"{self.field}:" if self.field else "")
        return f" {_OR} ".join(f"{prefix}{term}" for term in self.terms)

    @property
    def years(self) -> tuple[int, int] | None:
        """First and last year of a `year:` clause."""
        return read_years(self.terms[0].text) if self.field == "year" else None


@dataclass(frozen=True, slots=True)
class Query:
    """All clauses, in the order in which they were typed."""

    clauses: tuple[Clause, ...] = ()

    def __str__(self) -> str:
        return " ".join(str(clause) for clause in self.clauses)

    @property
    def is_empty(self) -> bool:
        return not self.clauses

    @property
    def words(self) -> tuple[Clause, ...]:
        """What the text has to hold."""
        return tuple(clause for clause in self.clauses if not clause.field and not clause.is_negated)

    def replace_word(self, old: str, new: str) -> Query:
        """The same query with one single word spelled anew."""

        def respell(term: Term) -> Term:
            return Term(new) if not term.is_phrase and term.text == old else term

        return Query(
            tuple(
                Clause(tuple(respell(term) for term in clause.terms), clause.field, clause.is_negated)
                if not clause.field
                else clause
                for clause in self.clauses
            )
        )


def parse_query(text: str) -> Query:
    """The clauses of a text."""
    clean = unicodedata.normalize("NFC", text[:LONGEST]).translate(_QUOTES)
    clean = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in clean)
    return Query(tuple(_join(islice(_tokens(clean), MOST_TOKENS))))


def read_years(text: str) -> tuple[int, int] | None:
    """First and last year of `2014` or `2010-2014`; None if it is neither."""
    match = _YEARS.fullmatch(text)
    if match is None:
        return None
    first, last = int(match["first"]), int(match["last"] or match["first"])
    return min(first, last), max(first, last)


def _tokens(text: str) -> Iterator[Clause | None]:
    """Clauses of one term each, and None for an OR."""
    phrases = 0
    for match in _TOKEN.finditer(text):
        if match["word"] == _OR and not match["minus"] and not match["field"]:
            yield None
            continue
        is_phrase = match["phrase"] is not None
        field = (match["field"] or "").lower()
        words = " ".join(match["phrase"].split()) if is_phrase else match["word"]
        if field == "year" and read_years(words) is None:
            field, words = "", f"{match['field']}:{words}" if not is_phrase else words
        is_bare_field = not is_phrase and words.endswith(":") and words[:-1].lower() in FIELDS
        phrases += is_phrase and " " in words
        is_too_much = is_phrase and phrases > MOST_PHRASES
        if any(char.isalnum() for char in words) and not is_bare_field and not is_too_much:
            yield Clause((Term(words, is_phrase),), field, bool(match["minus"]))


def _join(tokens: Iterable[Clause | None]) -> Iterator[Clause]:
    """Terms with OR between them become one clause."""
    last: Clause | None = None
    joins = False
    for token in tokens:
        if token is None:
            joins = last is not None
        elif joins and last is not None and _may_join(last, token):
            last, joins = Clause((*last.terms, *token.terms), last.field), False
        else:
            if last is not None:
                yield last
            last, joins = token, False
    if last is not None:
        yield last


def _may_join(left: Clause, right: Clause) -> bool:
    return not left.is_negated and not right.is_negated and left.field == right.field and left.field != "year"
