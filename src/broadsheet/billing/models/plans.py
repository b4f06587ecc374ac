"""What is sold: plans and the history of their prices."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from broadsheet.accounts.models import User

# Pages below /subscribe/ that are no plan's.
TAKEN_SLUGS = frozenset({"code", "done", "gift", "group", "offer", "student"})


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
    min_seats = models.PositiveIntegerField(
        default=2, db_default=2, help_text="Of a plan for organisations: the price is for a seat."
    )
    max_seats = models.PositiveIntegerField(default=500, db_default=500)

    class Meta:
        ordering = ("position", "price_cents")

    def __str__(self) -> str:
        return self.name

    @property
    def lines(self) -> tuple[str, ...]:
        """What it holds, line by line."""
        return tuple(line.strip() for line in self.holds.splitlines() if line.strip())

    def clean(self) -> None:
        if self.slug in TAKEN_SLUGS:
            raise ValidationError({"slug": f"/subscribe/{self.slug}/ is another page already; choose another word."})


# What these plans open, they open to others: whom the gift is for, who sits on the seats.
FOR_OTHERS = (Plan.Kind.GIFT, Plan.Kind.GROUP)


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


class PriceChange(models.Model):
    """A price that those who hold an older one will pay from a day on, because the publisher says so in good time."""

    from_price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    to_price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+")
    effective_on = models.DateField(help_text="Taken at the first renewal on or after this day.")
    announced_at = models.DateTimeField()
    announced_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-effective_on", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=("from_price",), condition=models.Q(withdrawn_at__isnull=True), name="billing_price_change_once"
            ),
        ]


class StudentDeclaration(models.Model):
    """A reader's word that they study, and where; asked for again each year."""

    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    institution = models.CharField(max_length=160)
    declared_at = models.DateTimeField()

    class Meta:
        ordering = ("-declared_at", "-id")
