"""The books of the offline provider, on what would be its own servers. Demo and tests only."""

from __future__ import annotations

from django.db import models


class OfflineSubscription(models.Model):
    """One subscription as the offline provider keeps it, on what would be its own servers. Demo and tests only."""

    ref = models.CharField(max_length=40, unique=True)
    order_ref = models.CharField(max_length=40, unique=True)
    reader_id = models.BigIntegerField()
    address = models.EmailField(max_length=254)
    price_id = models.BigIntegerField()
    cents = models.PositiveIntegerField()
    full_cents = models.PositiveIntegerField(default=0, db_default=0)  # without discount
    discount_left = models.PositiveSmallIntegerField(null=True)  # payments that are still lower; None while that never ends
    at_renewal = models.JSONField(null=True)  # the price that the next period will have, if it is another
    currency = models.CharField(max_length=3)
    period = models.CharField(max_length=8)
    quantity = models.PositiveIntegerField(default=1)
    renews = models.BooleanField(default=True)
    status = models.CharField(max_length=10)
    started_at = models.DateTimeField()
    anchor_at = models.DateTimeField()  # the day and hour that periods are counted from
    period_end = models.DateTimeField()
    cancel_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    next_fails = models.BooleanField(default=False)

    class Meta:
        ordering = ("id",)


class OfflinePayment(models.Model):
    """One payment that was never made."""

    subscription = models.ForeignKey(OfflineSubscription, on_delete=models.CASCADE, related_name="payments")
    ref = models.CharField(max_length=40, unique=True)
    cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    paid_at = models.DateTimeField()
    refunded_cents = models.PositiveIntegerField(default=0)
    is_disputed = models.BooleanField(default=False)

    class Meta:
        ordering = ("id",)


class OfflineEvent(models.Model):
    """An event that waits to be sent."""

    event_id = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=40)
    subscription_ref = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
