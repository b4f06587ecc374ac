"""Which countries a text is about, by the names that stand in it. Pure; the words are in `mentions.yaml`.

A country counts if its name, its people's or its capital's stands in the headline or the dek, or at least three times in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from broadsheet.gazetteer.countries import Country, load_countries

RULES = 1  # the edition of names and rules; raised with every change of either, it lets all articles be looked through again
MOST = 6  # countries of an article
ENOUGH = 3  # mentions in the text alone
HEADLINE_WEIGHT, DEK_WEIGHT = 10, 5  # what a mention there counts for, where one in the text counts for 1
LONGEST_SENTENCE = 400  # characters to either side of a name in which the words beside it are looked for
_FILE = Path(__file__).with_name("mentions.yaml")
_START = re.compile(r"[A-Z][^\W\d_]*")
_GAP = re.compile(r"[\s\-]+")
_ACCENTED = re.compile("[\u00c0-\u024f\u1e00-\u1eff’]")
_BARE = {"’": "'", "ı": "i", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O"}
_SENTENCE_END = re.compile(r"[.!?][”’\")]*\s+(?=[“‘\"(]*[A-Z])|\n")
_BEFORE = re.compile(r"([^\W\d_]+)[ \-]$")
_AFTER = re.compile(r" ([A-Z][a-z]+)\b")
# Words with a capital that stand before a country's name and do not make it a person's.
_PLAIN_BEFORE = frozenset(
    "In From To The With Of And Or But For At By On As If When While Where After Before Since Under Over Against Into About Across "
    "Between Within Without Both Why How What Does Did Will Would Can Should Is Was Are Has Had That Neither Either Like Unlike "
    "Around Inside Outside North South East West Near Not No So Then Today Now Modern Greater Northern "
    "Southern Eastern Western Central President King "
    "Queen Minister Prince Royal Great Old Ancient Only Until Through Toward Towards Via Post British French Despite".split()
)
# Words with a capital that stand after one and do not either.
_PLAIN_AFTER = frozenset(
    "And Or In Is Has Was Will The Of To On At For By With From As But That Which Who Says Said Could May Must Defence Defense "
    "Government Police Army Parliament Today First Bank Party Council Peace Policy Embassy Summit Times Street Stock Day Talks "
    "Security Ministry Prime Minister President Airlines Revolution Republic Act Office Eye Bridge Review Conference".split()
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What tells a country's name from a person's or another place's of the same letters."""

    person: bool = False
    shouted: bool = False
    near: re.Pattern[str] | None = None
    but: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """All names. `codes`: which countries a name stands for (none: it is passed by); `either`: of which it stands for one."""

    codes: Mapping[str, tuple[str, ...]]
    either: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, Rule]
    patterns: Mapping[str, re.Pattern[str]]


@dataclass(frozen=True, slots=True)
class _Found:
    """What is named in one text: countries with how often, and the names that stand for one of several."""

    codes: Counter[str] = field(default_factory=Counter)
    either: Counter[str] = field(default_factory=Counter)


def find_countries(headline: str, dek: str, text: str) -> list[tuple[str, int]]:
    """The codes of the countries that an article is about with their weights, the weightiest first; at most six."""
    parts = [_find(part) for part in (headline, dek, text)]
    named = {code for part in parts for code in part.codes}
    counts = [_settle(part, named) for part in parts]
    weights: Counter[str] = Counter()
    for count, weight in zip(counts, (HEADLINE_WEIGHT, DEK_WEIGHT, 1), strict=True):
        for code, times in count.items():
            weights[code] += times * weight
    in_front, in_text = {*counts[0], *counts[1]}, counts[2]
    chosen = [(code, weight) for code, weight in weights.items() if code in in_front or in_text[code] >= ENOUGH]
    return sorted(chosen, key=lambda pair: -pair[1])[:MOST]


def _settle(found: _Found, named: set[str]) -> Counter[str]:
    """A name of two countries counts for the one of them that is named in full besides; where both or none are, for none."""
    counts, either = Counter(found.codes), load_names().either
    for name, times in found.either.items():
        meant = [code for code in either[name] if code in named]
        if len(meant) == 1:
            counts[meant[0]] += times
    return counts


def _find(text: str) -> _Found:
    text, names, found, end = _plain_letters(text), load_names(), _Found(), 0
    is_title = _is_title(text)
    for start in _START.finditer(text):
        pattern = names.patterns.get(start[0]) if start.start() >= end else None
        match = pattern.match(text, start.start()) if pattern else None
        if match is None:
            continue
        end, name = match.end(), _key(match[0])
        if name in names.either:
            found.either[name] += 1
        elif _is_meant(text, match, names.rules.get(name), is_title=is_title):
            found.codes.update(names.codes[name])
    return found


def _is_meant(text: str, match: re.Match[str], rule: Rule | None, *, is_title: bool) -> bool:
    if rule is None:
        return True
    if rule.person and not is_title and _is_person(text, match):
        return False
    if rule.shouted and re.search(r"[A-Z]{3}", text[match.end() : match.end() + 12]):
        return False  # one of many words in capitals
    if rule.near is None:
        return True
    sentence = _sentence(text, match)
    return not rule.near.search(sentence) or bool(rule.but and rule.but.search(sentence))


def _is_person(text: str, match: re.Match[str]) -> bool:
    """Whether a word beside a name makes it a person's: `Michael Jordan`, `Jordan Peterson`, `Mr Jordan`."""
    before = _BEFORE.search(text, max(0, match.start() - 30), match.start())
    if before and before[1][0].isupper() and before[1] not in _PLAIN_BEFORE and not _is_country_word(before[1]):
        return True
    after = _AFTER.match(text, match.end())
    return after is not None and after[1] not in _PLAIN_AFTER and not _is_country_word(after[1])


def _is_country_word(word: str) -> bool:
    return word in load_names().codes


def _sentence(text: str, match: re.Match[str]) -> str:
    start = max(0, match.start() - LONGEST_SENTENCE)
    ends = [end.end() for end in _SENTENCE_END.finditer(text, start, match.start())]
    after = _SENTENCE_END.search(text, match.end(), match.end() + LONGEST_SENTENCE)
    return text[ends[-1] if ends else start : after.start() if after else match.end() + LONGEST_SENTENCE]


@cache
def load_names() -> Names:
    """All names that are looked for."""
    own = yaml.safe_load(_FILE.read_text("utf-8"))
    left_out = {_key(name) for name in own["left_out"]}
    codes: dict[str, tuple[str, ...]] = {}
    for code, country in load_countries().items():
        for name in _names_of(country):
            if _key(name) not in left_out:
                codes.setdefault(_plain_letters(name), (code,))
    for code, given in own["names"].items():
        codes |= {_plain_letters(name): (code,) for name in given}
    codes |= {_plain_letters(name): tuple(values) for name, values in own["both"].items()}
    codes |= {_plain_letters(name): () for name in own["nothing"]}
    either = {_key(name): tuple(values) for name, values in own["either"].items()}
    rules = {_key(name): _rule(row) for name, row in own["rules"].items()}
    return Names({_key(name): found for name, found in codes.items()}, either, rules, _patterns([*codes, *either]))


def _names_of(country: Country) -> Iterator[str]:
    yield from (country.name, country.official.partition(" (")[0], country.source_name, *country.capitals, *country.demonyms)


def _rule(row: dict[str, Any]) -> Rule:
    return Rule(row.get("person", False), row.get("shouted", False), _any_of(row.get("near")), _any_of(row.get("but")))


def _any_of(words: list[str] | None) -> re.Pattern[str] | None:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b") if words else None


def _key(name: str) -> str:
    """A name as it is compared: without accents, points and apostrophes, with a space for each hyphen."""
    return _GAP.sub(" ", _plain_letters(name).replace(".", "").replace("'", ""))


def _plain_letters(text: str) -> str:
    """The text without accents, with straight apostrophes."""
    return text if text.isascii() else _ACCENTED.sub(_plain_letter, text)


def _plain_letter(match: re.Match[str]) -> str:
    return _BARE.get(match[0]) or unicodedata.normalize("NFKD", match[0])[0]


def _is_title(text: str) -> bool:
    """Whether nearly all longer words begin with a capital, as in headlines of some houses, so that capitals tell nothing."""
    words = [word for word in text[:300].split() if len(word) > 3 and word[0].isalpha()]
    return len(words) > 2 and sum(word[0].isupper() for word in words) > 0.8 * len(words)


def _patterns(names: Iterable[str]) -> dict[str, re.Pattern[str]]:
    """For each first word the names that begin with it, longest first."""
    by_first: dict[str, list[str]] = {}
    for name in names:
        first = _START.match(name)
        if first:
            by_first.setdefault(first[0], []).append(name)
    return {
        first: re.compile(rf"(?:{'|'.join(map(_spellings, sorted(set(every), key=len, reverse=True)))})\b")
        for first, every in by_first.items()
    }


def _spellings(name: str) -> str:
    """A pattern of one name: points may be missing, a hyphen may be a space."""
    parts = _GAP.split(name)
    return r"[\s\-]+".join(re.escape(part).replace(r"\.", r"\.?") for part in parts)
