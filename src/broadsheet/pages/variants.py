"""The forms that one page takes, and which of them a reader gets.

A kind is a name such as `wall-stranger`, `wall-left-2` or `open-unlock-1`. All readers of one kind
get the same bytes, so nothing in a variant may tell of one reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from broadsheet.core.months import month_end, month_key, renewal_date
from broadsheet.library.access import Access
from broadsheet.membership.entitlement import Entitlement
from broadsheet.paywall.resolver import Decision, Outcome, Reason

ARTICLES = "/articles/"  # below it lie the pages of single articles; all others are lists
RECIPE_DIGITS = 8  # of a recipe's 24; the rest is compared too, so that two alike would cost time and nothing else


class Audience(StrEnum):
    """Whom a page is made for: its masthead offers log-in, the account, or no subscription any more.

    The last two read in an institution's network: spoken to as a stranger or a reader, and shown no ads.
    """

    STRANGER = "stranger"
    READER = "reader"
    SUBSCRIBER = "subscriber"
    CAMPUS = "campus"
    CAMPUS_READER = "colleague"

    @property
    def masthead(self) -> Audience:
        """Whom the masthead speaks to."""
        return _MASTHEADS.get(self, self)

    @property
    def is_campus(self) -> bool:
        """Whether the reader's network chose the page, so that nobody else may be given it."""
        return self in _MASTHEADS


_MASTHEADS = {Audience.CAMPUS: Audience.STRANGER, Audience.CAMPUS_READER: Audience.READER}
# The forms of lists that are worth having ready; an institution's readers get theirs when they ask.
USUAL_AUDIENCES = (Audience.STRANGER, Audience.READER, Audience.SUBSCRIBER)


@dataclass(frozen=True)
class Variant:
    """One form of an article's page, as its template needs it."""

    outcome: Outcome
    reason: Reason
    audience: Audience
    remaining: int | None = None

    @cached_property
    def kind(self) -> str:
        """The variant's name in the table: unique among the forms of one page."""
        parts = [str(self.outcome), str(self.reason), str(self.audience)]
        if self.remaining is not None:
            parts.append(str(self.remaining))
        return "-".join(parts)

    @property
    def is_open(self) -> bool:
        return self.outcome is Outcome.OPEN

    @property
    def may_be_shared(self) -> bool:
        """Whether a subscriber reads what others may not, and so has something to give away."""
        return self.is_open and self.audience is Audience.SUBSCRIBER and self.reason not in (Reason.FREE, Reason.STAFF)

    def valid_until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the words about the meter ("renews 1 December") stop being true; None: never."""
        return None if self.remaining is None else month_end(month_key(now, zone), zone)


@dataclass(frozen=True, slots=True)
class FinishedPage:
    """The bytes of one variant, compressed once, as they go over the wire; `ads` are the house ads among them."""

    body_gzip: bytes
    body_brotli: bytes
    etag: str
    content_type: str
    ads: tuple[int, ...] = ()


def kept_as(kind: str, recipe: str) -> str:
    """How the variant table names a form of a page, made with one recipe: `wall-stranger-stranger@1a2b3c4d`.

    The recipe is part of the name, so that two versions of the program keep their pages side by side.
    """
    return f"{kind}@{recipe[:RECIPE_DIGITS]}"


def read_ads(kept: str | None) -> tuple[int, ...]:
    """The house ads on a page, as the variant table keeps them."""
    return tuple(map(int, kept.split(","))) if kept else ()


def floor_of(path: str) -> str:
    """The column of the epoch's row that says from which epoch on pages at `path` count."""
    return "articles_from" if path.startswith(ARTICLES) else "lists_from"


def audience_of(entitlement: Entitlement, now: datetime) -> Audience:
    """Whom the masthead of any page speaks to."""
    if any(grant.article_id is None and grant.is_live(now) for grant in entitlement.grants) or entitlement.is_staff:
        return Audience.SUBSCRIBER
    return Audience.STRANGER if entitlement.reader_id is None else Audience.READER


def page_audience_of(entitlement: Entitlement, now: datetime) -> Audience:
    """Whom a finished page is made for: the masthead's audience, and whether an institution's network spares it the ads."""
    audience = audience_of(entitlement, now)
    institution = entitlement.institution
    if audience is Audience.SUBSCRIBER or institution is None or not institution.is_live(now):
        return audience
    return Audience.CAMPUS if audience is Audience.STRANGER else Audience.CAMPUS_READER


def variant_of(decision: Decision, entitlement: Entitlement, now: datetime) -> Variant:
    """The form of an article's page for one decision. The meter is told where it matters: at a wall, after an unlock."""
    audience = page_audience_of(entitlement, now)
    tells_meter = decision.reason in (Reason.METER, Reason.SPENT, Reason.UNLOCK, Reason.SUBSCRIBERS)
    return Variant(decision.outcome, decision.reason, audience, decision.remaining if tells_meter else None)


def usual_variants(access: Access, allowance: int) -> Iterator[Variant]:
    """The forms that most readers of an article will get, made when it is published."""
    if access is Access.FREE:
        for audience in USUAL_AUDIENCES:
            yield Variant(Outcome.OPEN, Reason.FREE, audience)
        return
    yield Variant(Outcome.OPEN, Reason.SUBSCRIPTION, Audience.SUBSCRIBER)
    if access is Access.SUBSCRIBERS:
        yield Variant(Outcome.WALL, Reason.SUBSCRIBERS, Audience.STRANGER)
        for left in range(allowance + 1):
            yield Variant(Outcome.WALL, Reason.SUBSCRIBERS, Audience.READER, left)
        return
    yield Variant(Outcome.WALL, Reason.STRANGER, Audience.STRANGER)
    yield Variant(Outcome.WALL, Reason.UNCONFIRMED, Audience.STRANGER)
    yield Variant(Outcome.OPEN, Reason.INSTANT, Audience.STRANGER)
    for left in range(allowance + 1):
        yield Variant(Outcome.WALL, Reason.METER if left else Reason.SPENT, Audience.READER, left)
        if left < allowance:
            yield Variant(Outcome.OPEN, Reason.UNLOCK, Audience.READER, left)


def renews_text(now: datetime, zone: ZoneInfo) -> str:
    """When the meter starts anew, as a reader reads it: `1 December`."""
    day = renewal_date(month_key(now, zone))
    return f"{day.day} {day:%B}"
