"""The truth table of access on every surface: page, JSON-LD, feeds, sitemaps, preview.

Each row is one kind of reader, each column one access; an embargo in force turns every answer but the staff's
into 404, one that is over changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from broadsheet.membership.models import Grant, Institution
from broadsheet.paywall.models import InstantAccess, Unlock
from broadsheet.web.asker import BROWSER_COOKIE, browser_key

pytestmark = pytest.mark.django_db

ACCESSES = ("free", "metered", "subscribers")
TABLE = """
stranger                               | open free | wall stranger     | wall subscribers
address left here for this article     | open free | open instant      | wall subscribers
address left here, but it has run out  | open free | wall stranger     | wall subscribers
address left here for another article  | open free | wall unconfirmed  | wall subscribers
registered                             | open free | wall meter        | wall subscribers
registered, none left                  | open free | wall spent        | wall subscribers
unlocked this article                  | open free | open unlock       | wall subscribers
unlocked it, but it has run out        | open free | wall meter        | wall subscribers
unlocked another article               | open free | wall meter        | wall subscribers
instant article of the account         | open free | open instant      | wall subscribers
gift of this article                   | open free | open grant        | open grant
gift of this article, run out          | open free | wall meter        | wall subscribers
gift of another article                | open free | wall meter        | wall subscribers
subscriber                             | open free | open subscription | open subscription
subscriber and unlocked                | open free | open subscription | open subscription
subscription that has ended            | open free | wall meter        | wall subscribers
subscription that has not begun        | open free | wall meter        | wall subscribers
one of two subscriptions has ended     | open free | open subscription | open subscription
campus                                 | open free | open institution  | open institution
campus whose licence has ended         | open free | wall stranger     | wall subscribers
staff with second factor               | open staff | open staff       | open staff
staff without second factor            | open free | wall meter        | wall subscribers
"""
ROWS = {
    name.strip(): dict(zip(ACCESSES, (cell.strip() for cell in cells), strict=True))
    for name, *cells in (line.split("|") for line in TABLE.strip().splitlines())
}
EMBARGOES = {"no embargo": None, "embargo over": timedelta(hours=-1), "embargo in force": timedelta(hours=1)}
TOKEN = "browser-of-this-truth-table"
CAMPUS = "198.51.100.7"


class Maker:
    """Makes each row's reader: what they hold of `article`, and a client that shows it."""

    def __init__(
        self, article: Article, other: Article, make_reader: Callable[..., User], sign_in: Callable[..., None], now: datetime
    ) -> None:
        self.article, self.other, self.make_reader, self.sign_in, self.now = article, other, make_reader, sign_in, now

    def client(self, row: str) -> tuple[Client, dict[str, Any]]:
        client = Client(SERVER_NAME="localhost")
        if row == "stranger":
            return client, {}
        if row.startswith("address left"):
            self._leave_address(row)
            client.cookies[BROWSER_COOKIE] = TOKEN
            return client, {}
        if row.startswith("campus"):
            ends = self.now + timedelta(days=-1 if "ended" in row else 1)
            institution = Institution.objects.create(name="A college", starts_at=self.now - timedelta(days=90), ends_at=ends)
            institution.networks.create(network="198.51.100.0/24")
            return client, {"REMOTE_ADDR": CAMPUS}
        reader = self.make_reader(is_staff=row.startswith("staff"))
        self._give(reader, row)
        self.sign_in(client, reader, second_factor=row == "staff with second factor")
        return client, {}

    def _leave_address(self, row: str) -> None:
        article = self.other if "another" in row else self.article
        opened = self.now - timedelta(days=40 if "run out" in row else 0)
        InstantAccess.objects.create(
            browser_key=browser_key(TOKEN),
            month=f"{opened:%Y-%m}",
            slot=1,
            allowance=1,
            article=article,
            opened_at=opened,
            ends_at=opened + timedelta(days=30),
        )

    def _give(self, reader: User, row: str) -> None:
        if row == "registered, none left":
            for slot in (1, 2, 3):
                self._unlock(reader, None, slot)
        elif row in ("unlocked this article", "subscriber and unlocked"):
            self._unlock(reader, self.article, 1)
        elif row == "unlocked it, but it has run out":
            self._unlock(reader, self.article, 1, days_ago=40)
        elif row == "unlocked another article":
            self._unlock(reader, self.other, 1)
        elif row == "instant article of the account":
            self._grant(reader, "instant", self.article, -1, 29)
        elif row.startswith("gift"):
            self._grant(reader, "gift", self.other if "another" in row else self.article, -20, -1 if "run out" in row else 5)
        if row.startswith(("subscriber", "one of two")):
            self._grant(reader, "subscription", None, -1, 30)
        if row in ("subscription that has ended", "one of two subscriptions has ended"):
            self._grant(reader, "subscription", None, -30, -1)
        if row == "subscription that has not begun":
            self._grant(reader, "subscription", None, 1, 30)

    def _unlock(self, reader: User, article: Article | None, slot: int, *, days_ago: int = 0) -> None:
        opened = self.now - timedelta(days=days_ago)
        Unlock.objects.create(
            reader=reader,
            month=f"{opened:%Y-%m}",
            slot=slot,
            article=article,
            allowance=3,
            opened_at=opened,
            ends_at=opened + timedelta(days=30),
        )

    def _grant(self, reader: User, source: str, article: Article | None, start: int, end: int) -> None:
        Grant.objects.create(
            reader=reader,
            source=source,
            article=article,
            starts_at=self.now + timedelta(days=start),
            ends_at=self.now + timedelta(days=end),
            reason="a row of the table",
            created_at=self.now,
        )


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
    response = client.get(article.get_absolute_url(), **extra)
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
    is_public = row == "stranger" or (row.startswith("campus") and reason != "institution")
    assert ("public" in response["Cache-Control"]) == is_public
    assert set(response.cookies) <= (set() if is_public else {"broadsheet_pass"})


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
