"""Pages that list articles, one function for each: home, topics, regions, authors, the library, plain pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from django.conf import settings

from broadsheet.library.access import Kind
from broadsheet.library.country_store import find_shown
from broadsheet.library.models import Author, Region, Series, Subject, Topic
from broadsheet.library.store import next_change, published_articles
from broadsheet.pages import by_time, corrections, countries, feeds, home, series, sitemaps, start
from broadsheet.pages.articles import KIND_NAMES, load_cards
from broadsheet.pages.listing import NO_FILTERS, Cursor, Filters, find_slice, local_day
from broadsheet.pages.pictures import earliest_expiry, load_pictures
from broadsheet.pages.records import Card, Link
from broadsheet.publication.models import PlainPage

HTML = "text/html; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
JSON_FEED = "application/feed+json; charset=utf-8"
XML = "application/xml; charset=utf-8"
MOST_AUTHORS = 200  # that the library's form offers; with more of them readers come from an author's own page


class ListName(StrEnum):
    """Which list."""

    HOME = "home"
    TOPICS = "topics"
    REGIONS = "regions"
    TOPIC = "topic"
    REGION = "region"
    AUTHOR = "author"
    COUNTRIES = "countries"
    COUNTRY = "country"
    LIBRARY = "library"
    YEAR = "year"
    MONTH = "month"
    KIND = "kind"
    ALL_SERIES = "all-series"
    SERIES = "series"
    START = "start"
    CORRECTIONS = "corrections"
    CORRECTIONS_FEED = "corrections-feed"
    PLAIN = "plain"
    ATOM = "atom"
    JSON_FEED = "json-feed"
    SITEMAP_INDEX = "sitemap-index"
    SITEMAP_PAGES = "sitemap-pages"
    SITEMAP_MONTH = "sitemap-month"
    NEWS_SITEMAP = "news-sitemap"


@dataclass(frozen=True, slots=True)
class ListPath:
    """One list page: its address, its kind, the slug of its subject, and for feeds whose list it follows."""

    path: str
    name: ListName
    slug: str = ""
    of: ListName | None = None


CORRECTIONS = ListPath("/corrections/", ListName.CORRECTIONS)
CORRECTIONS_FEED = ListPath("/corrections/feed.xml", ListName.CORRECTIONS_FEED)
ALL_SERIES = ListPath("/series/", ListName.ALL_SERIES)
START_HERE = ListPath("/start/", ListName.START)


def series_path(slug: str) -> ListPath:
    """The page of one series."""
    return ListPath(f"/series/{slug}/", ListName.SERIES, slug)


def period_path(slug: str) -> ListPath:
    """The page of a year (`2026`) or of a month (`2026-02`)."""
    return ListPath(f"/library/{slug.replace('-', '/')}/", ListName.MONTH if "-" in slug else ListName.YEAR, slug)


def kind_path(kind: str) -> ListPath:
    """The page of one kind of article."""
    return ListPath(f"/library/kind/{kind}/", ListName.KIND, kind)


@dataclass(frozen=True, slots=True)
class ListContent:
    """What a list's template is given. `article_ids`: every article that the page names."""

    template: str
    title: str
    cards: tuple[Card, ...] = ()
    article_ids: tuple[int, ...] = ()
    valid_until: datetime | None = None
    content_type: str = HTML
    parts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Day:
    """The articles of one day."""

    date: date
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """One field of the library's form: its name, its label, what stands for no choice, and (value, name) of each choice."""

    name: str
    label: str
    all: str
    values: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a paged list a request stands."""

    filters: Filters = NO_FILTERS
    before: Cursor | None = None
    after: Cursor | None = None

    @property
    def is_first(self) -> bool:
        """Whether it is the page that all readers share, which is kept finished."""
        return self == FIRST


FIRST = Place()


def load_list_page(path: ListPath, *, place: Place = FIRST, now: datetime) -> ListContent | None:
    """The content of one list page; None if there is no such subject or page."""
    return _LOADERS[path.name](path, place, now)


def load_ways(*, now: datetime) -> list[ListPath]:
    """The ways into the library that have articles: what to start with, series, kinds, years; and the corrections."""
    rows = series.load_index(now=now)
    return [
        *([START_HERE] if start.has_sets(now=now) else []),
        *([ALL_SERIES] if rows else []),
        *(series_path(row.slug) for row in rows),
        *(kind_path(kind) for kind in _load_kinds(now=now)),
        *(period_path(year.name) for year in by_time.load_years(now=now)),
        CORRECTIONS,
    ]


def _home(path: ListPath, place: Place, now: datetime) -> ListContent:
    page = home.load_home(now=now)
    return ListContent("pages/home.html", "", (), page.article_ids, page.valid_until, parts={"home": page, "today": now})


def _index(model: type[Subject], title: str) -> Callable[[ListPath, Place, datetime], ListContent]:
    def load(path: ListPath, place: Place, now: datetime) -> ListContent:
        rows = [(Link(row.name, row.get_absolute_url()), row.description) for row in model.objects.all()]  # type: ignore[attr-defined]
        return ListContent("pages/index.html", title, parts={"rows": rows})

    return load


def _subject(model: type[Subject], kind: str) -> Callable[[ListPath, Place, datetime], ListContent | None]:
    def load(path: ListPath, place: Place, now: datetime) -> ListContent | None:
        row = model.objects.filter(slug=path.slug).first()  # type: ignore[attr-defined]
        if row is None:
            return None
        sets = start.load_sets_of(kind, path.slug, now=now) if place.is_first else []
        parts = {"label": kind, "above": f"/{kind}s/", "dek": row.description, "sets": sets}
        return _paged(path, replace(place, filters=Filters(**{kind: path.slug})), "pages/list.html", row.name, parts, now=now)

    return load


def _author(path: ListPath, place: Place, now: datetime) -> ListContent | None:
    row = Author.objects.filter(slug=path.slug).first()
    if row is None:
        return None
    pictures = load_pictures([row.picture_id] if row.picture_id else [], today=local_day(now))
    parts = {"author": row, "picture": pictures.get(row.picture_id or 0)}
    content = _paged(path, replace(place, filters=Filters(author=path.slug)), "pages/author.html", row.name, parts, now=now)
    own_end = earliest_expiry(pictures)
    ends = [end for end in (content.valid_until, own_end) if end is not None]
    return replace(content, valid_until=min(ends, default=None))


def _countries(path: ListPath, place: Place, now: datetime) -> ListContent:
    return ListContent("pages/countries.html", "Countries", parts={"regions": countries.load_regions(), "path": path.path})


def _country(path: ListPath, place: Place, now: datetime) -> ListContent | None:
    page = countries.load_country(path.slug)
    if page is None:
        return None
    parts = {"country": page, "json_ld": countries.country_json_ld(page.country, settings.BROADSHEET.site_url)}
    filters = Filters(country=path.slug)
    return _paged(path, replace(place, filters=filters), "pages/country.html", page.country.name, parts, now=now)


def _library(path: ListPath, place: Place, now: datetime) -> ListContent:
    authors = list(Author.objects.values_list("slug", "name")[: MOST_AUTHORS + 1])
    years = by_time.load_years(now=now)
    choices = (
        Choices("topic", "Topic", "All topics", list(Topic.objects.values_list("slug", "name"))),
        Choices("region", "Region", "All regions", list(Region.objects.values_list("slug", "name"))),
        Choices("country", "Country", "All countries", [(each.slug, each.name) for each in countries.load_with_articles(now=now)]),
        Choices("author", "Author", "All authors", authors if len(authors) <= MOST_AUTHORS else []),
        Choices("kind", "Kind", "All kinds", [(str(kind), name) for kind, name in KIND_NAMES.items()]),
        Choices("year", "Year", "All years", [(year.name, year.name) for year in years]),
    )
    parts: dict[str, Any] = {"choices": [each for each in choices if each.values]}
    if place.is_first:
        parts |= {"sets": start.load_library_sets(now=now), "years": years}
        parts |= {"has_series": series.has_series(now=now), "has_sets": start.has_sets(now=now)}
        parts["kinds"] = [Link(KIND_NAMES[kind], kind_path(kind).path) for kind in _load_kinds(now=now)]
    return _paged(path, place, "pages/library.html", "Library", parts, now=now)


def _period(path: ListPath, place: Place, now: datetime) -> ListContent | None:
    period = by_time.load_period(path.slug, now=now)
    if period is None:
        return None
    content = _paged(path, replace(place, filters=period.filters), "pages/period.html", period.title, {"period": period}, now=now)
    return content if content.cards else None


def _kind(path: ListPath, place: Place, now: datetime) -> ListContent | None:
    if path.slug not in set(Kind):
        return None
    filters = Filters(kind=path.slug)
    content = _paged(path, replace(place, filters=filters), "pages/period.html", KIND_NAMES[Kind(path.slug)], {}, now=now)
    return content if content.cards or place.is_first else None  # the masthead leads to one that may still be empty


def _load_kinds(*, now: datetime) -> list[Kind]:
    """The kinds of article that there are."""
    return [kind for kind in KIND_NAMES if published_articles(now=now).filter(kind=kind).exists()]


def _all_series(path: ListPath, place: Place, now: datetime) -> ListContent | None:
    rows = series.load_index(now=now)
    parts = {"rows": rows, "path": path.path}
    return ListContent("pages/all_series.html", "Series", (), (), next_change(now=now), parts=parts) if rows else None


def _series(path: ListPath, place: Place, now: datetime) -> ListContent | None:
    row = Series.objects.filter(slug=path.slug).first()
    cards = tuple(load_cards(series.load_part_ids(row.pk, now=now), now=now)) if row else ()
    if row is None or not cards:
        return None
    parts = {"dek": row.dek, "is_complete": row.is_complete, "path": path.path}
    return _whole("pages/series.html", row.title, cards, parts, now=now)


def _start(path: ListPath, place: Place, now: datetime) -> ListContent | None:
    sets = start.load_all_sets(now=now)
    cards = tuple(card for each in sets for card in each.cards)
    return _whole("pages/start.html", "Start here", cards, {"sets": sets, "path": path.path}, now=now) if sets else None


def _whole(template: str, title: str, cards: tuple[Card, ...], parts: dict[str, Any], *, now: datetime) -> ListContent:
    """A page of these articles and no more."""
    ends = [next_change(now=now), earliest_expiry([card.picture.photo_id for card in cards if card.picture])]
    ids = tuple(dict.fromkeys(card.article_id for card in cards))
    return ListContent(template, title, cards, ids, min((end for end in ends if end), default=None), parts=parts)


def _corrections(path: ListPath, place: Place, now: datetime) -> ListContent:
    found = corrections.find_corrections(before=place.before, after=place.after, now=now)
    intro = PlainPage.objects.filter(slug=ListName.CORRECTIONS).values_list("body", flat=True).first()
    parts = {"days": found.by_day(), "intro": intro or "", **_page_links(path, found.older, found.newer, place)}
    ids = tuple(dict.fromkeys(row.article_id for row in found.rows))
    return ListContent("pages/corrections.html", "Corrections", (), ids, next_change(now=now), parts=parts)


def _corrections_feed(path: ListPath, place: Place, now: datetime) -> ListContent:
    rows = corrections.find_corrections(now=now).rows
    parts = {"rows": rows, "path": path.path, "updated_at": max((row.said_at for row in rows), default=now)}
    ids = tuple(dict.fromkeys(row.article_id for row in rows))
    return ListContent("pages/corrections_feed.xml", "Corrections", (), ids, next_change(now=now), ATOM, parts)


def _plain(path: ListPath, place: Place, now: datetime) -> ListContent | None:
    row = PlainPage.objects.filter(slug=path.slug).first()
    return ListContent("pages/plain.html", row.title, parts={"body": row.body, "path": path.path}) if row else None


def _paged(path: ListPath, place: Place, template: str, title: str, parts: dict[str, Any], *, now: datetime) -> ListContent:
    found = find_slice(place.filters, before=place.before, after=place.after, now=now)
    cards = tuple(load_cards(found.article_ids, now=now))
    links = _page_links(path, found.older, found.newer, place)
    is_first = links["is_first"]
    # Only the first page is kept, so only there it matters until when it stands.
    shown = [card.picture.photo_id for card in cards if card.picture]
    ends = [next_change(now=now), earliest_expiry(shown)] if is_first else []
    return ListContent(
        template,
        title,
        cards,
        tuple(found.article_ids),
        min((end for end in ends if end is not None), default=None),
        parts={**parts, **links, "days": by_day(cards)},
    )


def _page_links(path: ListPath, older: Cursor | None, newer: Cursor | None, place: Place) -> dict[str, Any]:
    """Where the pages beside one page of a list are, as templates are told."""
    return {
        "older": f"{path.path}?before={older}" if older else "",
        "newer": f"{path.path}?after={newer}" if newer else "",
        "first": path.path,
        "is_first": place.before is None and place.after is None,
        "path": path.path,
    }


def by_day(cards: Sequence[Card]) -> list[Day]:
    """Cards under the day they were published on, in the publication's zone, in the order given."""
    return [Day(day, tuple(of_day)) for day, of_day in groupby(cards, key=lambda card: local_day(card.published_at))]


def _feed(content_type: str, template: str) -> Callable[[ListPath, Place, datetime], ListContent | None]:
    def load(path: ListPath, place: Place, now: datetime) -> ListContent | None:
        subject = _subject_of_feed(path)
        if subject is None:
            return None
        title, page_path, filters = subject
        entries = feeds.load_entries(find_slice(filters, now=now).article_ids, now=now)
        ids = tuple(entry.card.article_id for entry in entries)
        updated_at = max((entry.updated_at for entry in entries), default=now)
        parts = {"entries": entries, "page_path": page_path, "path": path.path, "updated_at": updated_at}
        return ListContent(template, title, (), ids, next_change(now=now), content_type, parts)

    return load


def _subject_of_feed(path: ListPath) -> tuple[str, str, Filters] | None:
    models: dict[ListName, Any] = {ListName.TOPIC: Topic, ListName.REGION: Region, ListName.AUTHOR: Author}
    if path.of is None:
        return "", "/", NO_FILTERS
    if path.of is ListName.COUNTRY:
        country = find_shown(path.slug)
        return (country.name, country.path, Filters(country=path.slug)) if country else None
    row = models[path.of].objects.filter(slug=path.slug).first()
    return (row.name, row.get_absolute_url(), Filters(**{str(path.of): path.slug})) if row else None


def _sitemap_index(path: ListPath, place: Place, now: datetime) -> ListContent:
    parts = {"months": sitemaps.load_months(now=now)}
    return ListContent("pages/sitemap_index.xml", "", (), (), next_change(now=now), XML, parts)


def _sitemap_pages(path: ListPath, place: Place, now: datetime) -> ListContent:
    paths = dict.fromkeys([*sitemaps.load_standing_paths(), *(way.path for way in load_ways(now=now))])
    return ListContent("pages/sitemap_pages.xml", "", (), (), next_change(now=now), XML, {"paths": list(paths)})


def _sitemap_month(path: ListPath, place: Place, now: datetime) -> ListContent | None:
    entries = sitemaps.load_month(path.slug, now=now)
    ids = tuple(entry.article_id for entry in entries)
    return ListContent("pages/sitemap.xml", "", (), ids, next_change(now=now), XML, {"entries": entries}) if entries else None


def _news_sitemap(path: ListPath, place: Place, now: datetime) -> ListContent:
    entries = sitemaps.load_news(now=now)
    ids = tuple(entry.article_id for entry in entries)
    ends = [next_change(now=now), *(entry.published_at + sitemaps.NEWS_AGE for entry in entries)]
    valid_until = min((end for end in ends if end is not None), default=None)
    return ListContent("pages/news_sitemap.xml", "", (), ids, valid_until, XML, {"entries": entries})


_LOADERS: dict[ListName, Callable[[ListPath, Place, datetime], ListContent | None]] = {
    ListName.HOME: _home,
    ListName.TOPICS: _index(Topic, "Topics"),
    ListName.REGIONS: _index(Region, "Regions"),
    ListName.TOPIC: _subject(Topic, "topic"),
    ListName.REGION: _subject(Region, "region"),
    ListName.AUTHOR: _author,
    ListName.COUNTRIES: _countries,
    ListName.COUNTRY: _country,
    ListName.LIBRARY: _library,
    ListName.YEAR: _period,
    ListName.MONTH: _period,
    ListName.KIND: _kind,
    ListName.ALL_SERIES: _all_series,
    ListName.SERIES: _series,
    ListName.START: _start,
    ListName.CORRECTIONS: _corrections,
    ListName.CORRECTIONS_FEED: _corrections_feed,
    ListName.PLAIN: _plain,
    ListName.ATOM: _feed(ATOM, "pages/feed.xml"),
    ListName.JSON_FEED: _feed(JSON_FEED, ""),
    ListName.SITEMAP_INDEX: _sitemap_index,
    ListName.SITEMAP_PAGES: _sitemap_pages,
    ListName.SITEMAP_MONTH: _sitemap_month,
    ListName.NEWS_SITEMAP: _news_sitemap,
}
