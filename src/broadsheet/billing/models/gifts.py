"""Gifts: paid by one person, redeemed by another."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from broadsheet.accounts.models import User
from broadsheet.billing.models.subscriptions import Subscription
from broadsheet.membership.models import Grant


class Gift(models.Model):
    """One gift that has been ordered: for whom, from whom, when it is delivered, and who has redeemed it.

    Its code is made from `nonce` and the installation's secret key; only a hash of it is kept. `runs_until` is fixed
    when it is redeemed; the grant ends earlier while the money is not ours (`stopped_at`).
    """

    subscription = models.OneToOneField(Subscription, on_delete=models.PROTECT, related_name="+")
    address = models.EmailField(max_length=254, blank=True)
    giver_name = models.CharField(max_length=120, blank=True)
    message = models.TextField(max_length=500, blank=True)
    nonce = models.CharField(max_length=32)
    code_hash = models.CharField(max_length=32, unique=True)
    deliver_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    redeem_by = models.DateTimeField()
    reader = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    redeemed_at = models.DateTimeField(null=True)
    runs_until = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    is_paid = models.BooleanField(default=False)
    grant = models.OneToOneField(Grant, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            models.CheckConstraint(condition=Q(redeem_by__gt=F("deliver_at")), name="billing_gift_redeem_after_delivery"),
            models.CheckConstraint(
                condition=Q(redeemed_at__isnull=True, runs_until__isnull=True)
                | Q(redeemed_at__isnull=False, runs_until__isnull=False),
                name="billing_gift_runs_once_redeemed",
            ),
        ]
        indexes = [
            models.Index(fields=("deliver_at",), condition=Q(delivered_at__isnull=True), name="billing_gift_due"),
        ]

    def __str__(self) -> str:
        return f"Gift {self.pk}"
