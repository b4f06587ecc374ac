"""The countries with their facts, from `countries.json` and `leaders.json`. Pure; both files are read once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
# Offices that a country's latest known leaders hold.
OFFICES = {
    "state": "Head of state",
    "represented": "Represented by",
    "government": "Head of government",
    "both": "Head of state and government",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts are from, of which date (ISO), and under which licence."""

    name: str
    date: str
    licence: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A country across a land border of this length."""

    code: str
    border_km: float


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an office, with title, and since when: a date, a month or a year in ISO form, or empty."""

    office: str
    name: str
    since: str


@dataclass(frozen=True, slots=True)
class Leader:
    """Who led a country from when to when, in ISO form as exact as is known; `until` is empty if the list ends before."""

    name: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Country:
    """One country or territory. Places are (latitude, longitude) in degrees; None where there is none.

    `code`, `code3` and `number` are those of ISO 3166; `source_name` is what the source of the facts calls it, `status` says what
    it is if it is no member of the United Nations, and `claims` what is disputed, in neutral words.
    """

    code: str
    code3: str
    number: str
    slug: str
    name: str
    official: str
    source_name: str
    capitals: tuple[str, ...]
    capital_note: str
    capital_at: tuple[float, float] | None
    at: tuple[float, float]
    region: str
    status: str
    area_km2: float
    population: int
    population_year: str
    government: str
    languages: tuple[str, ...]
    currency: tuple[str, str]
    coast_km: float
    demonyms: tuple[str, ...]
    neighbours: tuple[Neighbour, ...]
    holders: tuple[Holder, ...]
    claims: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"/countries/{self.slug}/"


@cache
def load_countries() -> Mapping[str, Country]:
    """Every country by its code, in the order of their names."""
    whole = _read("countries")
    found = [_country(row, whole["claims"]) for row in whole["countries"]]
    return {country.code: country for country in sorted(found, key=lambda country: country.name)}


@cache
def load_sources() -> Mapping[str, Source]:
    """Where the facts are from: `factbook`, `codes`, `leaders`, `outlines`."""
    return {key: Source(**row) for key, row in _read("countries")["sources"].items()}


@cache
def load_slugs() -> Mapping[str, str]:
    """The code of each country by the slug in its address."""
    return {country.slug: code for code, country in load_countries().items()}


def load_leaders(code: str) -> tuple[Leader, ...]:
    """Who has led a country since 1945, as far as the list goes, the latest first."""
    return tuple(Leader(*row) for row in reversed(_leaders()["leaders"].get(code, [])))


def find_leaders_note(code: str) -> str:
    """What is to be known of a country's list of leaders, often nothing."""
    return str(_leaders()["notes"].get(code, ""))


@cache
def _leaders() -> dict[str, Any]:
    return _read("leaders")


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_HERE / f"{name}.json").read_text("utf-8"))
    return found


def _country(row: dict[str, Any], claims: list[dict[str, Any]]) -> Country:
    at = row["capital_at"]
    return Country(
        **{key: row[key] for key in _PLAIN},
        capitals=tuple(row["capitals"]),
        capital_at=(at[0], at[1]) if at else None,
        at=(row["at"][0], row["at"][1]),
        languages=tuple(row["languages"]),
        currency=(row["currency"][0], row["currency"][1]),
        coast_km=row["coast_km"] or 0,
        demonyms=tuple(row["demonyms"]),
        neighbours=tuple(Neighbour(code, km) for code, km in row["neighbours"]),
        holders=tuple(Holder(*each) for each in row["leaders"]),
        claims=tuple(claim["text"] for claim in claims if row["code"] in claim["codes"]),
    )


_PLAIN = (
    "code code3 number slug name official source_name capital_note region status area_km2 population population_year government"
).split()
