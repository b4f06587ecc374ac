"""What is kept of the links by which subscribers give articles away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count

from broadsheet.core.months import month_key
from broadsheet.membership.store import whole_grants
from broadsheet.paywall.models import FriendLink
from broadsheet.publication.store import load_publication


@dataclass(frozen=True, slots=True)
class GivenLink:
    """One link as its owner sees it; `opened` counts browsers."""

    link: FriendLink
    article_id: int
    headline: str
    path: str
    made_at: datetime
    ends_at: datetime
    taken_back_at: datetime | None
    opened: int
    is_live: bool


def is_subscriber(reader_id: int, *, now: datetime) -> bool:
    """Whether a reader's account is open and holds a live grant for everything."""
    return whole_grants(reader_id, now=now).filter(reader__is_active=True).exists()


def count_left(reader_id: int, *, now: datetime) -> int:
    """How many links a subscriber may still make this month."""
    month = month_key(now, settings.BROADSHEET.zone)
    return max(0, load_publication().friend_links_per_month - len(find_spent_slots(reader_id, month)))


def find_spent_slots(reader_id: int, month: str) -> list[int]:
    """The slots of one month that a reader has spent."""
    return list(FriendLink.objects.filter(reader_id=reader_id, month=month).values_list("slot", flat=True))


def find_link(token_hash: str, article_id: int) -> FriendLink | None:
    """The link with this token, if it is one to this article."""
    return FriendLink.objects.filter(token_hash=token_hash, article_id=article_id).first()


def find_live_link(reader_id: int, article_id: int, *, now: datetime) -> FriendLink | None:
    """The reader's link that still opens an article."""
    live = FriendLink.objects.filter(reader_id=reader_id, article_id=article_id, taken_back_at__isnull=True, ends_at__gt=now)
    return live.order_by("-id").first()


def load_links(reader_id: int, *, now: datetime) -> tuple[GivenLink, ...]:
    """A reader's links of the last weeks, the newest first."""
    rows = FriendLink.objects.filter(reader_id=reader_id).select_related("article").defer("article__body")
    return tuple(
        GivenLink(
            link=row,
            article_id=row.article_id,
            headline=row.article.headline,
            path=row.article.get_absolute_url(),
            made_at=row.made_at,
            ends_at=row.ends_at,
            taken_back_at=row.taken_back_at,
            opened=row.opened,
            is_live=row.taken_back_at is None and now < row.ends_at,
        )
        for row in rows.annotate(opened=Count("openings")).order_by("-id")
    )
