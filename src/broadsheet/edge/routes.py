"""Which addresses the edge answers: articles, and pages that list them. Everything else is Django's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_ARTICLE = re.compile(r"/articles/([1-9][0-9]{0,17})/([-a-zA-Z0-9_]+)/")
_LIST = re.compile(r"/|/(?:topics|regions|library)/|/(?:topics|regions|authors)/[-a-zA-Z0-9_]+/")
_FILE = re.compile(
    r"(?:/(?:topics|regions|authors)/[-a-zA-Z0-9_]+)?/feed\.(?:xml|json)|/(?:news-)?sitemap\.xml|/sitemaps/[-a-z0-9]+\.xml"
)


@dataclass(frozen=True, slots=True)
class ArticleRoute:
    """One article's page, under the slug that the address names."""

    article_id: int
    slug: str
    path: str


@dataclass(frozen=True, slots=True)
class ListRoute:
    """A list; the address is its key."""

    path: str


@dataclass(frozen=True, slots=True)
class FileRoute:
    """A feed or sitemap: the same for everybody, whatever cookies they send."""

    path: str


Route = ArticleRoute | ListRoute | FileRoute

LONGEST = 200  # characters; slugs have 120 at most, and nobody fills the memory with addresses that are none


def find_route(path: str) -> Route | None:
    """What an address asks for, if it is the edge's."""
    return _find_known(path) if len(path) <= LONGEST else None


@lru_cache(maxsize=20_000)
def _find_known(path: str) -> Route | None:
    match = _ARTICLE.fullmatch(path)
    if match is not None:
        return ArticleRoute(int(match[1]), match[2], f"/articles/{match[1]}/")
    if _LIST.fullmatch(path):
        return ListRoute(path)
    return FileRoute(path) if _FILE.fullmatch(path) else None
