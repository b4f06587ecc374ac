"""The truth table of access on every surface: page, JSON-LD, feeds, sitemaps, preview."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from tests.truth_table import ACCESSES, EMBARGOES, ROWS, Maker

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("embargo", EMBARGOES)
@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize("row", ROWS)
def test_page_shows_what_the_table_says(
    row: str,
    access: str,
    embargo: str,
    make_article: Callable[..., Article],
    make_reader: Callable[..., User],
    sign_in: Callable[..., None],
    clock: StoppedClock,
) -> None:
    now = clock.now()
    until = EMBARGOES[embargo]
    article = make_article(access=access, embargo_until=now + until if until else None)
    maker = Maker(article, make_article(), make_reader, sign_in, now)
    client, extra = maker.client(row)
    response = client.get(article.get_absolute_url() + maker.query(row), **extra)
    page = response.content.decode()
    last = article.body.raw_data[0]["value"].rsplit("<p>", 1)[1].removesuffix("</p>")
    outcome, reason = ROWS[row][access].split()
    if embargo == "embargo in force" and reason != "staff":
        assert response.status_code == 404
        assert article.headline not in page
        assert last not in page
        return
    assert response.status_code == 200
    assert f'data-access="{outcome}"' in page
    assert f'data-reason="{reason}"' in page
    assert (last in page) == (outcome == "open")
    assert last not in json_ld(page)
    assert json_ld_free(page) is (access == "free")
    is_public = (
        row == "stranger" or row == "campus whose licence has ended" or (row.startswith("friend's link") and reason == "free")
    )
    assert ("public" in response["Cache-Control"]) == is_public
    allowed = {"broadsheet_pass", "broadsheet_browser"} if reason == "friend" else {"broadsheet_pass"}
    assert set(response.cookies) <= (set() if is_public else allowed)


@pytest.mark.parametrize("embargo", EMBARGOES)
@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize("surface", ["/", "/feed.xml", "/feed.json", "/sitemap.xml", "/news-sitemap.xml", "/library/"])
def test_shared_surfaces_name_published_articles_and_give_no_more_than_the_teaser(
    surface: str, access: str, embargo: str, make_article: Callable[..., Article], clock: StoppedClock
) -> None:
    until = EMBARGOES[embargo]
    article = make_article(access=access, embargo_until=clock.now() + until if until else None)
    client = Client(SERVER_NAME="localhost")
    response = client.get(surface)
    text = response.content.decode()
    for part in re.findall(r"<loc>https?://[^/]+(/sitemaps/[^<]+)</loc>", text):
        text += client.get(part).content.decode()
    assert response.status_code == 200
    assert (article.get_absolute_url() in text) == (embargo != "embargo in force")
    for paragraph in re.findall(r"<p>(.*?)</p>", article.body.raw_data[0]["value"])[3:]:
        assert paragraph not in text


def json_ld(page: str) -> str:
    return " ".join(re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL))


def json_ld_free(page: str) -> bool:
    for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL):
        found = json.loads(text)
        for node in found.get("@graph", [found]) if isinstance(found, dict) else found:
            if "isAccessibleForFree" in node:
                return bool(node["isAccessibleForFree"])
    raise AssertionError("the page has no JSON-LD that says whether it is free")
