"""House ads on pages: those booked now, with their pictures, and which of them one page shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from broadsheet.ads.booking import Booking, Seen, Slot, choose_booking, next_turn
from broadsheet.ads.models import HouseAd
from broadsheet.ads.store import booking_of, load_booked
from broadsheet.pages.pictures import load_expiries, load_pictures
from broadsheet.pages.records import Picture
from broadsheet.pages.variants import Audience

# Who sees ads, by whom the page is made for; whoever is missing sees none.
SEEN = {Audience.STRANGER: Seen.STRANGER, Audience.READER: Seen.READER}


@dataclass(frozen=True, slots=True)
class Ad:
    """A house ad as a page shows it. `path` is this site's own address, which counts the click and leads on.

    `picture_until` is when its picture may no longer be shown; None: it always may, or there is none.
    """

    ad_id: int
    is_own: bool
    headline: str
    text: str
    path: str
    leads_away: bool
    picture: Picture | None = None
    picture_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class BookedAds:
    """The ads that pages may show now or later, and the epoch that the choice among them is made in."""

    bookings: tuple[Booking, ...] = ()
    ads: dict[int, Ad] = field(default_factory=dict)
    epoch: int = 0

    def find(self, path: str, slot: Slot, audience: Audience, *, now: datetime) -> Ad | None:
        """The ad that one page shows in one slot; none for subscribers and in an institution's network."""
        seen_by = SEEN.get(audience)
        if seen_by is None:
            return None
        chosen = choose_booking(self.bookings, slot=slot, seen_by=seen_by, page=f"{path} {self.epoch}", now=now)
        return None if chosen is None else self.ads[chosen.ad_id]

    def valid_until(self, shown: Ad | None, slot: Slot, audience: Audience, *, now: datetime) -> datetime | None:
        """Until when a page that shows this ad in this slot, or none, is right for its audience; None: for ever."""
        seen_by = SEEN.get(audience)
        if seen_by is None:
            return None
        ends = [next_turn(self.bookings, slot=slot, seen_by=seen_by, now=now), shown.picture_until if shown else None]
        return min((end for end in ends if end is not None), default=None)


def load_ads(*, epoch: int, now: datetime) -> BookedAds:
    """What is booked now and later, ready for pages made in one epoch."""
    rows = load_booked(now=now)
    if not rows:
        return BookedAds(epoch=epoch)
    photo_ids = [row.picture_id for row in rows if row.picture_id]
    pictures = load_pictures(photo_ids, today=now.astimezone(settings.BROADSHEET.zone).date())
    ends = load_expiries(pictures)
    ads = {row.pk: ad_of(row, pictures.get(row.picture_id or 0), ends.get(row.picture_id or 0)) for row in rows}
    return BookedAds(tuple(booking_of(row) for row in rows), ads, epoch)


def ad_of(row: HouseAd, picture: Picture | None, picture_until: datetime | None = None) -> Ad:
    """One ad as pages show it."""
    return Ad(
        ad_id=row.pk or 0,
        is_own=row.label == HouseAd.Label.OWN,
        headline=row.headline,
        text=row.text,
        path=f"/go/{row.pk or 0}/",
        leads_away=not row.link.startswith("/"),
        picture=picture,
        picture_until=picture_until,
    )
