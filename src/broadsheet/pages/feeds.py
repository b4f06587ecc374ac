"""What feeds give of articles: headline, dek and teaser, which everybody may read, never more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from broadsheet.library.body import drop_note_references
from broadsheet.library.models import Article, ArticleTeaser
from broadsheet.pages.articles import load_cards
from broadsheet.pages.records import Card
from broadsheet.pages.site import Site

_FIGURE = re.compile(r"<figure data-photo=.*?</figure>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """One article in a feed."""

    card: Card
    headline: str
    teaser_html: str
    updated_at: datetime


def load_entries(article_ids: Sequence[int], *, now: datetime) -> list[Entry]:
    """The entries of these articles, in the order given."""
    teasers = dict(ArticleTeaser.objects.filter(article_id__in=article_ids).values_list("article_id", "html"))
    rows = {pk: (headline, revised) for pk, headline, revised in _headlines(article_ids)}
    return [
        Entry(
            card,
            rows[card.article_id][0],
            _FIGURE.sub("", drop_note_references(teasers.get(card.article_id, ""))),
            rows[card.article_id][1] or card.published_at,
        )
        for card in load_cards(article_ids, now=now)
    ]


def _headlines(article_ids: Sequence[int]) -> list[tuple[int, str, datetime | None]]:
    return list(Article.objects.filter(pk__in=article_ids).values_list("id", "headline", "revised_at"))


def json_feed(title: str, path: str, page_path: str, entries: Sequence[Entry], site: Site) -> dict[str, object]:
    """A JSON Feed. Source: https://www.jsonfeed.org/version/1.1/"""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{title} | {site.name}" if title else site.name,
        "home_page_url": site.url + page_path,
        "feed_url": site.url + path,
        "description": site.description or site.tagline,
        "language": site.language,
        "items": [_json_item(entry, site) for entry in entries],
    }


def _json_item(entry: Entry, site: Site) -> dict[str, object]:
    return {
        "id": f"{site.url}/articles/{entry.card.article_id}/",
        "url": site.url + entry.card.path,
        "title": entry.headline,
        "summary": entry.card.dek,
        "content_html": entry.teaser_html,
        "date_published": entry.card.published_at.isoformat(),
        "date_modified": entry.updated_at.isoformat(),
        "authors": [{"name": entry.card.byline}] if entry.card.byline else [],
        "tags": [entry.card.label],
    }
