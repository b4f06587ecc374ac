"""How the home page is filled: pins by hand first, the rest by itself, nothing twice. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Section(StrEnum):
    """A part of the home page that an editor can pin to."""

    LEAD = "lead"
    LATEST = "latest"
    IN_DEPTH = "in_depth"


@dataclass(frozen=True, slots=True)
class Pin:
    """One article that an editor put into one section, until a moment or until it is taken away."""

    section: Section
    article_id: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One article that may stand on the home page; candidates come newest first."""

    article_id: int
    is_in_depth: bool
    region_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """How many articles each part holds at most."""

    lead: int = 1
    latest: int = 6
    in_depth: int = 3
    per_region: int = 3


@dataclass(frozen=True, slots=True)
class FrontPage:
    """The ids of the articles of each part, in the order in which they stand."""

    lead: tuple[int, ...]
    latest: tuple[int, ...]
    in_depth: tuple[int, ...]
    regions: Mapping[int, tuple[int, ...]]

    @property
    def article_ids(self) -> tuple[int, ...]:
        """Every article of the page, once."""
        return (*self.lead, *self.latest, *self.in_depth, *(i for ids in self.regions.values() for i in ids))


def arrange(
    candidates: Sequence[Candidate], pins: Sequence[Pin], room: Room, *, region_ids: Sequence[int], now: datetime
) -> FrontPage:
    """Arrange the home page.

    Pins whose article is not among the candidates (unpublished, under embargo) or whose time is over are
    passed by. A pin stands before what fills the rest of its section, and more pins than a section has room
    for are kept: the editor's hand counts more than the number. An article pinned twice stays at its first pin.

    Args:
        candidates: what readers may know of, newest first.
        pins: in the editor's order.
        room: how many each part holds.
        region_ids: the regions that have a part of their own, in their order.
        now: the moment by which `until` is judged.
    """
    known = {candidate.article_id for candidate in candidates}
    pinned = _place_pins(pins, known, now)
    taken = {article_id for ids in pinned.values() for article_id in ids}
    in_depth = [c.article_id for c in candidates if c.is_in_depth]
    every = [c.article_id for c in candidates]
    # The lead is filled first, then in-depth, so that the newest in-depth article does not end in the latest column.
    lead = _fill(pinned[Section.LEAD], every, room.lead, taken)
    depth = _fill(pinned[Section.IN_DEPTH], in_depth, room.in_depth, taken)
    latest = _fill(pinned[Section.LATEST], every, room.latest, taken)
    regions = {
        region_id: _fill((), [c.article_id for c in candidates if region_id in c.region_ids], room.per_region, taken)
        for region_id in region_ids
    }
    return FrontPage(lead, latest, depth, {region_id: ids for region_id, ids in regions.items() if ids})


def _place_pins(pins: Sequence[Pin], known: set[int], now: datetime) -> dict[Section, tuple[int, ...]]:
    placed: dict[Section, list[int]] = {section: [] for section in Section}
    seen: set[int] = set()
    for pin in pins:
        is_over = pin.until is not None and pin.until <= now
        if not is_over and pin.article_id in known and pin.article_id not in seen:
            placed[pin.section].append(pin.article_id)
            seen.add(pin.article_id)
    return {section: tuple(ids) for section, ids in placed.items()}


def _fill(pinned: Sequence[int], article_ids: Sequence[int], room: int, taken: set[int]) -> tuple[int, ...]:
    """`pinned`, then as many of `article_ids` as there is room for; what is used is added to `taken`."""
    filled = list(pinned)
    for article_id in article_ids:
        if len(filled) >= room:
            break
        if article_id not in taken:
            filled.append(article_id)
            taken.add(article_id)
    return tuple(filled)
