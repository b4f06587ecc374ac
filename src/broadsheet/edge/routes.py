"""Which addresses the edge answers: articles, and pages that list them. Everything else is Django's."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ARTICLE = re.compile(r"/articles/([1-9][0-9]{0,17})/([-a-zA-Z0-9_]+)/")
_LISTS = re.compile(
    r"/|/(?:topics|regions|library)/|/(?:topics|regions|authors)/[-a-zA-Z0-9_]+/"
    r"|(?:/(?:topics|regions|authors)/[-a-zA-Z0-9_]+)?/feed\.(?:xml|json)|/(?:news-)?sitemap(?:-[-a-z0-9]+)?\.xml"
)


@dataclass(frozen=True, slots=True)
class ArticleRoute:
    """One article's page, under the slug that the address names."""

    article_id: int
    slug: str


@dataclass(frozen=True, slots=True)
class ListRoute:
    """A list, feed or sitemap; the address is its key."""

    path: str


def find_route(path: str) -> ArticleRoute | ListRoute | None:
    """What an address asks for, if it is the edge's."""
    match = _ARTICLE.fullmatch(path)
    if match is not None:
        return ArticleRoute(int(match[1]), match[2])
    return ListRoute(path) if _LISTS.fullmatch(path) else None
