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
    focal_position: str = "50% 50%"


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
class CorrectionNote:
    """One dated correction."""

    day: date
    text: str


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """One article, ready for its template. `rest_html` is empty wherever the reader may not read it."""

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
    authors: tuple[Link, ...]
    topics: tuple[Link, ...]
    regions: tuple[Link, ...]
    published_at: datetime
    revised_at: datetime | None
    minutes: int
    words: int
    lead: Picture | None
    body_html: str
    corrections: tuple[CorrectionNote, ...]
    related: tuple[Card, ...]
    photo_valid_until: datetime | None
