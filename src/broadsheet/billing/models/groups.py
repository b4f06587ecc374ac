"""Organisations that pay for seats, and who sits on them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from broadsheet.accounts.models import User
from broadsheet.billing.models.subscriptions import Subscription
from broadsheet.membership.models import Grant


class Organisation(models.Model):
    """Who pays for seats. The owner invites, removes and pays; `offered_to` is asked to take that over."""

    name = models.CharField(max_length=160)
    subscription = models.OneToOneField(Subscription, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    offered_to = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class OrganisationDomain(models.Model):
    """A domain whose confirmed addresses may take a seat by themselves."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(max_length=190)  # in ASCII (IDNA), small letters
    added_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("domain",)
        constraints = [models.UniqueConstraint(fields=("organisation", "domain"), name="billing_domain_once")]
        indexes = [models.Index(fields=("domain",), name="billing_domain")]


class Seat(models.Model):
    """One seat that is in use: promised to an address by an invitation, or taken by a reader.

    The table itself keeps the promise: a number is used once, a reader sits once, and a number beyond the seats that
    were paid for on that day (kept in the row) can't be stored.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="seats")
    number = models.PositiveIntegerField()
    paid_seats = models.PositiveIntegerField()
    address = models.EmailField(max_length=254)  # what the owner sees: as invited, or the account's of who joined by domain
    address_key = models.CharField(max_length=254)
    token_hash = models.CharField(max_length=32, unique=True)
    invited_at = models.DateTimeField(null=True)
    reader = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    taken_at = models.DateTimeField(null=True)
    grant = models.OneToOneField(Grant, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=("organisation", "number"), name="billing_seat_number_once"),
            models.UniqueConstraint(fields=("organisation", "reader"), name="billing_seat_reader_once"),
            models.UniqueConstraint(fields=("organisation", "address_key"), name="billing_seat_address_once"),
            models.CheckConstraint(condition=Q(number__gte=1) & Q(number__lte=F("paid_seats")), name="billing_seat_paid"),
        ]
