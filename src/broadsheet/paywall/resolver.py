"""May this reader read this article? One answer for every surface.

The rules are a table, asked in order; the first that applies decides. Source: the offer (docs/offer.md)
and its order: staff, embargo, free, institution, subscription, one-article grant, unlock, wall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broadsheet.library.access import Access
from broadsheet.membership.entitlement import Entitlement


class Outcome(StrEnum):
    """What the reader gets: the whole article, the wall, or the answer that there is none."""

    OPEN = "open"
    WALL = "wall"
    HIDDEN = "hidden"


class Reason(StrEnum):
    """Which rule decided; the same words stand in `data-reason` on the page and in support's answers."""

    STAFF = "staff"
    EMBARGO = "embargo"
    FREE = "free"
    INSTITUTION = "institution"
    SUBSCRIPTION = "subscription"
    GRANT = "grant"
    INSTANT = "instant"
    FRIEND = "friend"
    UNLOCK = "unlock"
    STRANGER = "stranger"
    UNCONFIRMED = "unconfirmed"
    METER = "meter"
    SPENT = "spent"
    SUBSCRIBERS = "subscribers"


@dataclass(frozen=True, slots=True)
class Asked:
    """The article in question, as the rules need it."""

    article_id: int
    access: Access
    embargo_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, the rule that gave it, the record behind it and when that ends.

    `remaining` is how many articles a registered reader may still open this month; None for a stranger.
    """

    outcome: Outcome
    reason: Reason
    remaining: int | None = None
    record: str = ""
    ends_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.outcome is Outcome.OPEN


Rule = Callable[[Entitlement, Asked, datetime], Decision | None]


def decide(entitlement: Entitlement, asked: Asked, *, allowance: int, now: datetime) -> Decision:
    """Decide what one reader is shown of one article.

    Reads only: asking twice never spends the meter.

    Args:
        entitlement: what the reader holds; a stranger holds one too, so never None.
        asked: the article; published, perhaps under embargo.
        allowance: how many articles a registered reader may open a month.
        now: the moment of asking.
    """
    remaining = None if entitlement.reader_id is None else max(0, allowance - entitlement.spent)
    for rule in RULES:
        decision = rule(entitlement, asked, now)
        if decision is not None:
            return Decision(decision.outcome, decision.reason, remaining, decision.record, decision.ends_at)
    return Decision(Outcome.WALL, _wall_reason(entitlement, asked, remaining), remaining)


def may_be_opened(asked: Asked, *, now: datetime) -> bool:
    """Whether the meter or an address left at the wall can open this article at all: metered ones, their embargo over."""
    return asked.access is Access.METERED and (asked.embargo_until is None or now >= asked.embargo_until)


def staff(entitlement: Entitlement, asked: Asked, now: datetime) -> Decision | None:
    """Staff who signed in with a second factor read everything."""
    return Decision(Outcome.OPEN, Reason.STAFF) if entitlement.is_staff else None


def embargo(entitlement: Entitlement, asked: Asked, now: datetime) -> Decision | None:
    """Until its embargo ends, an article does not exist."""
    if asked.embargo_until is not None and now < asked.embargo_until:
        return Decision(Outcome.HIDDEN, Reason.EMBARGO, ends_at=asked.embargo_until)
    return None


def free(entitlement: Entitlement, asked: Asked, now: datetime) -> Decision | None:
    """A free article is everybody's."""
    return Decision(Outcome.OPEN, Reason.FREE) if asked.access is Access.FREE else None


def institution(entitlement: Entitlement, asked: Asked, now: datetime) -> Decision | None:
    """The reader's network belongs to an institution that subscribes."""
    held = entitlement.institution
    if held is not None and held.is_live(now):
        return Decision(Outcome.OPEN, Reason.INSTITUTION, record=held.record, ends_at=held.ends_at)
    return None


def subscription(entitlement: Entitlement, asked: Asked, now: datetime) -> Decision | None:
    """A live grant for everything; of several the one that ends last."""
    live = [grant for grant in entitlement.grants if grant.article_id is None and grant.is_live(now)]
    if not live:
        return None
    longest = max(live, key=lambda grant: (grant.ends_at is None, grant.ends_at or now))
    return Decision(Outcome.OPEN, Reason.SUBSCRIPTION, record=longest.record, ends_at=longest.ends_at)


def one_article_grant(entitlement: Entitlement, asked: Asked, now: datetime) -> Decision | None:
    """A gift or a newsletter's link opens its article; what an address opened at once opens metered ones only."""
    for grant in entitlement.grants:
        if grant.article_id == asked.article_id and grant.is_live(now):
            if grant.source != Reason.INSTANT:
                return Decision(Outcome.OPEN, Reason.GRANT, record=grant.record, ends_at=grant.ends_at)
            if asked.access is Access.METERED:
                return Decision(Outcome.OPEN, Reason.INSTANT, record=grant.record, ends_at=grant.ends_at)
    if asked.access is Access.METERED:
        for instant in entitlement.instants:
            if instant.article_id == asked.article_id and now < instant.ends_at:
                return Decision(Outcome.OPEN, Reason.INSTANT, record=instant.record, ends_at=instant.ends_at)
    return None


def friend(entitlement: Entitlement, asked: Asked, now: datetime) -> Decision | None:
    """A subscriber gave this one article to whoever shows the link."""
    held = entitlement.friend
    if held is not None and held.article_id == asked.article_id and held.is_live(now):
        return Decision(Outcome.OPEN, Reason.FRIEND, record=held.record, ends_at=held.ends_at)
    return None


def unlock(entitlement: Entitlement, asked: Asked, now: datetime) -> Decision | None:
    """The reader chose this metered article, and it is still open to them."""
    if entitlement.reader_id is None or asked.access is not Access.METERED:
        return None
    for held in entitlement.unlocks:
        if held.article_id == asked.article_id and now < held.ends_at:
            return Decision(Outcome.OPEN, Reason.UNLOCK, record=held.record, ends_at=held.ends_at)
    return None


RULES: tuple[Rule, ...] = (staff, embargo, free, institution, subscription, one_article_grant, friend, unlock)


def _wall_reason(entitlement: Entitlement, asked: Asked, remaining: int | None) -> Reason:
    if asked.access is Access.SUBSCRIBERS:
        return Reason.SUBSCRIBERS
    if remaining is None:
        return Reason.UNCONFIRMED if entitlement.awaits_confirmation else Reason.STRANGER
    return Reason.METER if remaining else Reason.SPENT
