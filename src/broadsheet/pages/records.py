"""What the templates of pages are given: plain records, never rows of tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Link:
    """A name and where it leads."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo as a page shows it; `srcset` is empty for drawings, which scale by themselves."""

    photo_id: int
    src: str
    srcset: str
    width: int
    height: int
    alt: str
    caption: str
    credit: str
    focus: str = ""

    @property
    def is_drawing(self) -> bool:
        """Whether it is a drawing, which is never cropped."""
        return self.src.split("?")[0].endswith(".svg")

    @property
    def is_tall(self) -> bool:
        return self.height > self.width


@dataclass(frozen=True, slots=True)
class Card:
    """An article in a list."""

    article_id: int
    path: str
    headline: str
    dek: str
    label: str
    kind: str
    kind_name: str
    access: str
    byline: str
    published_at: datetime
    minutes: int
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """An author of an article: a person, or a desk."""

    name: str
    path: str

    @property
    def is_desk(self) -> bool:
        """Whether the name is that of a desk, which search engines are told is an organisation."""
        return self.name.casefold().endswith(" desk")


@dataclass(frozen=True, slots=True)
class CorrectionNote:
    """One dated correction."""

    day: date
    text: str


@dataclass(frozen=True, slots=True)
class SeriesPlace:
    """Where an article stands in one series, and its neighbours there; counts what readers may know of."""

    title: str
    path: str
    number: int
    total: int
    is_complete: bool
    earlier: Link | None
    later: Link | None


@dataclass(frozen=True, slots=True)
class ArticleSeries:
    """The series that an article is a part of.

    `article_ids` are the parts of all of them, known to readers or not, for when one appears or goes the count is another;
    `valid_until` is when the next one is known by itself.
    """

    places: tuple[SeriesPlace, ...] = ()
    article_ids: tuple[int, ...] = ()
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """One article, ready for its template.

    `opening_html` ends where the wall stands; `rest_html` is what follows, empty wherever the reader may not read it.
    """

    article_id: int
    path: str
    headline: str
    headline_search: str
    headline_social: str
    dek: str
    kind: str
    kind_name: str
    access: str
    label: Link | None
    authors: tuple[Person, ...]
    topics: tuple[Link, ...]
    regions: tuple[Link, ...]
    countries: tuple[Link, ...]
    published_at: datetime
    revised_at: datetime | None
    minutes: int
    words: int
    lead: Picture | None
    opening_html: str
    rest_html: str
    corrections: tuple[CorrectionNote, ...]
    related: tuple[Card, ...]
    photo_valid_until: datetime | None
    series: ArticleSeries = ArticleSeries()
