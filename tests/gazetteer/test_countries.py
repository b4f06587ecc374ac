"""The gazetteer's data are whole, agree with each other, and are values, not texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import broadsheet.gazetteer
from broadsheet.gazetteer.countries import (
    OFFICES,
    find_leaders_note,
    load_countries,
    load_leaders,
    load_slugs,
    load_sources,
)
from broadsheet.gazetteer.lines import clip_line, clip_ring, ring_area, write_path
from broadsheet.gazetteer.map import HEIGHT, WIDTH, draw_country
from broadsheet.gazetteer.outlines import load_outlines

FOLDER = Path(broadsheet.gazetteer.__file__).parent
COUNTRIES = load_countries()
WITHOUT_CAPITAL = {"EH"}
# The lengths that two neighbours give of the same border differ here, as the source has them.
MEASURED_TWICE = {"DE", "PL", "IL", "JO", "MX", "US"}


def test_there_are_two_hundred_countries_with_codes_names_and_slugs_of_their_own() -> None:
    assert len(COUNTRIES) == 200 == len(load_slugs())
    assert len({country.name for country in COUNTRIES.values()}) == 200
    for code, country in COUNTRIES.items():
        assert len(code) == 2 and len(country.code3) == 3 and load_slugs()[country.slug] == code


@pytest.mark.parametrize("field", ["region", "official", "source_name", "government", "languages", "currency", "area_km2"])
def test_every_country_has_its_facts(field: str) -> None:
    assert [code for code, country in COUNTRIES.items() if not getattr(country, field)] == []


def test_every_country_has_a_capital_people_and_somebody_who_leads_it_but_for_what_is_open() -> None:
    assert {code for code, country in COUNTRIES.items() if not country.capitals or not country.capital_at} == WITHOUT_CAPITAL
    assert {code for code, country in COUNTRIES.items() if not country.population or not country.population_year} == {"EH"}
    assert {code for code, country in COUNTRIES.items() if not country.holders} == {"EH"}
    assert {holder.office for country in COUNTRIES.values() for holder in country.holders} == set(OFFICES)


def test_neighbours_are_mutual_and_agree_on_the_border() -> None:
    for code, country in COUNTRIES.items():
        for neighbour in country.neighbours:
            back = {other.code: other.border_km for other in COUNTRIES[neighbour.code].neighbours}
            assert code in back and code != neighbour.code, (code, neighbour.code)
            assert back[code] == neighbour.border_km or code in MEASURED_TWICE, (code, neighbour.code)


def test_leaders_come_latest_first_and_end_after_they_began() -> None:
    for code in COUNTRIES:
        leaders = load_leaders(code)
        assert [leader.since for leader in leaders] == sorted((leader.since for leader in leaders), reverse=True), code
        for leader in leaders:
            assert leader.name and leader.since[:4].isdigit()
            assert not leader.until or leader.until[:7] >= leader.since[:7], (code, leader)
    assert [leader.name for leader in load_leaders("DE")][:2] == ["Merkel", "Schroder"]
    assert "Soviet" in find_leaders_note("RU") and find_leaders_note("FR") == ""


def test_sources_have_their_dates_and_licences() -> None:
    for source in load_sources().values():
        assert source.name and len(source.date) == 10 and source.licence


def test_no_value_is_long_enough_to_be_a_text() -> None:
    rows = json.loads((FOLDER / "countries.json").read_text("utf-8"))["countries"]

    def strings(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return [text for part in parts for text in strings(part)]

    assert [text for text in strings(rows) if len(text) > 110 or "<" in text or "&" in text] == []
    assert sum(path.stat().st_size for path in FOLDER.glob("*.json")) < 1_000_000


def test_what_is_disputed_is_said_for_each_side() -> None:
    for one, other in (("UA", "RU"), ("IL", "PS"), ("RS", "XK"), ("MA", "EH"), ("CN", "TW"), ("GY", "VE")):
        assert set(COUNTRIES[one].claims) & set(COUNTRIES[other].claims), (one, other)


def test_every_country_can_be_drawn_within_its_frame() -> None:
    for code in ("DE", "NR", "FJ", "PS"):
        drawing = draw_country(code)
        assert drawing.capital is not None and 0 <= drawing.capital.x <= WIDTH and 0 <= drawing.capital.y <= HEIGHT
        assert drawing.bar_px <= 140 and drawing.graticule
        assert bool(drawing.ring) == (code == "NR")
    assert {"France", "Poland"} <= {label.name for label in draw_country("DE").labels}


def test_what_is_held_by_one_and_claimed_by_another_is_drawn_apart_on_both_maps() -> None:
    assert draw_country("UA").claimed and draw_country("RU").claimed
    assert set(load_outlines().claimed["x-crimea"]) == {"UA", "RU"}
    assert not draw_country("FR").claimed


def test_lines_are_cut_at_the_frame_and_written_short() -> None:
    square = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
    assert ring_area(clip_ring(square, (5.0, 5.0, 20.0, 20.0))) == 25
    assert clip_line([(0.0, 5.0), (20.0, 5.0)], (2.0, 0.0, 8.0, 10.0)) == [[(2.0, 5.0), (8.0, 5.0)]]
    assert write_path([square], closed=True) == "M0 0l10 0 0 10-10 0z"
