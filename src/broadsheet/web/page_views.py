"""Counts the pages that Django itself has shown."""

from __future__ import annotations

from django.conf import settings
from django.db import Error, connection, transaction

from broadsheet.ads.flows import add_counts
from broadsheet.core import clock
from broadsheet.core.flows import EventKind, record_event
from broadsheet.paywall.page_views import PageView, PageViews, ViewsNotWritten, sum_ads, sum_events


def write(views: list[PageView]) -> None:
    """Write a batch to the event log and to the ads' days, all or none."""
    now = clock.now()
    try:
        with transaction.atomic():
            for kind, article_id, reason, number in sum_events(views):
                record_event(EventKind(kind), now=now, article_id=article_id, source=reason, count=number)
            add_counts(sum_ads(views), day=now.astimezone(settings.BROADSHEET.zone).date())
    except Error as error:
        raise ViewsNotWritten(str(error)) from error
    finally:
        if not connection.in_atomic_block:
            connection.close()  # the thread that writes keeps none open between two batches


PAGE_VIEWS = PageViews(write)
