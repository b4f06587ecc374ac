"""How freely the editor gives an article, and what kind of article it is."""

from __future__ import annotations

from enum import StrEnum


class Access(StrEnum):
    """Who may read an article, before any embargo."""

    FREE = "free"
    METERED = "metered"
    SUBSCRIBERS = "subscribers"


class Kind(StrEnum):
    """What sort of article it is."""

    DAILY = "daily"
    IN_DEPTH = "in-depth"
    BRIEFING = "briefing"
