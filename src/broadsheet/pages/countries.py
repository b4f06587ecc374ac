"""Countries: all of them by region, and one with its map, facts, neighbours and leaders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from broadsheet.core.text import day_text
from broadsheet.gazetteer.countries import OFFICES, Country, Leader, find_leaders_note, load_countries, load_leaders, load_sources
from broadsheet.gazetteer.map import CountryMap, draw_country
from broadsheet.library.country_store import count_unfiled, find_note, find_shown, load_countries_of, load_known_codes, load_shown
from broadsheet.library.search.spelling import fold
from broadsheet.pages.records import Link
from broadsheet.pages.structured import script_json


@dataclass(frozen=True, slots=True)
class CountryRegion:
    """One part of the world and its countries."""

    name: str
    countries: tuple[Country, ...]

    @property
    def anchor(self) -> str:
        """Its place on the page of all countries."""
        return region_anchor(self.name)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the table of facts."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """Who held an office, or led a country, and when, in words."""

    office: str
    name: str
    since: str
    until: str = ""


@dataclass(frozen=True, slots=True)
class CountryPage:
    """What stands on a country's page above its articles. `note` is an editor's; the `…_source` say from where, of which day.

    `is_filing`: some articles have not been looked through for countries yet.
    """

    country: Country
    region: Link
    note: str
    drawing: CountryMap
    facts: tuple[Fact, ...]
    facts_source: str
    neighbours: tuple[tuple[Link, str], ...]
    posts: tuple[Post, ...]
    earlier: tuple[Post, ...]
    earlier_note: str
    earlier_source: str
    map_source: str
    is_filing: bool


def load_regions() -> list[CountryRegion]:
    """Every country that has a page, under the part of the world that it lies in."""
    ordered = sorted(load_shown().values(), key=lambda country: (country.region, country.name))
    return [CountryRegion(name, tuple(rows)) for name, rows in groupby(ordered, key=lambda country: country.region)]


def load_country(slug: str) -> CountryPage | None:
    """The page of one country; None if it has none."""
    country = find_shown(slug)
    if country is None:
        return None
    shown, sources = load_shown(), load_sources()
    return CountryPage(
        country=country,
        region=Link(country.region, f"/countries/#{region_anchor(country.region)}"),
        note=find_note(country.code),
        drawing=draw_country(country.code, _called_otherwise(shown)),
        facts=tuple(_facts(country)),
        facts_source=f"{sources['factbook'].name}, copy of {_day(sources['factbook'].date)}; currency and codes: "
        f"{sources['codes'].name}, {_day(sources['codes'].date)}.",
        neighbours=tuple(
            (Link(shown[each.code].name, shown[each.code].path), f"{_number(each.border_km)} km")
            for each in sorted(country.neighbours, key=lambda each: -each.border_km)
            if each.code in shown
        ),
        posts=tuple(Post(OFFICES[each.office], each.name, _day(each.since)) for each in country.holders),
        earlier=tuple(_post(leader) for leader in load_leaders(country.code)),
        earlier_note=find_leaders_note(country.code),
        earlier_source=f"{sources['leaders'].name}, which ends in March 2021.",
        map_source=f"{sources['outlines'].name}, simplified.",
        is_filing=count_unfiled() > 0,
    )


def _called_otherwise(shown: Mapping[str, Country]) -> tuple[tuple[str, str], ...]:
    """The countries that an editor has renamed, with their names, and those that are hidden, with none."""
    names = {code: shown[code].name if code in shown else "" for code in load_countries()}
    return tuple((code, name) for code, name in names.items() if name != load_countries()[code].name)


def find_named(start: str) -> list[Country]:
    """The countries with a name, or a capital, of which a word begins like this."""
    start = f" {fold(start)}"
    return [country for country in load_shown().values() if start in fold(f" {' '.join(_called(country))}")]


def _called(country: Country) -> tuple[str, ...]:
    return (country.name, country.official, country.source_name, *country.capitals)


def load_with_articles(*, now: datetime) -> list[Country]:
    """Each country that an article is about which readers may know of."""
    codes = load_known_codes(now=now)
    return [country for code, country in load_shown().items() if code in codes]


def load_links(article_id: int) -> tuple[Link, ...]:
    """The countries that an article's page names, by name: their weights would tell which stands more often in gated text."""
    codes = load_countries_of([article_id]).get(article_id, [])
    shown = load_shown().values() if codes else ()
    return tuple(Link(country.name, country.path) for country in shown if country.code in codes)


def country_json_ld(country: Country, site_url: str) -> str:
    """What machines are told of a country, safe inside `<script>`. Source: schema.org Country, GeoCoordinates."""
    names = dict.fromkeys(name for name in (country.official, country.source_name) if name != country.name)
    described: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Place" if country.status else "Country",
        "@id": site_url + country.path,
        "name": country.name,
        "alternateName": list(names),
        "identifier": country.code,
        "geo": {"@type": "GeoCoordinates", "latitude": country.at[0], "longitude": country.at[1]},
    }
    return script_json(described)


def region_anchor(name: str) -> str:
    """The anchor of a region on the page of all countries."""
    return name.lower().replace(" ", "-")


def _facts(country: Country) -> Iterator[Fact]:
    yield Fact("Official name", country.official)
    if country.source_name.removeprefix("The ") not in (country.name, country.official):
        yield Fact("Name in the source", country.source_name)
    if country.capitals:
        yield Fact("Capital", ", ".join(country.capitals), country.capital_note)
    if country.population:
        yield Fact("Population", _number(country.population), f"estimate for {country.population_year}")
    yield Fact("Area", f"{_number(country.area_km2)} km²")
    yield Fact("Government", country.government[:1].upper() + country.government[1:])
    yield Fact("Languages", ", ".join(country.languages))
    yield Fact("Currency", f"{country.currency[0]} ({country.currency[1]})")
    yield Fact("Coast", f"{_number(country.coast_km)} km" if country.coast_km else "None")
    yield Fact("Codes", ", ".join(code for code in (country.code, country.code3, country.number) if code), "ISO 3166")


def _post(leader: Leader) -> Post:
    return Post("", leader.name, _day(leader.since), _day(leader.until))


def _number(value: float) -> str:
    """With commas between thousands, and no more decimals than are known."""
    return f"{value:,}"


def _day(text: str) -> str:
    """A day, a month or a year in words: `19 March 2017`, `April 2018`, `1997`."""
    parts = text.split("-")
    if len(parts) == 3:
        return day_text(date.fromisoformat(text))
    return f"{date(int(parts[0]), int(parts[1]), 1):%B %Y}" if len(parts) == 2 else text
