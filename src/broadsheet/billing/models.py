"""Plans and requests for an invoice. Payment comes with the providers."""

from __future__ import annotations

from django.db import models

from broadsheet.accounts.models import User


class Plan(models.Model):
    """What a reader can subscribe to, at which price, for how long."""

    class Period(models.TextChoices):
        MONTH = "month", "month"
        YEAR = "year", "year"

    name = models.CharField(max_length=60)
    slug = models.SlugField(max_length=40, unique=True)
    price_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3, default="EUR")
    period = models.CharField(max_length=8, choices=Period.choices)
    summary = models.CharField(max_length=200, blank=True)
    holds = models.TextField(blank=True, help_text="One line of the offer per line.")
    is_offered = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "price_cents")

    def __str__(self) -> str:
        return self.name


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
