"""Counting house ads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import connection

# One statement, so that processes that count at once add up. The edge writes the same past Django.
ADD_COUNTS = (
    "INSERT INTO ads_adday (ad_id, day, views, clicks) VALUES ({mark}, {mark}, {mark}, {mark})"
    " ON CONFLICT (ad_id, day) DO UPDATE SET views = ads_adday.views + excluded.views, clicks = ads_adday.clicks + excluded.clicks"
)


def add_counts(counts: Mapping[int, tuple[int, int]], *, day: date) -> None:
    """Add views and clicks, by ad, to those of one day; call it inside a transaction. In the order of ads, so that no two wait
    for each other."""
    with connection.cursor() as cursor:
        for ad_id, (views, clicks) in sorted(counts.items()):
            cursor.execute(ADD_COUNTS.format(mark="%s"), (ad_id, str(day), views, clicks))
