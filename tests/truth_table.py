"""The truth table of access, for requests: each row one kind of reader, each column one access.

An embargo in force turns every answer but the staff's into 404, one that is over changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.library.models import Article
from broadsheet.membership.models import Grant, Institution
from broadsheet.paywall.friend_flows import hash_token, token_of
from broadsheet.paywall.models import FriendLink, InstantAccess, Unlock
from broadsheet.web.asker import BROWSER_COOKIE, browser_key

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
friend's link to this article          | open free | open friend       | open friend
friend's link, taken back              | open free | wall stranger     | wall subscribers
friend's link, run out                 | open free | wall stranger     | wall subscribers
friend's link to another article       | open free | wall stranger     | wall subscribers
friend's link, giver's time is over    | open free | wall stranger     | wall subscribers
registered, with a friend's link       | open free | open friend       | open friend
unlocked it, with a friend's link      | open free | open unlock       | open friend
subscriber                             | open free | open subscription | open subscription
subscriber and unlocked                | open free | open subscription | open subscription
subscription that has ended            | open free | wall meter        | wall subscribers
subscription that has not begun        | open free | wall meter        | wall subscribers
one of two subscriptions has ended     | open free | open subscription | open subscription
redeemed gift of everything            | open free | open subscription | open subscription
redeemed gift that has yet to begin    | open free | wall meter        | wall subscribers
redeemed gift, stopped                 | open free | wall meter        | wall subscribers
seat of an organisation                | open free | open subscription | open subscription
seat given back                        | open free | wall meter        | wall subscribers
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
CAMPUSES = {"campus": "198.51.100.7", "campus whose licence has ended": "203.0.113.7"}


class Maker:
    """Makes each row's reader: what they hold of `article`, and a client that shows it."""

    def __init__(
        self, article: Article, other: Article, make_reader: Callable[..., User], sign_in: Callable[..., None], now: datetime
    ) -> None:
        self.article, self.other, self.make_reader, self.sign_in, self.now = article, other, make_reader, sign_in, now

    def client(self, row: str) -> tuple[Client, dict[str, Any]]:
        client = Client(SERVER_NAME="localhost")
        if row == "stranger" or row.startswith("friend's link"):
            return client, {}
        if row.startswith("address left"):
            client.cookies[BROWSER_COOKIE] = token = f"browser-of-row-{list(ROWS).index(row)}"
            self._leave_address(row, token)
            return client, {}
        if row.startswith("campus"):
            ends = self.now + timedelta(days=-1 if "ended" in row else 1)
            institution = Institution.objects.create(name=row, starts_at=self.now - timedelta(days=90), ends_at=ends)
            institution.networks.create(network=f"{CAMPUSES[row]}/28")
            return client, {"REMOTE_ADDR": CAMPUSES[row]}
        reader = self.make_reader(is_staff=row.startswith("staff"))
        self._give(reader, row)
        self.sign_in(client, reader, second_factor=row == "staff with second factor")
        return client, {}

    def query(self, row: str) -> str:
        """What the row's reader has to send with the article's address: a friend's link."""
        if "friend's link" not in row:
            return ""
        giver, made_at = self.make_reader(), self.now - timedelta(days=20 if "run out" in row else 1)
        self._grant(giver, "subscription", None, -30, -1 if "giver's time" in row else 30)
        link = FriendLink(
            reader=giver, article=self.other if "another" in row else self.article, month="2026-02", slot=1, allowance=1
        )
        link.made_at, link.ends_at, link.browsers = made_at, made_at + timedelta(days=14), 50
        link.taken_back_at = self.now if "taken back" in row else None
        link.salt = f"{giver.pk:032x}"
        token = token_of(link)
        link.token_hash = hash_token(token)
        link.save()
        return f"?friend={token}"

    def _leave_address(self, row: str, token: str) -> None:
        article = self.other if "another" in row else self.article
        opened = self.now - timedelta(days=40 if "run out" in row else 0)
        InstantAccess.objects.create(
            browser_key=browser_key(token),
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
        elif row in ("unlocked this article", "unlocked it, with a friend's link", "subscriber and unlocked"):
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
        if row.startswith("redeemed gift"):
            start = 1 if "yet to begin" in row else -30
            self._grant(reader, "gift", None, start, -1 if "stopped" in row else 365)
        if row.startswith("seat"):
            self._grant(reader, "seat", None, -30, -1 if "given back" in row else 30)

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
