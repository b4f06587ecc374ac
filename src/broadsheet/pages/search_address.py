"""A search as its address says it: words, facets, order, page. Pure; the address is all there is to a search."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from broadsheet.library.access import Kind
from broadsheet.library.search.engine import FACETS, Order

LIBRARY = "/library/"
_YEAR = re.compile(r"[12]\d{3}")
PAGE_SIZE = 20
MOST_PAGES = 100  # deeper than that nobody reads; narrower words lead further
MOST_VALUES = 20  # of one facet at once
LONGEST_VALUE = 120
LONGEST_WORDS = 300


@dataclass(frozen=True, slots=True)
class SearchAddress:
    """What is asked of the library. `facets` holds only those of which something is chosen."""

    words: str = ""
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order: Order | None = None
    page: int = 1

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked but the library itself."""
        return not self.words and not self.facets and self.page == 1 and self.order is None

    @property
    def real_order(self) -> Order:
        """By relevance where there are words, else by date."""
        return self.order or (Order.RELEVANCE if self.words else Order.DATE)

    def __str__(self) -> str:
        return self.path()

    def path(self, base: str = LIBRARY) -> str:
        """The address, below `base`."""
        pairs = [("q", self.words)] if self.words else []
        pairs += [(name, value) for name in FACETS for value in self.facets.get(name, ())]
        pairs += [("sort", str(self.order))] if self.order else []
        pairs += [("page", str(self.page))] if self.page > 1 else []
        return f"{base}?{urlencode(pairs)}" if pairs else base

    def ask(self, words: str) -> SearchAddress:
        """The same facets with other words."""
        return replace(self, words=words, page=1)

    def toggle(self, name: str, value: str) -> SearchAddress:
        """With one value of a facet chosen, or no longer."""
        before = self.facets.get(name, ())
        after = tuple(kept for kept in before if kept != value) if value in before else (*before, value)
        facets = {**self.facets, name: after}
        return replace(self, facets={kept: values for kept, values in facets.items() if values}, page=1)

    def sort(self, order: Order) -> SearchAddress:
        """In another order."""
        usual = replace(self, order=None).real_order
        return replace(self, order=None if order is usual else order, page=1)

    def turn_to(self, page: int) -> SearchAddress:
        """Another page."""
        return replace(self, page=page)


def read_address(query: Mapping[str, Iterable[str]]) -> SearchAddress:
    """The search in a query string, given as lists of values; what makes no sense is passed by."""
    values = {name: [_clean(value) for value in given] for name, given in query.items()}
    facets = {name: tuple(dict.fromkeys(_sensible(name, values.get(name, ()))))[:MOST_VALUES] for name in FACETS}
    page = _first(values, "page")
    orders = {str(order): order for order in Order}
    return SearchAddress(
        words=" ".join(_first(values, "q").split())[:LONGEST_WORDS].strip(),
        facets={name: chosen for name, chosen in facets.items() if chosen},
        order=orders.get(_first(values, "sort")),
        page=min(int(page), MOST_PAGES) if page.isascii() and page.isdigit() and len(page) < 6 and int(page) else 1,
    )


def _sensible(facet: str, values: Iterable[str]) -> Iterator[str]:
    """The values that a facet can have: of topics, regions and authors anything, for the library tells which there are."""
    for value in values:
        is_none = (facet == "kind" and value not in set(Kind)) or (facet == "year" and not _YEAR.fullmatch(value))
        if value and not is_none:
            yield value


def _first(values: Mapping[str, list[str]], name: str) -> str:
    return next(iter(values.get(name, [])), "")


def _clean(value: str) -> str:
    return value.replace("\x00", "").strip()[: max(LONGEST_VALUE, LONGEST_WORDS)]
