"""What we have to remember of Stripe's side."""

from __future__ import annotations

from django.db import models


class StripeCheckout(models.Model):
    """Which page of Stripe's an order was sent to: the way back from our number to theirs."""

    order_ref = models.CharField(max_length=40, unique=True)
    session_ref = models.CharField(max_length=120)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
