"""Years, months and kinds: what they list, in the publication's zone, and that no year or month is empty."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from broadsheet.pages.by_time import load_period

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(db: None) -> None:
    """Bare articles of 2023 and 2025; the last begins 2026 in Berlin."""
    dates = {
        "Of March": datetime(2023, 3, 1, tzinfo=UTC),
        "Of May": datetime(2023, 5, 31, 21, 59, tzinfo=UTC),
        "Of June": datetime(2023, 5, 31, 22, 0, tzinfo=UTC),
        "Of autumn": datetime(2025, 10, 2, tzinfo=UTC),
        "Of New Year": datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
    }
    Article.objects.bulk_create(Article(headline=name, slug="a", live=True, published_at=at) for name, at in dates.items())


def named(client: Client, path: str) -> list[str]:
    return re.findall(r"<h3><a [^>]+>(.*?)</a></h3>", client.get(path).content.decode())


def links(client: Client, path: str) -> set[str]:
    return set(re.findall(r'href="(/library/[^"]+)"', client.get(path).content.decode()))


def test_years_and_months_list_what_falls_into_them_in_the_publications_zone(client: Client, shelf: None) -> None:
    assert named(client, "/library/2023/") == ["Of June", "Of May", "Of March"]
    assert named(client, "/library/2023/05/") == ["Of May"]
    assert named(client, "/library/2023/06/") == ["Of June"]
    assert named(client, "/library/2026/") == named(client, "/library/2026/01/") == ["Of New Year"]
    html = client.get("/library/2023/").content.decode()
    assert re.findall(r'2023/(\d\d)/">(\w+) <span class="count">(\d+)<', html) == [
        ("03", "March", "1"),
        ("05", "May", "1"),
        ("06", "June", "1"),
    ]
    assert 'rel="canonical" href="' in html and "/library/2023/" in html


def test_before_and_after_are_the_nearest_with_articles(client: Client, shelf: None) -> None:
    assert {"/library/2023/", "/library/2026/"} <= links(client, "/library/2025/")
    assert links(client, "/library/2023/06/") >= {"/library/2023/", "/library/2023/05/", "/library/2025/10/"}
    assert links(client, "/library/") >= {"/library/2023/", "/library/2025/", "/library/2026/", "/library/kind/daily/"}
    assert "/library/2024/" not in links(client, "/library/") | links(client, "/library/2025/")
    offered = re.findall(r'<option value="(\d{4})">', client.get("/library/").content.decode())
    assert offered == ["2026", "2025", "2023"]


@pytest.mark.parametrize(
    "path",
    ["2024/", "2023/04/", "2023/13/", "2023/5/", "0023/", "9999/", "kind/none/", "2023/?before=1-1", "kind/daily/?before=1-1"],
)
def test_there_are_no_empty_pages(client: Client, shelf: None, path: str) -> None:
    response = client.get(f"/library/{path}")
    assert response.status_code == 404 and 'href="/library/"' in response.content.decode()


def test_a_kind_without_articles_has_a_page_since_the_masthead_leads_there(
    client: Client, shelf: None, make_article: Callable[..., Article]
) -> None:
    path = "/library/kind/in-depth/"
    assert path in links(client, "/topics/") and path not in client.get("/sitemaps/pages.xml").content.decode()
    empty = client.get(path)
    assert empty.status_code == 200 and 'Nothing stands here yet. <a href="/library/">' in empty.content.decode()
    assert '<meta name="robots" content="noindex, follow">' in empty.content.decode()
    make_article(headline="At length", kind="in-depth")
    assert named(client, path) == ["At length"] and "noindex" not in client.get(path).content.decode()


def test_a_kind_has_a_page_that_goes_on(client: Client, clock: StoppedClock) -> None:
    Article.objects.bulk_create(
        Article(headline=f"Number {n}", slug="a", kind="in-depth", live=True, published_at=clock.now() - timedelta(hours=n))
        for n in range(31)
    )
    Article.objects.create(headline="Short", slug="short", live=True, published_at=clock.now())
    first = client.get("/library/kind/in-depth/").content.decode()
    older = re.findall(r'<a rel="next" href="([^"]+)"', first)[0]
    assert "Short" not in first and older.startswith("/library/kind/in-depth/?before=")
    assert named(client, older) == ["Number 30"]


def test_months_are_counted_in_one_query(shelf: None, clock: StoppedClock) -> None:
    with CaptureQueriesContext(connection) as asked:
        period = load_period("2023", now=clock.now())
    assert period is not None and [month.count for month in period.months] == [1, 1, 1]
    assert len(asked) == 3  # the months, what comes before, what comes after
