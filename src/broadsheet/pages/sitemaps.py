"""What search engines are told of: every known article by the month it was published in, standing pages, the newest news.

Source: sitemaps.org (at most 50,000 addresses a file) and the news extension (articles of the last two days).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Q
from django.db.models.functions import Coalesce, Greatest, TruncMonth

from broadsheet.library.country_store import load_shown
from broadsheet.library.models import Author, Region, Topic
from broadsheet.library.store import published_articles
from broadsheet.pages.listing import Filters, within_span
from broadsheet.publication.models import PlainPage

NEWS_AGE = timedelta(days=2)
MOST_ENTRIES = 50_000
MOST_NEWS = 1_000
_NAME = re.compile(r"([12]\d{3})-(0[1-9]|1[0-2])(?:-([2-9]|[1-9]\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Month:
    """A month with articles: `2026-02`, how many, and when one of them last changed."""

    month: str
    count: int
    changed_at: datetime

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its sitemaps: `2026-02` and, where it has more articles than one may hold, `2026-02-2` and so on."""
        return (self.month, *(f"{self.month}-{part}" for part in range(2, -(-self.count // MOST_ENTRIES) + 1)))


@dataclass(frozen=True, slots=True)
class Entry:
    """One article in a sitemap."""

    article_id: int
    path: str
    headline: str
    published_at: datetime
    changed_at: datetime


def load_months(*, now: datetime) -> list[Month]:
    """The months in which articles were published, newest first."""
    rows = (
        published_articles(now=now)
        .order_by()
        .annotate(month=TruncMonth("published_at", tzinfo=settings.BROADSHEET.zone))
        .values("month")
        .annotate(count=Count("id"), changed=Max(Greatest("published_at", Coalesce("revised_at", "published_at"))))
        .order_by("-month")
    )
    return [Month(f"{row['month']:%Y-%m}", row["count"], row["changed"]) for row in rows]


def load_month(name: str, *, now: datetime) -> list[Entry]:
    """The articles of one month's sitemap, or of a further one of it; none for what is neither."""
    match = _NAME.fullmatch(name)
    if match is None:
        return []
    year, number, part = match.groups()
    within = within_span(Filters(year=year, month=number))
    return _load_entries(within, MOST_ENTRIES, skipped=(int(part or 1) - 1) * MOST_ENTRIES, now=now)


def load_news(*, now: datetime) -> list[Entry]:
    """The articles of the last two days."""
    return _load_entries(Q(published_at__gte=now - NEWS_AGE), MOST_NEWS, now=now)


def load_standing_paths() -> list[str]:
    """The pages that are not articles."""
    paths = ["/", "/library/", "/topics/", "/regions/", "/countries/"]
    for model in (Topic, Region, Author, PlainPage):
        paths.extend(row.get_absolute_url() for row in model.objects.only("slug"))
    return [*paths, *(country.path for country in load_shown().values())]


def _load_entries(within: Q, most: int, *, skipped: int = 0, now: datetime) -> list[Entry]:
    rows = (
        published_articles(within=within, now=now)
        .order_by("-published_at", "-id")
        .values_list("id", "slug", "headline", "published_at", "revised_at")[skipped : skipped + most]
    )
    return [
        Entry(pk, f"/articles/{pk}/{slug}/", headline, published, max(published, revised or published))
        for pk, slug, headline, published, revised in rows
        if published is not None
    ]
