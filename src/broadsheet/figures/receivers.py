"""Hears of new lines in ledgers."""

from __future__ import annotations

from typing import Any

from broadsheet.billing.models import Subscription
from broadsheet.billing.subscription_flows import line_written
from broadsheet.figures.models import LedgerNews


def connect() -> None:
    """Called once, when the app is ready."""
    line_written.connect(_line_written, dispatch_uid="figures.ledger")


def _line_written(subscription: Subscription, **kwargs: Any) -> None:
    LedgerNews.objects.create(subscription_id=subscription.pk)
