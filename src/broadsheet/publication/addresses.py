"""Which addresses a plain page can have."""

from __future__ import annotations

from django.urls import Resolver404, resolve

PLAIN_PAGE = "plain-page"  # the name under which the address of all plain pages is known
# First parts of what is answered before any page is, or lies deeper, or may come to be.
RESERVED = frozenset(
    "actors articles authors briefings demo dossiers feed healthz media metrics radar sitemap sitemaps static".split()
)
WITH_WORDS = frozenset({"corrections", "help"})  # pages of the site's own on which the plain page of that name stands


def is_taken(slug: str) -> bool:
    """Whether a plain page at `/<slug>/` would never be seen, for the site answers there itself."""
    if slug in WITH_WORDS:
        return False
    try:
        return slug in RESERVED or resolve(f"/{slug}/").url_name != PLAIN_PAGE
    except Resolver404:
        return False  # no slug at all
