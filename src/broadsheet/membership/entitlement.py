"""Entitlement: what one reader holds at one moment, and why. Plain records, no tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """One grant of one reader. Without `article_id` it opens everything."""

    source: str
    article_id: int | None
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    record: str

    def is_live(self, now: datetime) -> bool:
        """Whether the grant has started and not yet ended."""
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True)
class HeldUnlock:
    """One article that the reader opened from the meter, or at once in this browser, until `ends_at`."""

    article_id: int | None
    ends_at: datetime
    record: str


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What the asker holds. A stranger holds one too: `STRANGER`.

    `unlocks` come from the meter, `instants` from addresses left in this browser. `spent` counts the
    slots of `month` that are taken. `awaits_confirmation`: this browser has left an address that
    nobody has confirmed yet, and has used up what opens without. `friend` is the link of a subscriber that this one
    request shows.
    """

    reader_id: int | None = None
    is_staff: bool = False
    institution: HeldGrant | None = None
    grants: tuple[HeldGrant, ...] = ()
    unlocks: tuple[HeldUnlock, ...] = ()
    instants: tuple[HeldUnlock, ...] = ()
    spent: int = 0
    awaits_confirmation: bool = False
    friend: HeldGrant | None = None


STRANGER = Entitlement()
