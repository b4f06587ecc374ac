"""The home page: pins by hand, the rest by itself, nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.library.frontpage import Candidate, FrontPage, Pin, Room, Section, arrange

NOW = datetime(2026, 2, 17, 9, 30, tzinfo=UTC)
TEN = [Candidate(number, is_in_depth=number % 3 == 0, region_ids=(number % 2,)) for number in range(1, 11)]


def page(pins: list[Pin], room: Room | None = None, candidates: list[Candidate] | None = None) -> FrontPage:
    return arrange(candidates or TEN, pins, room or Room(latest=3, in_depth=2, per_region=2), region_ids=[0, 1], now=NOW)


def test_without_pins_the_page_fills_itself_with_the_newest() -> None:
    assert page([]) == FrontPage(lead=(1,), latest=(2, 4, 5), in_depth=(3, 6), regions={0: (8, 10), 1: (7, 9)})


def test_pin_stands_first_in_its_section() -> None:
    arranged = page([Pin(Section.LATEST, 9), Pin(Section.LEAD, 5)])
    assert arranged.lead == (5,)
    assert arranged.latest == (9, 1, 2)


def test_pins_keep_the_editors_order() -> None:
    assert page([Pin(Section.LATEST, 7), Pin(Section.LATEST, 2), Pin(Section.LATEST, 10)]).latest == (7, 2, 10)


def test_more_pins_than_room_all_stand() -> None:
    assert page([Pin(Section.LEAD, 4), Pin(Section.LEAD, 8)]).lead == (4, 8)


def test_article_pinned_twice_stays_at_its_first_pin() -> None:
    arranged = page([Pin(Section.IN_DEPTH, 5), Pin(Section.LEAD, 5)])
    assert arranged.in_depth[0] == 5
    assert arranged.lead == (1,)


def test_pin_is_over_at_its_hour() -> None:
    assert page([Pin(Section.LEAD, 5, until=NOW)]).lead == (1,)
    assert page([Pin(Section.LEAD, 5, until=NOW + timedelta(seconds=1))]).lead == (5,)


def test_pin_of_an_article_that_readers_may_not_know_of_is_passed_by() -> None:
    assert page([Pin(Section.LEAD, 999)]).lead == (1,)


def test_newest_in_depth_article_is_kept_for_its_own_strip() -> None:
    assert 3 in page([]).in_depth


def test_region_without_articles_has_no_part() -> None:
    assert (
        set(page([], candidates=[Candidate(1, is_in_depth=False), Candidate(2, is_in_depth=False, region_ids=(1,))]).regions)
        == set()
    )


PINS = st.builds(
    Pin,
    st.sampled_from(Section),
    st.integers(0, 14),
    st.one_of(st.none(), st.sampled_from([NOW - timedelta(hours=1), NOW + timedelta(hours=1)])),
)
CANDIDATES = st.lists(
    st.builds(Candidate, st.integers(0, 12), st.booleans(), st.lists(st.integers(0, 2), max_size=2, unique=True).map(tuple)),
    unique_by=lambda candidate: candidate.article_id,
)
ROOMS = st.builds(Room, st.integers(0, 2), st.integers(0, 4), st.integers(0, 3), st.integers(0, 2))


@given(CANDIDATES, st.lists(PINS, max_size=8), ROOMS)
def test_nothing_stands_twice_and_only_candidates_stand(candidates: list[Candidate], pins: list[Pin], room: Room) -> None:
    ids = arrange(candidates, pins, room, region_ids=[0, 1, 2], now=NOW).article_ids
    assert len(ids) == len(set(ids))
    assert set(ids) <= {candidate.article_id for candidate in candidates}


@given(CANDIDATES, st.lists(PINS, max_size=8), ROOMS)
def test_every_live_pin_of_a_known_article_stands(candidates: list[Candidate], pins: list[Pin], room: Room) -> None:
    known = {candidate.article_id for candidate in candidates}
    ids = arrange(candidates, pins, room, region_ids=[0, 1, 2], now=NOW).article_ids
    wanted = {pin.article_id for pin in pins if pin.article_id in known and (pin.until is None or pin.until > NOW)}
    assert wanted <= set(ids)
