"""Counting house ads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import connection

from broadsheet.ads.counting import ADD_COUNTS


def add_counts(counts: Mapping[int, tuple[int, int]], *, day: date) -> None:
    """Add views and clicks, by ad, to those of one day; call it inside a transaction.

    In the order of the ads' numbers, so that no two processes wait for each other.
    """
    with connection.cursor() as cursor:
        for ad_id, (views, clicks) in sorted(counts.items()):
            cursor.execute(ADD_COUNTS.replace("?", "%s"), (ad_id, str(day), views, clicks))
