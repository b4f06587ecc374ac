"""Lists page by page from a cursor: every article once, none skipped, at the same cost however deep."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article, Author, Byline, Region, Topic
from broadsheet.library.store import next_change
from broadsheet.pages.by_time import load_years
from broadsheet.pages.listing import (
    NO_FILTERS,
    PAGE_SIZE,
    Cursor,
    Filters,
    find_slice,
    parse_cursor,
)

HOW_MANY = 2 * PAGE_SIZE + 7


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.integers(1, 10**9))  # noqa: DTZ001
def test_a_cursor_survives_being_written_into_a_link(at: datetime, article_id: int) -> None:
    assert parse_cursor(str(Cursor(at, article_id))) == Cursor(at, article_id)


@pytest.mark.parametrize("text", ["", "x", "1", "-1-2", "9" * 17 + "-1" + "9" * 30, "٣-1", "1-1;drop"])
def test_what_is_no_cursor_is_passed_by(text: str) -> None:
    assert parse_cursor(text) is None


@pytest.fixture
def shelf(db: None, clock: StoppedClock) -> list[int]:
    """Many bare articles, several at the very same moment; their ids, newest first."""
    now = clock.now()
    rows = Article.objects.bulk_create(
        Article(headline=f"Number {n}", slug=f"number-{n}", live=True, published_at=now - timedelta(hours=n // 4))
        for n in range(HOW_MANY)
    )
    return [row.pk for row in sorted(rows, key=lambda row: (row.published_at, row.pk), reverse=True)]


def test_paging_to_the_end_and_back_shows_every_article_once(shelf: list[int], clock: StoppedClock) -> None:
    now = clock.now()
    page = find_slice(NO_FILTERS, now=now)
    assert page.newer is None
    seen = list(page.article_ids)
    while page.older:
        page = find_slice(NO_FILTERS, before=page.older, now=now)
        seen.extend(page.article_ids)
    assert seen == shelf
    back = [*page.article_ids]
    while page.newer:
        page = find_slice(NO_FILTERS, after=page.newer, now=now)
        back = [*page.article_ids, *back]
    assert back == shelf


def test_a_page_deep_in_the_library_asks_no_more_than_the_first_and_never_skips_or_counts(
    shelf: list[int], clock: StoppedClock
) -> None:
    first = find_slice(NO_FILTERS, now=clock.now())
    with CaptureQueriesContext(
        connection,
    ) as asked:
        find_slice(NO_FILTERS, before=first.older, now=clock.now())
    assert len(asked) == 1
    assert "OFFSET" not in asked[0]["sql"].upper()
    assert "COUNT(" not in asked[0]["sql"].upper()
    # The place in the list before the present moment: SQLite goes through all between the first bound and the second.
    bounds = re.findall(r"published_at\" <= '([^']+)'", asked[0]["sql"])
    assert len(bounds) == 2 and bounds[0] < bounds[1]


def test_each_filter_lets_through_what_fits(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    topic, region = Topic.objects.create(name="Water", slug="water"), Region.objects.create(name="Africa", slug="africa")
    author = Author.objects.create(name="Africa desk", slug="africa-desk")
    fits = make_article(
        headline="The dam on the Nile",
        kind="in-depth",
        topics=[topic],
        regions=[region],
        published_at=datetime(2024, 3, 1, tzinfo=UTC),
    )
    Byline.objects.create(article=fits, author=author)
    make_article(headline="Something else")
    wanted: list[dict[str, Any]] = [
        {"q": "nile DAM"},
        {"topic": "water"},
        {"region": "africa"},
        {"author": "africa-desk"},
        {"kind": "in-depth"},
        {"year": "2024"},
        {"q": "dam", "topic": "water", "region": "africa", "author": "africa-desk", "kind": "in-depth", "year": "2024"},
    ]
    for filters in wanted:
        assert find_slice(Filters(**filters), now=clock.now()).article_ids == (fits.pk,), filters
    assert find_slice(Filters(q="dam", year="2023"), now=clock.now()).article_ids == ()


def test_a_year_begins_in_the_publications_own_zone(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    article = make_article(published_at=datetime(2024, 12, 31, 23, 30, tzinfo=UTC))  # half past midnight in Berlin
    assert find_slice(Filters(year="2025"), now=clock.now()).article_ids == (article.pk,)
    assert [year.name for year in load_years(now=clock.now())] == ["2025"]


def test_the_next_change_is_the_nearest_end_of_an_embargo_or_date_to_come(
    make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    now = clock.now()
    assert next_change(now=now) is None
    make_article(embargo_until=now + timedelta(hours=5))
    assert next_change(now=now) == now + timedelta(hours=5)
    make_article(published_at=now + timedelta(hours=2))
    assert next_change(now=now) == now + timedelta(hours=2)
