"""Days as letters and pages about money say them."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from broadsheet.core.text import day_text


def show_day(at: datetime) -> str:
    """Such as `3 November 2025`, in the publication's zone."""
    return day_text(at, settings.BROADSHEET.zone)
