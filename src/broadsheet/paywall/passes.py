"""The pass: a signed cookie that shows what a reader may open, so that reading needs no database.

It only shows; the unlock table decides. A pass is a text of two parts, `payload.signature`: the payload
is base64url of compact JSON, the signature a keyed BLAKE2b of 128 bits (RFC 7693) over key id and payload.
Signing and checking cost 2 microseconds each, an eighth of HMAC-signed JSON with a timestamp.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from typing import Any

from broadsheet.membership.entitlement import Entitlement, HeldGrant, HeldUnlock

COOKIE = "broadsheet_pass"
RENEW_AFTER = timedelta(minutes=5)
EXPIRES_AFTER = timedelta(hours=24)
MAX_LENGTH = 3000  # a cookie of 4,096 bytes is the most that browsers must keep (RFC 6265, 6.1)
MAX_OPEN_ARTICLES = 60
_VERSION = 1
_JSON = json.JSONDecoder()  # used as it is; `json.loads` asks for the encoding first, which costs as much again
_RENEW_AFTER_S = int(RENEW_AFTER.total_seconds())
_EXPIRES_AFTER_S = int(EXPIRES_AFTER.total_seconds())
_LONG_AGO = datetime.fromtimestamp(0, UTC)  # whatever a pass names had begun when it was made


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key of the installation; several are live while keys are rotated, the first one signs."""

    key_id: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Pass:
    """What one browser may show for a day.

    Times are whole seconds since 1970. `holder` names the session or browser that the pass was given to,
    `version` the reader's entitlement when it was made. `turns_at` is when something that the reader holds begins
    or ends, if that is before the pass is renewed anyway.
    """

    holder: str
    reader_id: int | None
    issued_at: int
    month: str
    spent: int
    version: int
    subscribed: tuple[int, int | None] | None
    open_articles: tuple[tuple[str, int, int], ...]
    awaits_confirmation: bool = False
    turns_at: int | None = None

    @property
    def renew_at(self) -> int:
        """From then on the reader's rights are looked up anew, if the database answers."""
        return self.turns_at if self.turns_at is not None else self.issued_at + _RENEW_AFTER_S

    @property
    def expires_at(self) -> int:
        """From then on the pass shows nothing."""
        return self.issued_at + _EXPIRES_AFTER_S

    def is_subscribed(self, now: datetime) -> bool:
        """Whether a grant for everything is live."""
        if self.subscribed is None:
            return False
        (start, end), seconds = self.subscribed, now.timestamp()
        return start <= seconds and (end is None or seconds < end)

    def letters_for(self, article_id: int, now: datetime) -> str:
        """The letters under which one article is open now; empty for most."""
        letters = ""
        for letter, named, end in self.open_articles:
            if named == article_id and now.timestamp() < end:
                letters += letter
        return letters

    @property
    def entitlement(self) -> Entitlement:
        """The pass as the resolver reads it."""
        grants: list[HeldGrant] = []
        unlocks: list[HeldUnlock] = []
        instants: list[HeldUnlock] = []
        if self.subscribed is not None:
            start, end = self.subscribed
            grants.append(HeldGrant("subscription", None, _moment(start), None if end is None else _moment(end), "", ""))
        for letter, article_id, end in self.open_articles:
            if letter == "u":
                unlocks.append(HeldUnlock(article_id, _moment(end), ""))
            elif letter == "b":
                instants.append(HeldUnlock(article_id, _moment(end), ""))
            else:
                source = "instant" if letter == "i" else "gift"
                grants.append(HeldGrant(source, article_id, _LONG_AGO, _moment(end), "", ""))
        return Entitlement(
            reader_id=self.reader_id,
            grants=tuple(grants),
            unlocks=tuple(unlocks),
            instants=tuple(instants),
            spent=self.spent,
            awaits_confirmation=self.awaits_confirmation,
        )


def make_pass(entitlement: Entitlement, *, holder: str, version: int, month: str, now: datetime) -> Pass | None:
    """The pass for what a reader holds now; None for those whom the edge must not decide for (staff, huge libraries)."""
    if entitlement.is_staff:
        return None
    whole = [grant for grant in entitlement.grants if grant.article_id is None and grant.is_live(now)]
    subscribed = None
    if whole:
        longest = max(whole, key=lambda grant: (grant.ends_at is None, grant.ends_at or now))
        subscribed = (_seconds(longest.starts_at), None if longest.ends_at is None else _seconds(longest.ends_at))
    open_articles = [
        *(("u", held.article_id, _seconds(held.ends_at)) for held in entitlement.unlocks if held.article_id is not None),
        *(("b", held.article_id, _seconds(held.ends_at)) for held in entitlement.instants if held.article_id is not None),
        *(
            ("i" if grant.source == "instant" else "g", grant.article_id, _end_of(grant, now))
            for grant in entitlement.grants
            if grant.article_id is not None and grant.is_live(now)
        ),
    ]
    if len(open_articles) > MAX_OPEN_ARTICLES:
        return None
    return Pass(
        holder=holder,
        reader_id=entitlement.reader_id,
        issued_at=_seconds(now),
        month=month,
        spent=entitlement.spent,
        version=version,
        subscribed=subscribed,
        open_articles=tuple(open_articles),
        awaits_confirmation=entitlement.awaits_confirmation,
        turns_at=_next_turn(entitlement, now),
    )


def holder_name(kind: str, secret: str) -> str:
    """A short name for a session's or browser's secret (`kind` says which), which cannot be turned back."""
    return kind[0] + blake2b(secret.encode(), digest_size=9, person=kind.encode()).hexdigest()


def sign_pass(shown: Pass, key: SigningKey) -> str:
    """The cookie's text."""
    fields = [
        _VERSION,
        shown.holder,
        shown.reader_id,
        shown.issued_at,
        shown.month,
        shown.spent,
        shown.version,
        shown.subscribed,
        shown.open_articles,
        int(shown.awaits_confirmation),
        shown.turns_at,
    ]
    payload = urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode()).decode().rstrip("=")
    return f"{key.key_id}.{payload}.{_signature(key, payload)}"


def read_pass(text: str, keys: Mapping[str, SigningKey]) -> Pass | None:
    """The pass that a cookie's text holds; None unless one of our keys signed exactly this text."""
    if len(text) > MAX_LENGTH or not text.isascii():
        return None
    key_id, _, rest = text.partition(".")
    payload, _, signature = rest.rpartition(".")
    key = keys.get(key_id)
    if key is None or not compare_digest(_signature(key, payload), signature):
        return None
    try:
        return _pass_of(_JSON.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()))
    except (Base64Error, ValueError, TypeError, LookupError):
        return None  # signed by us in a form of another release


def _pass_of(fields: list[Any]) -> Pass | None:
    if fields[0] != _VERSION:
        return None
    subscribed = None if fields[7] is None else (int(fields[7][0]), fields[7][1])
    opened = tuple((str(letter), int(article_id), int(end)) for letter, article_id, end in fields[8])
    issued_at, spent, version = int(fields[3]), int(fields[5]), int(fields[6])
    return Pass(fields[1], fields[2], issued_at, fields[4], spent, version, subscribed, opened, bool(fields[9]), fields[10])


def _signature(key: SigningKey, payload: str) -> str:
    digest = blake2b(f"{key.key_id}.{payload}".encode(), key=key.secret, digest_size=16, person=b"broadsheet.pass")
    return urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def _next_turn(entitlement: Entitlement, now: datetime) -> int | None:
    """When something held begins or ends next, if that is before a pass made now is renewed.

    In whole seconds, rounded down: from then on the database is asked, which knows the moment exactly.
    """
    moments = [
        *(at for grant in entitlement.grants for at in (grant.starts_at, grant.ends_at) if at is not None),
        *(held.ends_at for held in (*entitlement.unlocks, *entitlement.instants)),
    ]
    return min((_seconds(at) for at in moments if now < at < now + RENEW_AFTER), default=None)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _end_of(grant: HeldGrant, now: datetime) -> int:
    return _seconds(grant.ends_at) if grant.ends_at is not None else _seconds(now + EXPIRES_AFTER)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
