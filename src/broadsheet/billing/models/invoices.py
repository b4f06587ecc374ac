"""Subscribing by invoice."""

from __future__ import annotations

from django.db import models

from broadsheet.accounts.models import User
from broadsheet.billing.models.plans import Plan


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
