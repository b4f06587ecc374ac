"""What machines are told of an article: JSON-LD. Only words that everybody may read go in.

Source: schema.org NewsArticle, and the search engines' rules for text behind a wall (`isAccessibleForFree`, `hasPart`).
"""

from __future__ import annotations

import json
from typing import Any

from broadsheet.library.access import Access
from broadsheet.pages.records import ArticlePage, Person, SeriesPlace
from broadsheet.pages.site import Site

PAYWALL_SELECTOR = ".paywall"


def article_json_ld(page: ArticlePage, site: Site) -> str:
    """The JSON-LD of an article, the same for its wall and its open form, safe inside `<script>`."""
    address = site.url + page.path
    is_free = page.access == Access.FREE
    described: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": address,
        "mainEntityOfPage": address,
        "url": address,
        "headline": page.headline_search,
        "description": page.dek,
        "inLanguage": site.language,
        "datePublished": page.published_at.isoformat(),
        "dateModified": (page.revised_at or page.published_at).isoformat(),
        "author": [_author(person, site) for person in page.authors] or _publisher(site),
        "publisher": _publisher(site),
        "image": [f"{site.url}{card_path(page)}"],
        "wordCount": page.words,
        "isAccessibleForFree": is_free,
    }
    if page.series.places:
        described["isPartOf"] = [_series(place, site) for place in page.series.places]
    if page.label:
        described["articleSection"] = page.label.name
    if not is_free:
        described["hasPart"] = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": PAYWALL_SELECTOR}
    return script_json(described)


def card_path(page: ArticlePage) -> str:
    """Where the picture lies that other sites show beside a link to the article."""
    return f"/articles/{page.article_id}/card.png"


def script_json(value: object) -> str:
    """JSON that can stand in a `<script>` element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _author(person: Person, site: Site) -> dict[str, str]:
    kind = "Organization" if person.is_desk else "Person"
    return {"@type": kind, "name": person.name, "url": site.url + person.path}


def _series(place: SeriesPlace, site: Site) -> dict[str, str]:
    return {"@type": "CreativeWorkSeries", "name": place.title, "url": site.url + place.path}


def _publisher(site: Site) -> dict[str, str]:
    return {"@type": "Organization", "name": site.publisher, "url": f"{site.url}/"}
