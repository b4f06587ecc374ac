"""Plans and their prices, orders, subscriptions with their ledgers, events of providers, requests for an invoice."""

from __future__ import annotations

from django.db import models

from broadsheet.accounts.models import User
from broadsheet.billing.ledger import Line, LineKind, Status
from broadsheet.membership.models import Grant


class Plan(models.Model):
    """What a reader can subscribe to, at which price, for how long."""

    class Period(models.TextChoices):
        MONTH = "month", "month"
        YEAR = "year", "year"

    class Kind(models.TextChoices):
        STANDARD = "standard", "For everybody"
        STUDENT = "student", "For people who study"
        GROUP = "group", "Seats for an organisation"
        GIFT = "gift", "A present, which never renews"

    name = models.CharField(max_length=60)
    slug = models.SlugField(max_length=40, unique=True)
    price_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3, default="EUR")
    period = models.CharField(max_length=8, choices=Period.choices)
    summary = models.CharField(max_length=200, blank=True)
    holds = models.TextField(blank=True, help_text="One line of the offer per line.")
    is_offered = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.STANDARD, db_default=Kind.STANDARD)
    trial_days = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Free days before the first payment.")

    class Meta:
        ordering = ("position", "price_cents")

    def __str__(self) -> str:
        return self.name


class Price(models.Model):
    """What a plan cost from a day on. Whoever subscribed at a price keeps it; the newest one is asked of others."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="prices")
    cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    period = models.CharField(max_length=8, choices=Plan.Period.choices)
    since = models.DateTimeField()
    provider_refs = models.JSONField(default=dict, blank=True, help_text="The price's number with each provider.")

    class Meta:
        ordering = ("-since", "-id")


class Order(models.Model):
    """Somebody goes to pay: what they are buying, which words they agreed to, and what it led to."""

    ref = models.CharField(max_length=40, unique=True)
    reader = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=16)
    quantity = models.PositiveIntegerField(default=1)
    discount_percent = models.PositiveSmallIntegerField(default=0)
    campaign = models.CharField(max_length=40, blank=True)
    next_path = models.CharField(max_length=300, blank=True)
    agreed_text = models.TextField(blank=True)
    network_key = models.CharField(max_length=32, blank=True)
    source = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    subscription = models.ForeignKey("Subscription", null=True, on_delete=models.SET_NULL, related_name="orders")

    class Meta:
        ordering = ("-created_at", "-id")


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
    grant = models.OneToOneField(Grant, null=True, on_delete=models.SET_NULL, related_name="+")
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ("-started_at", "-id")
        constraints = [models.UniqueConstraint(fields=("provider", "ref"), name="billing_subscription_once")]
        indexes = [models.Index(fields=("status", "period_end"), name="billing_subscription_due")]


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
        indexes = [models.Index(fields=("kind", "at"), name="billing_line_kind_at")]

    def line(self) -> Line:
        """The row as the ledger reads it."""
        return Line(LineKind(self.kind), self.key, self.at, self.cents, self.currency, self.until, self.detail)


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


class InvoiceRequest(models.Model):
    """Somebody asks to subscribe by invoice; the publisher answers it in the desk."""

    class State(models.TextChoices):
        NEW = "new", "New"
        ANSWERED = "answered", "Answered"
        DECLINED = "declined", "Declined"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    reader = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254)
    organisation = models.CharField(max_length=160, blank=True)
    postal_address = models.TextField(max_length=600)
    message = models.TextField(max_length=2000, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.name}, {self.plan}"


class OfflineSubscription(models.Model):
    """One subscription as the offline provider keeps it, on what would be its own servers. Demo and tests only."""

    ref = models.CharField(max_length=40, unique=True)
    order_ref = models.CharField(max_length=40, unique=True)
    reader_id = models.BigIntegerField()
    address = models.EmailField(max_length=254)
    price_id = models.BigIntegerField()
    cents = models.PositiveIntegerField()
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
