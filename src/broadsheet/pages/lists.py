"""Pages that list articles: home, topics, regions, authors, feeds and sitemaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from broadsheet.library.store import published_articles
from broadsheet.pages.articles import load_cards
from broadsheet.pages.records import Card

HTML = "text/html; charset=utf-8"
PAGE_SIZE = 30


class ListName(StrEnum):
    """Which list."""

    HOME = "home"


@dataclass(frozen=True, slots=True)
class ListPath:
    """One list page: its address (with the page number), its kind, and the slug of its subject."""

    path: str
    name: ListName
    slug: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class ListContent:
    """What a list's template is given. `article_ids`: every article that the page names."""

    template: str
    title: str
    cards: tuple[Card, ...]
    article_ids: tuple[int, ...]
    valid_until: datetime | None = None
    content_type: str = HTML
    parts: dict[str, Any] = field(default_factory=dict)


def load_list_page(path: ListPath, *, now: datetime) -> ListContent | None:
    """The content of one list page; None if there is no such subject or page."""
    ids = list(published_articles(now=now).order_by("-published_at", "-id").values_list("id", flat=True)[:PAGE_SIZE])
    cards = tuple(load_cards(ids, now=now))
    return ListContent("pages/home.html", "", cards, tuple(ids))
