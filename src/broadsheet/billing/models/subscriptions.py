"""Orders, the subscriptions they lead to with their ledgers, and what staff have to look at."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from broadsheet.accounts.models import User
from broadsheet.billing.ledger import Line, LineKind, Status
from broadsheet.billing.models.plans import Price
from broadsheet.membership.models import Grant


class Subscription(models.Model):
    """One agreement to pay. The columns repeat what its ledger adds up to, so that lists need not fold it.

    Without a reader it belongs to an account that was erased; the money stays in the books.
    """

    reader = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=16)
    ref = models.CharField(max_length=120)
    customer_ref = models.CharField(max_length=120, blank=True)
    quantity = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=10, choices=[(status.value, status.value.replace("_", " ")) for status in Status])
    started_at = models.DateTimeField()
    period_end = models.DateTimeField()
    cancel_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    kept_cents = models.BigIntegerField(default=0)
    next_cents = models.BigIntegerField(null=True)  # what the provider takes next, discounts taken off
    card_expires = models.DateField(null=True)  # the card's last day
    grant = models.OneToOneField(Grant, null=True, on_delete=models.SET_NULL, related_name="+")
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ("-started_at", "-id")
        constraints = [models.UniqueConstraint(fields=("provider", "ref"), name="billing_subscription_once")]
        indexes = [models.Index(fields=("status", "period_end"), name="billing_subscription_due")]


class Order(models.Model):
    """Somebody goes to pay: what they are buying, which words they agreed to, and what it led to."""

    ref = models.CharField(max_length=40, unique=True)
    reader = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=16)
    quantity = models.PositiveIntegerField(default=1)
    discount_percent = models.PositiveSmallIntegerField(default=0)
    discount_periods = models.PositiveSmallIntegerField(null=True)  # how many payments are lower; None is all
    trial_days = models.PositiveSmallIntegerField(default=0, db_default=0)
    details = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))  # what its kind of plan asks for
    campaign = models.CharField(max_length=40, blank=True)
    next_path = models.CharField(max_length=300, blank=True)
    agreed_text = models.TextField(blank=True)
    network_key = models.CharField(max_length=32, blank=True)
    source = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    subscription = models.ForeignKey("Subscription", null=True, on_delete=models.SET_NULL, related_name="orders")

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=("campaign",), condition=~models.Q(campaign=""), name="billing_order_campaign")]


class LedgerLine(models.Model):
    """One line of a subscription's ledger; never changed and never deleted."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value.replace("_", " ")) for kind in LineKind])
    key = models.CharField(max_length=200)
    at = models.DateTimeField()
    written_at = models.DateTimeField()
    cents = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    until = models.DateTimeField(null=True)
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=("subscription", "key"), name="billing_line_once")]
        indexes = [
            models.Index(fields=("kind", "at"), name="billing_line_kind_at"),
            # Support looks for a payment by the number on a receipt.
            models.Index(fields=("detail",), condition=models.Q(kind="payment"), name="billing_line_payment"),
        ]

    @classmethod
    def of(cls, line: Line, subscription: Subscription, *, written_at: datetime) -> LedgerLine:
        """The row of one line, not yet stored."""
        return cls(
            subscription=subscription,
            kind=line.kind,
            key=line.key,
            at=line.at,
            written_at=written_at,
            cents=line.cents,
            currency=line.currency,
            until=line.until,
            detail=line.detail,
        )

    def line(self) -> Line:
        """The row as the ledger reads it."""
        return Line(LineKind(self.kind), self.key, self.at, self.cents, self.currency, self.until, self.detail)


class Alert(models.Model):
    """Something about money that a person has to look at."""

    key = models.CharField(max_length=120, unique=True)
    text = models.CharField(max_length=300)
    subscription = models.ForeignKey(Subscription, null=True, on_delete=models.SET_NULL, related_name="+")
    raised_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ("-raised_at", "-id")
