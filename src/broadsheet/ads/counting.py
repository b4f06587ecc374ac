"""How counts of house ads are kept: one statement for Django and for the edge, which has none. Pure."""

from __future__ import annotations

# Processes that count at once add up. Marks: the ad's number, the day, its views, its clicks.
ADD_COUNTS = (
    "INSERT INTO ads_adday (ad_id, day, views, clicks) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (ad_id, day) DO UPDATE SET views = ads_adday.views + excluded.views, clicks = ads_adday.clicks + excluded.clicks"
)
