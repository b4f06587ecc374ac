"""What is kept of house ads, as plain records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Q, Sum

from broadsheet.ads.booking import Booking, Seen, Slot
from broadsheet.ads.models import AdDay, HouseAd


@dataclass(frozen=True, slots=True)
class DayCount:
    """How often an ad was shown and followed on one day."""

    day: date
    views: int
    clicks: int


def load_booked(*, now: datetime) -> tuple[HouseAd, ...]:
    """Every ad that is switched on and not over, those among them that have yet to begin."""
    today = now.astimezone(settings.BROADSHEET.zone).date()
    return tuple(HouseAd.objects.filter(Q(last_day__isnull=True) | Q(last_day__gte=today), is_on=True).order_by("id"))


def booking_of(ad: HouseAd) -> Booking:
    """An ad's booking; its days begin and end at midnight in the publication's zone."""
    zone = settings.BROADSHEET.zone
    ends_at = None if ad.last_day is None else datetime.combine(ad.last_day + timedelta(days=1), time(), zone)
    starts_at = datetime.combine(ad.first_day, time(), zone)
    return Booking(ad.pk, Slot(ad.slot), Seen(ad.audience), starts_at, ends_at, ad.weight)


def find_link(ad_id: int) -> str | None:
    """Where an ad leads."""
    return HouseAd.objects.filter(pk=ad_id).values_list("link", flat=True).first()


def load_totals() -> Sequence[HouseAd]:
    """Every ad with `views` and `clicks` over all days (None where nothing was counted), the latest bookings first."""
    return list(HouseAd.objects.annotate(views=Sum("days__views"), clicks=Sum("days__clicks")))


def load_days(ad_id: int) -> tuple[DayCount, ...]:
    """The days on which one ad was shown or followed, the latest first."""
    rows = AdDay.objects.filter(ad_id=ad_id).order_by("-day").values_list("day", "views", "clicks")
    return tuple(DayCount(*row) for row in rows)
