"""What readers declare without signing in: that they withdraw from a contract, or that they cancel it."""

from __future__ import annotations

from django.db import models

from broadsheet.accounts.models import User


class Declaration(models.Model):
    """One declaration as it came in, with its time. Whoever wrote it need not be whoever has the address.

    It points at no account: staff look for one when they answer, so that what the page does never depends on one.
    """

    class Kind(models.TextChoices):
        WITHDRAWAL = "withdrawal", "Withdrawal"
        CANCELLATION = "cancellation", "Cancellation"

    class State(models.TextChoices):
        NEW = "new", "New"
        SETTLED = "settled", "Settled"
        DECLINED = "declined", "Declined"

    ref = models.CharField(max_length=16, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254)
    address_key = models.CharField(max_length=254, db_index=True)
    contract = models.CharField(max_length=300)
    is_extraordinary = models.BooleanField(default=False)
    reason = models.TextField(max_length=2000, blank=True)
    ends_on = models.DateField(null=True)  # None: as soon as it can end
    network_key = models.CharField(max_length=32)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    outcome = models.CharField(max_length=300, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=("state", "created_at"), name="billing_declaration_state")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.ref}"
