"""Pages that list articles, one function for each: home, topics, regions, authors, the library, plain pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from broadsheet.library.models import Author, Region, Subject, Topic
from broadsheet.library.store import next_change
from broadsheet.pages import feeds, home, sitemaps
from broadsheet.pages.articles import KIND_NAMES, load_cards
from broadsheet.pages.listing import NO_FILTERS, Cursor, Filters, find_slice, find_years, local_day
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
    LIBRARY = "library"
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
        parts = {"label": kind, "above": f"/{kind}s/", "dek": row.description}
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


def _library(path: ListPath, place: Place, now: datetime) -> ListContent:
    authors = list(Author.objects.values_list("slug", "name")[: MOST_AUTHORS + 1])
    years = [(str(year), str(year)) for year in find_years(now=now)]
    choices = (
        Choices("topic", "Topic", "All topics", list(Topic.objects.values_list("slug", "name"))),
        Choices("region", "Region", "All regions", list(Region.objects.values_list("slug", "name"))),
        Choices("author", "Author", "All authors", authors if len(authors) <= MOST_AUTHORS else []),
        Choices("kind", "Kind", "All kinds", [(str(kind), name) for kind, name in KIND_NAMES.items()]),
        Choices("year", "Year", "All years", years),
    )
    return _paged(path, place, "pages/library.html", "Library", {"choices": [each for each in choices if each.values]}, now=now)


def _plain(path: ListPath, place: Place, now: datetime) -> ListContent | None:
    row = PlainPage.objects.filter(slug=path.slug).first()
    return ListContent("pages/plain.html", row.title, parts={"body": row.body, "path": path.path}) if row else None


def _paged(path: ListPath, place: Place, template: str, title: str, parts: dict[str, Any], *, now: datetime) -> ListContent:
    found = find_slice(place.filters, before=place.before, after=place.after, now=now)
    cards = tuple(load_cards(found.article_ids, now=now))
    links = {
        "older": f"{path.path}?before={found.older}" if found.older else "",
        "newer": f"{path.path}?after={found.newer}" if found.newer else "",
        "first": path.path,
    }
    is_first = place.before is None and place.after is None
    # Only the first page is kept, so only there it matters until when it stands.
    shown = [card.picture.photo_id for card in cards if card.picture]
    ends = [next_change(now=now), earliest_expiry(shown)] if is_first else []
    return ListContent(
        template,
        title,
        cards,
        tuple(found.article_ids),
        min((end for end in ends if end is not None), default=None),
        parts={**parts, **links, "days": by_day(cards), "is_first": is_first, "path": path.path},
    )


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
    row = models[path.of].objects.filter(slug=path.slug).first()
    return (row.name, row.get_absolute_url(), Filters(**{str(path.of): path.slug})) if row else None


def _sitemap_index(path: ListPath, place: Place, now: datetime) -> ListContent:
    parts = {"months": sitemaps.load_months(now=now)}
    return ListContent("pages/sitemap_index.xml", "", (), (), next_change(now=now), XML, parts)


def _sitemap_pages(path: ListPath, place: Place, now: datetime) -> ListContent:
    return ListContent("pages/sitemap_pages.xml", "", content_type=XML, parts={"paths": sitemaps.load_standing_paths()})


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
    ListName.LIBRARY: _library,
    ListName.PLAIN: _plain,
    ListName.ATOM: _feed(ATOM, "pages/feed.xml"),
    ListName.JSON_FEED: _feed(JSON_FEED, ""),
    ListName.SITEMAP_INDEX: _sitemap_index,
    ListName.SITEMAP_PAGES: _sitemap_pages,
    ListName.SITEMAP_MONTH: _sitemap_month,
    ListName.NEWS_SITEMAP: _news_sitemap,
}
