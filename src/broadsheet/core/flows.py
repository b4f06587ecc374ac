"""Writing to the change log, the event log and the tallies."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import models, transaction

from broadsheet.core.counts import COUNTS
from broadsheet.core.models import Change, Event, Tally, TrimmedLog
from broadsheet.core.months import month_key

CHANGES_KEPT = timedelta(hours=48)  # twice as long as a pass lives: its end may stand nowhere else
_TRIMMED_ROW = 1


class ChangeKind(StrEnum):
    """What a line of the change log is about, and what its subject holds."""

    ARTICLE = "article"  # an article's id
    ARTICLES = "articles"  # ids with commas, of articles that were imported; their pages have a line of their own
    SUBJECT = "subject"  # facet, id and slug of a topic, region or author, such as topic:7:energy
    ARRANGEMENT = "arrangement"  # ids with commas, or nothing: these articles' own pages and all lists, but no article's content
    PAGES = "pages"  # nothing: every page
    PUBLICATION = "publication"  # nothing: name, numbers, wording
    RIGHTS = "rights"  # a reader's id; passes count only from this line on
    SESSION = "session"  # the holder's name in passes of a session that is over
    INSTITUTION = "institution"  # nothing: who reads from which network
    KEYS = "keys"  # nothing: the keys that sign passes
    CLOCK = "clock"  # nothing: the demo's clock


class EventKind(StrEnum):
    WALL_SHOWN = "wall_shown"
    VIEWED = "viewed"
    SHARED = "shared"
    EMAIL_LEFT = "email_left"
    CONFIRMED = "confirmed"
    UNLOCKED = "unlocked"
    OFFER_SEEN = "offer_seen"
    INVOICE_REQUESTED = "invoice_requested"
    ORDERED = "ordered"
    SUBSCRIBED = "subscribed"
    RENEWED = "renewed"
    ENDED = "ended"
    GIFT_REDEEMED = "gift_redeemed"
    SEAT_TAKEN = "seat_taken"


def record_change(kind: ChangeKind, subject: str, *, now: datetime) -> Change:
    """Add a line to the change log; call it inside the transaction that makes the change."""
    return Change.objects.create(kind=kind, subject=subject, at=now)


def trim_change_log(*, now: datetime) -> int:
    """Delete the lines of the change log that no process needs any more; returns how many.

    Whoever has slept longer than they were kept sees from `TrimmedLog` that it has missed some.
    """
    old = Change.objects.filter(at__lt=now - CHANGES_KEPT)
    with transaction.atomic():
        ends = old.aggregate(last=models.Max("id"), last_at=models.Max("at"))
        if ends["last"] is None:
            return 0
        trimmed, _ = TrimmedLog.objects.select_for_update().get_or_create(pk=_TRIMMED_ROW)
        # Never back: after a clock was wrong, an old line may have a lower id than one that is gone already.
        trimmed.up_to = max(trimmed.up_to, ends["last"])
        trimmed.last_at = ends["last_at"] if trimmed.last_at is None else max(trimmed.last_at, ends["last_at"])
        trimmed.save()
        return old.filter(id__lte=ends["last"]).delete()[0]


def record_event(
    kind: EventKind,
    *,
    now: datetime,
    article_id: int | None = None,
    reader_id: int | None = None,
    source: str = "",
    count: int = 1,
) -> None:
    """Add an event, or `count` alike at once; `source` says which of several (unlock `1`, `2`, `3`)."""
    Event.objects.create(
        kind=kind,
        at=now,
        month=month_key(now, settings.BROADSHEET.zone),
        article_id=article_id,
        reader_id=reader_id,
        source=source,
        count=count,
    )


def count_try(scope: str, subject: str, *, limit: int, per: timedelta, now: datetime) -> bool:
    """Count one try and say whether it is within `limit` for the fixed window of length `per` that `now` falls in.

    A try beyond the limit is not counted, so that a refused reader who waits is let in again.
    """
    window = _window(per, now)
    with transaction.atomic():
        tally, _ = Tally.objects.get_or_create(
            scope=scope,
            subject=subject,
            window=window,
            defaults={"count": 0, "expires_at": now + per},
        )
        counted = Tally.objects.filter(pk=tally.pk, count__lt=limit).update(count=models.F("count") + 1)
    if not counted:
        COUNTS.events.count("refusal", f"limit-{scope}")
    return bool(counted)


def may_try(scope: str, subject: str, *, limit: int, per: timedelta, now: datetime) -> bool:
    """Whether another try would be within `limit`; counts nothing."""
    tried = Tally.objects.filter(scope=scope, subject=subject, window=_window(per, now)).values_list("count", flat=True).first()
    return (tried or 0) < limit


def take_back_try(scope: str, subject: str, *, per: timedelta, now: datetime) -> None:
    """Uncount one try of this window: what was counted before it was judged turned out right."""
    Tally.objects.filter(scope=scope, subject=subject, window=_window(per, now), count__gt=0).update(count=models.F("count") - 1)


def forget_old_tallies(*, now: datetime) -> int:
    """Delete the tallies whose window is over; returns how many."""
    deleted, _ = Tally.objects.filter(expires_at__lt=now).delete()
    return deleted


def _window(per: timedelta, now: datetime) -> str:
    seconds = int(per.total_seconds())
    start = int(now.timestamp()) // seconds * seconds
    return f"{start}/{seconds}"
