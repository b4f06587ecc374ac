"""A search is its address: what is asked can be read from it, and what makes no sense in it is passed by."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.library.search.engine import FACETS, Order
from broadsheet.pages.search_address import MOST_PAGES, SearchAddress, read_address

pytestmark = pytest.mark.pure

slugs = st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8})?", fullmatch=True)
VALUES = {"kind": st.sampled_from(["daily", "in-depth", "briefing"]), "year": st.integers(1000, 2999).map(str)}
facets = st.fixed_dictionaries(
    {}, optional={name: st.lists(VALUES.get(name, slugs), min_size=1, max_size=3, unique=True).map(tuple) for name in FACETS}
)
words = st.text(max_size=60).map(lambda text: " ".join(text.replace("\x00", "").split()))
addresses = st.builds(
    SearchAddress, words=words, facets=facets, order=st.sampled_from([None, *Order]), page=st.integers(1, MOST_PAGES)
)


def read(address: str) -> SearchAddress:
    return read_address(parse_qs(urlsplit(address).query))


@given(addresses)
def test_address_says_all_there_is_to_a_search(address: SearchAddress) -> None:
    assert read(str(address)) == address


def test_what_makes_no_sense_is_passed_by() -> None:
    assert read_address({"kind": ["poem"], "year": ["soon"], "page": ["x"], "sort": ["best"]}) == SearchAddress()
    assert read_address({"q": [" black\x00 sea "], "year": ["2024"]}) == SearchAddress("black sea", {"year": ("2024",)})
    assert read_address({"page": ["0"]}) == read_address({"page": ["99999999"]}) == SearchAddress()


@given(addresses, st.sampled_from(["topic", "region", "author"]), slugs)
def test_choosing_and_taking_back_leads_to_the_same_search(address: SearchAddress, facet: str, value: str) -> None:
    if value not in address.facets.get(facet, ()):
        assert address.toggle(facet, value).toggle(facet, value) == address.turn_to(1)
    assert address.toggle(facet, value).page == 1
