"""Keeps the history of prices, and writes the letters that new lines of a ledger call for."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save

from broadsheet.billing.alert_flows import report_dispute
from broadsheet.billing.gift_flows import follow_gift
from broadsheet.billing.group_flows import follow_group
from broadsheet.billing.letter_flows import write_letter_of_line
from broadsheet.billing.models import Plan, Price
from broadsheet.billing.subscription_flows import line_written
from broadsheet.billing.watch_flows import watch_line
from broadsheet.core import clock


def connect() -> None:
    """Called once, when the app is ready."""
    post_save.connect(_plan_saved, sender=Plan, dispatch_uid="billing.plan")
    line_written.connect(write_letter_of_line, dispatch_uid="billing.letters")
    line_written.connect(report_dispute, dispatch_uid="billing.disputes")
    line_written.connect(follow_gift, dispatch_uid="billing.gifts")
    line_written.connect(follow_group, dispatch_uid="billing.groups")
    line_written.connect(watch_line, dispatch_uid="billing.watch")


def _plan_saved(instance: Plan, **kwargs: Any) -> None:
    newest = instance.prices.first()
    wanted = (instance.price_cents, instance.currency, instance.period)
    if newest is None or (newest.cents, newest.currency, newest.period) != wanted:
        cents, currency, period = wanted
        Price.objects.create(plan=instance, cents=cents, currency=currency, period=period, since=clock.now())
