"""Holding letters back and letting them go: a copy restored from a backup sends nothing until it is told to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from broadsheet.mail.models import OutboxLetter, Sending

_ROW = 1
_DISCARDED = "Not sent: it was queued before the backup that this site was restored from."
# A letter that was being sent may have arrived; it goes back to the queue when its lease is over, as after any crash.
_UNSENT = (OutboxLetter.State.WAITING, OutboxLetter.State.SENDING)


@dataclass(frozen=True, slots=True)
class Queue:
    """What is in the outbox, unsent.

    `copied` counts letters that were there when the backup was made: the original may have sent them since. Without a
    known time of the backup, while letters are held, all count as copied.
    """

    is_held: bool
    waiting: int
    copied: int
    copied_at: datetime | None


def load_queue() -> Queue:
    """The state of the outbox."""
    row = Sending.objects.filter(pk=_ROW).first()
    is_held, copied_at = not (row and row.is_allowed), row.copied_at if row else None
    return Queue(is_held, _unsent().count(), _copied(row).count(), copied_at)


def hold_mail(*, copied_at: datetime | None = None) -> None:
    """Keep all letters in the outbox from now on; `copied_at` says of which moment this database is a copy."""
    known = {"copied_at": copied_at} if copied_at else {}
    Sending.objects.update_or_create(pk=_ROW, defaults={"is_allowed": False, **known})


def release_mail(*, discard_copied: bool) -> int:
    """Send letters again; with `discard_copied`, without those that the backup brought. Returns how many those were.

    A discarded letter stays in the outbox, refused with its reason, so that support can say what became of it.
    """
    with transaction.atomic():
        row = Sending.objects.select_for_update().filter(pk=_ROW).first()
        discarded = 0
        if discard_copied:
            refused = {"state": OutboxLetter.State.REFUSED, "claimed_until": None, "problem": _DISCARDED}
            discarded = _copied(row).update(**refused)
        Sending.objects.update_or_create(pk=_ROW, defaults={"is_allowed": True, "copied_at": None})
    return discarded


def _unsent() -> models.QuerySet[OutboxLetter]:
    return OutboxLetter.objects.filter(state__in=_UNSENT)


def _copied(row: Sending | None) -> models.QuerySet[OutboxLetter]:
    if row is None:
        return _unsent()
    return _unsent().filter(created_at__lte=row.copied_at) if row.copied_at else _unsent().none()
