"""Counts the walls that Django itself has shown."""

from __future__ import annotations

from django.db import Error, connection, transaction

from broadsheet.core import clock
from broadsheet.core.flows import EventKind, record_event
from broadsheet.paywall.wall_views import ViewsNotWritten, WallView, WallViews


def write(views: list[WallView]) -> None:
    """Write a batch to the event log, all or none."""
    now = clock.now()
    try:
        with transaction.atomic():
            for view in views:
                record_event(EventKind.WALL_SHOWN, now=now, article_id=view.article_id, source=view.reason, count=view.count)
    except Error as error:
        raise ViewsNotWritten(str(error)) from error
    finally:
        if not connection.in_atomic_block:
            connection.close()  # the thread that writes keeps none open between two batches


WALL_VIEWS = WallViews(write)
