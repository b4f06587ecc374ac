"""What a page of search results shows: articles with the passages that the asker may read, counts, ways on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter
from typing import Any

from django.db.models import Q

from broadsheet.core.counts import COUNTS
from broadsheet.library.country_store import load_shown
from broadsheet.library.models import Author, Region, Topic
from broadsheet.library.search.engine import FACETS, Asked, EngineAway, FacetCount, Found, Order, Readable, SearchEngine
from broadsheet.library.search.folder import Progress
from broadsheet.library.search.index_flows import find_finder, search_folder
from broadsheet.library.search.index_store import load_passage_texts
from broadsheet.library.search.names import split_words
from broadsheet.library.search.query import Query, parse_query
from broadsheet.library.search.spelling import fold
from broadsheet.pages import feeds
from broadsheet.pages.articles import KIND_NAMES, load_cards
from broadsheet.pages.countries import find_named
from broadsheet.pages.listing import Filters, find_slice
from broadsheet.pages.lists import ATOM, JSON_FEED, ListContent
from broadsheet.pages.records import Card
from broadsheet.pages.search_address import MOST_PAGES, PAGE_SIZE, SearchAddress

MayRead = Callable[[Card], bool]
MarkOf = Callable[[Card], str]
SHOWN_VALUES = 8  # of a facet before "more"
FEED_SIZE = 30
SUGGESTED = 6
SUGGESTED_NAMES = 2  # of each facet
LOOKED_AT = 12  # articles, of which those by their headlines are suggested first
NOWHERE = "-"  # no country's slug: of those chosen only what is shown counts, and where none is, nothing is found
FACET_NAMES = {"topic": "Topic", "region": "Region", "country": "Country", "author": "Author", "kind": "Kind", "year": "Year"}
_MODELS: dict[str, Any] = {"topic": Topic, "region": Region, "author": Author}


@dataclass(frozen=True, slots=True)
class Result:
    """One article that was found; `passage` are parts of its text, every second one of which matched.

    `mark` says in a word or three what the article is to the asker, such as “Open to you”.
    """

    card: Card
    passage: tuple[tuple[str, bool], ...] = ()
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet: how many articles it would leave, and the address that chooses it or takes it back."""

    name: str
    count: int
    path: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FacetGroup:
    """One facet: what is chosen of it first, then by count; those beyond the first few are folded away."""

    name: str
    label: str
    shown: tuple[Choice, ...]
    more: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Respelling:
    """What was probably meant, and where that leads."""

    words: str
    path: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of results. `progress` is set while the index is being built: then results are by headline, without counts."""

    address: SearchAddress
    results: tuple[Result, ...]
    total: int = 0
    with_all: int = 0
    is_widened: bool = False
    unknown: tuple[str, ...] = ()
    respelling: Respelling | None = None
    groups: tuple[FacetGroup, ...] = ()
    orders: tuple[Choice, ...] = ()
    earlier: str = ""
    further: str = ""
    is_rebuilding: bool = False
    progress: Progress | None = None

    @property
    def chosen(self) -> tuple[Choice, ...]:
        """What is chosen of all facets, to be taken back one by one."""
        return tuple(choice for group in self.groups for choice in group.shown if choice.is_chosen)

    @property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """What the form carries along with new words."""
        return tuple((name, value) for name in FACETS for value in self.address.facets.get(name, ()))

    @property
    def last_page(self) -> int:
        return _last_page(self.total)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that begins like what is being typed, and where it is."""

    name: str
    path: str
    label: str


def load_search(address: SearchAddress, readable: Readable, may_read: MayRead, mark_of: MarkOf, *, now: datetime) -> SearchPage:
    """One page of results for one asker.

    Args:
        readable: where phrases may be looked for beyond what everybody reads.
        may_read: whether the asker may read one article's whole text, and so see its passages.
        mark_of: what an article is marked with for the asker; it asks nobody, for it is called for each result.
    """
    query, began = parse_query(address.words), perf_counter()
    try:
        with find_finder().asking() as engine:
            found = engine.search(_asked(address, query, readable, now))
            results = _load_results(engine, query, found, may_read, now=now)
            respelling = _respell(engine, address, query, found)
    except EngineAway:
        COUNTS.events.count("search", "headlines")
        return _marked(_by_headline(address, now=now), mark_of)
    COUNTS.events.count("search", "facets" if query.is_empty else "words")
    COUNTS.search.add(perf_counter() - began)
    page = SearchPage(
        address=address,
        results=results,
        total=found.total,
        with_all=found.with_all,
        is_widened=found.is_widened,
        unknown=found.unknown,
        respelling=respelling,
        groups=_load_groups(address, found),
        orders=_orders(address),
        earlier=str(address.turn_to(address.page - 1)) if address.page > 1 else "",
        further=str(address.turn_to(address.page + 1))
        if address.page * PAGE_SIZE < found.total and address.page < MOST_PAGES
        else "",
    )
    return _marked(page, mark_of)


def _marked(page: SearchPage, mark_of: MarkOf) -> SearchPage:
    return replace(page, results=tuple(replace(result, mark=mark_of(result.card)) for result in page.results))


def load_search_feed(address: SearchAddress, form: str, *, now: datetime) -> ListContent:
    """The newest articles that a search finds, as a feed; what it matches is what everybody may look for."""
    asked = _asked(address.sort(Order.DATE).turn_to(1), parse_query(address.words), Readable(), now, limit=FEED_SIZE)
    try:
        with find_finder().asking() as engine:
            ids: Sequence[int] = engine.search(asked).article_ids
    except EngineAway:
        ids = find_slice(_filters(address), now=now).article_ids
    entries = feeds.load_entries(ids, now=now)
    updated_at = max((entry.updated_at for entry in entries), default=now)
    own_path = address.path(f"/library/feed.{form}")
    parts = {"entries": entries, "page_path": str(address), "path": own_path, "updated_at": updated_at}
    content_type, template = (ATOM, "pages/feed.xml") if form == "xml" else (JSON_FEED, "")
    return ListContent(
        template, f"Library: {address.words}" if address.words else "Library", content_type=content_type, parts=parts
    )


def load_suggestions(typed: str, *, now: datetime) -> list[Suggestion]:
    """Topics, regions, countries and authors with a word that begins as typed; then articles, first those by their headlines."""
    words = typed.split()
    if not words:
        return []
    found = [*_suggest_names("topic", words), *_suggest_names("region", words)]
    found += [Suggestion(each.name, each.path, FACET_NAMES["country"]) for each in find_named(" ".join(words))[:SUGGESTED_NAMES]]
    found += _suggest_names("author", words)
    try:
        with find_finder().asking() as engine:
            ids = _suggest_articles(engine, words, now=now)
    except EngineAway:
        return found
    cards = load_cards(ids[:LOOKED_AT], now=now)
    start = fold(words[-1])
    cards.sort(key=lambda card: not any(word.startswith(start) for word in split_words(card.headline)))
    return [*found, *(Suggestion(card.headline, card.path, card.label) for card in cards[:SUGGESTED])]


def _suggest_names(facet: str, words: Sequence[str]) -> list[Suggestion]:
    """Those with a word that begins as typed, or whose address has; addresses are without accents."""
    typed, slug = " ".join(words), "-".join(split_words(" ".join(words)))
    begins = Q(name__istartswith=typed) | Q(name__icontains=f" {typed}")
    if slug:
        begins |= Q(slug__startswith=slug) | Q(slug__contains=f"-{slug}")
    rows = _MODELS[facet].objects.filter(begins).order_by("name")[:SUGGESTED_NAMES]
    return [Suggestion(row.name, row.get_absolute_url(), FACET_NAMES[facet]) for row in rows]


def _suggest_articles(engine: SearchEngine, words: Sequence[str], *, now: datetime) -> list[int]:
    """Articles whose open part has all the words, the last of them completed; or as it is, as an old name is."""
    ids: list[int] = []
    for ending in engine.complete(words[-1], limit=3) or words[-1:]:
        query = parse_query(" ".join([*words[:-1], ending]))
        found = engine.search(Asked(query, Readable(), int(now.timestamp()), limit=LOOKED_AT, is_open_only=True, is_counted=False))
        ids += found.article_ids[: found.with_all]
        if len(ids) >= LOOKED_AT:
            break
    return list(dict.fromkeys(ids))


def _asked(address: SearchAddress, query: Query, readable: Readable, now: datetime, *, limit: int = PAGE_SIZE) -> Asked:
    facets = {name: frozenset(values) for name, values in address.facets.items()}
    if "country" in facets:
        facets["country"] &= {country.slug for country in load_shown().values()}
        facets["country"] |= {NOWHERE}
    return Asked(
        query=query,
        readable=readable,
        now_s=int(now.timestamp()),
        facets=facets,
        order=address.real_order,
        offset=(address.page - 1) * PAGE_SIZE,
        limit=limit,
    )


def _load_results(engine: SearchEngine, query: Query, found: Found, may_read: MayRead, *, now: datetime) -> tuple[Result, ...]:
    cards = load_cards(found.article_ids, now=now)
    if not query.words:
        return tuple(Result(card) for card in cards)
    texts = load_passage_texts(card.article_id for card in cards)
    shown = []
    for card in cards:
        text, teaser_end = texts.get(card.article_id, ("", 0))
        shown.append(text if may_read(card) else text[:teaser_end])
    passages = engine.find_passages(query, shown)
    return tuple(
        Result(card, tuple((part, bool(number % 2)) for number, part in enumerate(passage.parts)) if passage else ())
        for card, passage in zip(cards, passages, strict=True)
    )


def _respell(engine: SearchEngine, address: SearchAddress, query: Query, found: Found) -> Respelling | None:
    better = query
    for word in found.unknown:
        meant = engine.find_similar_word(word)
        typed = [term.text for clause in query.clauses for term in clause.terms if split_words(term.text) == (word,)]
        if meant is not None and typed:
            better = better.replace_word(typed[0], meant)
    return Respelling(str(better), str(address.ask(str(better)))) if better != query else None


def _load_groups(address: SearchAddress, found: Found) -> tuple[FacetGroup, ...]:
    groups = []
    for facet in FACETS:
        chosen = address.facets.get(facet, ())
        counts = {each.value: each.count for each in found.facets.get(facet, ())}
        values = [*(FacetCount(value, counts.get(value, 0)) for value in chosen), *_unchosen(facet, found, chosen)]
        names = _load_names(facet, [each.value for each in values])
        choices = tuple(
            Choice(names.get(each.value, each.value), each.count, str(address.toggle(facet, each.value)), each.value in chosen)
            for each in values
            if each.value in names or each.value in chosen
        )
        if choices:
            groups.append(FacetGroup(facet, FACET_NAMES[facet], choices[:SHOWN_VALUES], choices[SHOWN_VALUES:]))
    return tuple(groups)


def _unchosen(facet: str, found: Found, chosen: Sequence[str]) -> list[FacetCount]:
    others = [each for each in found.facets.get(facet, ()) if each.value not in chosen]
    return sorted(others, key=lambda each: each.value, reverse=True) if facet == "year" else others


def _load_names(facet: str, values: Sequence[str]) -> dict[str, str]:
    if facet == "kind":
        return {str(kind): name for kind, name in KIND_NAMES.items()}
    if facet == "year":
        return {value: value for value in values}
    if facet == "country":
        return {country.slug: country.name for country in load_shown().values()}
    return dict(_MODELS[facet].objects.filter(slug__in=values).values_list("slug", "name"))


def _orders(address: SearchAddress) -> tuple[Choice, ...]:
    names = {Order.RELEVANCE: "Best match", Order.DATE: "Newest"} if address.words else {}
    return tuple(Choice(name, 0, str(address.sort(order)), order is address.real_order) for order, name in names.items())


def _last_page(total: int) -> int:
    return min(MOST_PAGES, max(1, -(-total // PAGE_SIZE)))


def _by_headline(address: SearchAddress, *, now: datetime) -> SearchPage:
    """Until there is an index: the newest articles whose headlines hold the words."""
    cards = load_cards(find_slice(_filters(address), now=now).article_ids, now=now)
    results = tuple(Result(card) for card in cards)
    return SearchPage(address, results, len(results), is_rebuilding=True, progress=search_folder().read_progress())


def _filters(address: SearchAddress) -> Filters:
    first = {name: values[0] for name, values in address.facets.items()}
    words = " ".join(term.text for clause in parse_query(address.words).words for term in clause.terms)
    return Filters(q=words, **first)
