"""What was opened by whom: unlocks of the meter, instant articles, and slots spent by erased accounts."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from broadsheet.accounts.models import User
from broadsheet.library.models import Article


class Unlock(models.Model):
    """One article that a registered reader chose to open: one slot of one month.

    The table itself keeps the promise: a slot is taken once, an article counts once, and a slot beyond
    the allowance of the day (kept in the row) can't be stored.
    """

    pk = models.CompositePrimaryKey("reader_id", "month", "slot")
    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    month = models.CharField(max_length=7)
    slot = models.PositiveSmallIntegerField()
    article = models.ForeignKey(Article, null=True, on_delete=models.SET_NULL, related_name="+")
    allowance = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("reader", "month", "article"), name="paywall_unlock_article_once"),
            models.CheckConstraint(condition=Q(slot__gte=1) & Q(slot__lte=F("allowance")), name="paywall_unlock_slot_allowed"),
        ]
        indexes = [models.Index(fields=("reader", "article", "ends_at"), name="paywall_unlock_live")]


class InstantAccess(models.Model):
    """One article that opened at once because an address was left: bound to one browser, outside the meter."""

    browser_key = models.CharField(max_length=32)
    month = models.CharField(max_length=7)
    slot = models.PositiveSmallIntegerField()
    allowance = models.PositiveSmallIntegerField()
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("browser_key", "month", "slot"), name="paywall_instant_slot_once"),
            models.UniqueConstraint(fields=("browser_key", "month", "article"), name="paywall_instant_article_once"),
            models.CheckConstraint(condition=Q(slot__gte=1) & Q(slot__lte=F("allowance")), name="paywall_instant_slot_allowed"),
        ]


class ErasedUnlock(models.Model):
    """A slot that an erased account had spent: kept under a keyed hash of the address until the month is over."""

    address_hash = models.CharField(max_length=32)
    month = models.CharField(max_length=7)
    slot = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("address_hash", "month", "slot"), name="paywall_erased_slot_once")]
