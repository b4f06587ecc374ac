"""Events that payment providers have sent."""

from __future__ import annotations

from django.db import models


class ReceivedEvent(models.Model):
    """An event that a provider sent: kept once, answered at once, settled soon after."""

    provider = models.CharField(max_length=16)
    event_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=60)
    subscription_ref = models.CharField(max_length=120, blank=True)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=("provider", "event_id"), name="billing_event_once")]
        indexes = [
            models.Index(fields=("due_at",), condition=models.Q(settled_at__isnull=True), name="billing_event_due"),
        ]
