"""What readers hold: grants, institutions, consent to newsletters."""

from __future__ import annotations

from django.db import models

from broadsheet.accounts.models import User
from broadsheet.library.models import Article


class Grant(models.Model):
    """One reason why a reader may read, with its start and end. Rights are the union of the live grants.

    With `article` it opens that one; without, it opens everything.
    """

    class Source(models.TextChoices):
        SUBSCRIPTION = "subscription"
        COMPLIMENTARY = "complimentary"
        GIFT = "gift"
        INSTANT = "instant"
        NEWSLETTER = "newsletter"
        STAFF = "staff"
        SEAT = "seat"

    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=16, choices=Source.choices)
    article = models.ForeignKey(Article, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        indexes = [models.Index(fields=("reader", "ends_at"), name="membership_grant_live")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=models.F("starts_at")),
                name="membership_grant_ends_after_start",
            )
        ]


class Institution(models.Model):
    """A library or ministry whose networks may read everything between two dates."""

    name = models.CharField(max_length=160, unique=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class InstitutionNetwork(models.Model):
    """One range of addresses of an institution, in CIDR notation."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="networks")
    network = models.CharField(max_length=49)


class NewsletterConsent(models.Model):
    """That a reader asked for a newsletter: which words they agreed to, when, and from where."""

    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    newsletter = models.SlugField(max_length=40)
    text = models.TextField()
    given_at = models.DateTimeField()
    network_key = models.CharField(max_length=32, blank=True)
    source = models.CharField(max_length=60)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-given_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=("reader", "newsletter"),
                condition=models.Q(ended_at__isnull=True),
                name="membership_one_live_consent",
            )
        ]
