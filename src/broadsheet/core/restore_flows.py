"""What a database has to know when it was restored from an older copy of itself."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.core.models import Change, SigningKey, TrimmedLog

_TRIMMED_ROW = 1


def leave_past_behind(*, now: datetime) -> None:
    """Make every process forget what it holds, and end the passes that were made before.

    The lines that the restored log lacks may have been read already, under ids that it would give again. So it goes on
    from an id that no log reaches by counting, the present in milliseconds, and all below counts as trimmed just now:
    whoever has read less forgets everything, passes made before are asked about, and rights that change from now on are
    newer than any of them. Places in the log are numbers of the old server's transactions, which mean nothing on another.
    """
    with transaction.atomic():
        last = max(int(now.timestamp() * 1000), Change.objects.order_by("-id").values_list("id", flat=True).first() or 0)
        Change.objects.update(place=0)
        TrimmedLog.objects.update_or_create(pk=_TRIMMED_ROW, defaults={"up_to": last, "last_at": now})
        Change.objects.create(id=last + 1, kind=ChangeKind.PAGES, subject="", at=now)
        _count_on_from(last + 1)
        SigningKey.objects.all().delete()
        record_change(ChangeKind.KEYS, "", now=now)


def _count_on_from(id: int) -> None:
    """PostgreSQL's sequences know nothing of an id that was given by hand; SQLite's do."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [Change._meta.db_table, id])
