"""What this package keeps of people: nothing."""

from __future__ import annotations

from broadsheet.core.personal import REGISTER
from broadsheet.figures.models import (
    ArticleDayCount,
    CountedLedger,
    DayCount,
    LedgerNews,
    Mark,
    SubscriptionDay,
)


def register_tables() -> None:
    """Called once, when the app is ready."""
    for model in (DayCount, ArticleDayCount, SubscriptionDay, LedgerNews, CountedLedger):
        REGISTER.not_personal(model, "sums, and numbers of subscriptions; whose they are stands in billing's own table")
    REGISTER.not_personal(Mark, "how far the counting has come")
