"""Which house ad a page gets, and when that may change. Pure.

Nothing is drawn at random: the page's own name decides, so that a page that is made twice is the same twice, and over many
pages each booking gets its share by weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b


class Slot(StrEnum):
    """A place on pages."""

    ARTICLE_END = "article-end"
    LIST = "list"


class Seen(StrEnum):
    """Who sees an ad. Subscribers, and readers in an institution's network, see none."""

    STRANGER = "stranger"
    READER = "reader"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Booking:
    """One house ad's claim to a slot, from `starts_at` until just before `ends_at` (None: without an end)."""

    ad_id: int
    slot: Slot
    seen_by: Seen
    starts_at: datetime
    ends_at: datetime | None
    weight: int

    def is_meant_for(self, slot: Slot, seen_by: Seen) -> bool:
        """Whether the slot holds this ad at some time, for strangers or for registered readers."""
        return self.slot is slot and self.seen_by in (seen_by, Seen.BOTH)

    def is_for(self, slot: Slot, seen_by: Seen, now: datetime) -> bool:
        """Whether the slot may hold this ad now."""
        is_live = self.starts_at <= now and (self.ends_at is None or now < self.ends_at)
        return is_live and self.is_meant_for(slot, seen_by)


def choose_booking(bookings: Sequence[Booking], *, slot: Slot, seen_by: Seen, page: str, now: datetime) -> Booking | None:
    """The booking that one page shows in one slot; of several that overlap, each on its share of pages by weight.

    Args:
        seen_by: strangers or registered readers.
        page: names the page and its epoch; the same name always gives the same booking.
    """
    live = sorted((one for one in bookings if one.is_for(slot, seen_by, now)), key=lambda one: one.ad_id)
    total = sum(one.weight for one in live)
    if not total:
        return None
    point = int.from_bytes(blake2b(f"{page} {slot}".encode(), digest_size=8).digest()) % total
    for one in live:
        point -= one.weight
        if point < 0:
            return one
    return None


def next_turn(bookings: Sequence[Booking], *, slot: Slot, seen_by: Seen, now: datetime) -> datetime | None:
    """When the next booking of a slot begins or ends for whoever sees it; None: never. Pages made now are outdated then."""
    own = [one for one in bookings if one.is_meant_for(slot, seen_by)]
    moments = [moment for one in own for moment in (one.starts_at, one.ends_at) if moment is not None and moment > now]
    return min(moments, default=None)
