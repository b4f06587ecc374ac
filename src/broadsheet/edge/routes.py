"""Which addresses the edge answers: articles, and pages that list them. Everything else is Django's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_ARTICLE = re.compile(r"/articles/([1-9][0-9]{0,17})/([-a-zA-Z0-9_]+)/")
_LIST = re.compile(
    r"/|/(?:topics|regions|countries|library|series|start|corrections)/|/(?:topics|regions|countries|authors|series)/[-a-zA-Z0-9_]+/"
    r"|/library/[12][0-9]{3}/(?:(?:0[1-9]|1[0-2])/)?|/library/kind/[a-z-]+/"
)
_FILE = re.compile(
    r"(?:/(?:topics|regions|countries|authors)/[-a-zA-Z0-9_]+)?/feed\.(?:xml|json)|/(?:news-)?sitemap\.xml|/sitemaps/[-a-z0-9]+\.xml"
    r"|/corrections/feed\.xml"
)


@dataclass(slots=True)
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
    if len(path) > LONGEST:
        return None
    # Not kept: to find one of many articles' routes again takes as long as to read it.
    match = _ARTICLE.fullmatch(path)
    if match is not None:
        article_id, slug = match.groups()
        return ArticleRoute(int(article_id), slug, f"/articles/{article_id}/")
    return _find_other(path)


@lru_cache(maxsize=2_000)
def _find_other(path: str) -> ListRoute | FileRoute | None:
    if _LIST.fullmatch(path):
        return ListRoute(path)
    return FileRoute(path) if _FILE.fullmatch(path) else None
