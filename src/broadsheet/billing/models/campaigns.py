"""Campaigns: a lower price for a while, by a page of its own or by a code."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Upper

from broadsheet.billing.models.plans import Plan


class Campaign(models.Model):
    """One campaign. It takes `discount_percent` off the first `discount_periods` payments; off all of them if that is empty."""

    name = models.CharField(max_length=60, help_text="For the desk only.")
    slug = models.SlugField(max_length=40, unique=True, help_text="The page's address is /subscribe/offer/slug/.")
    code = models.CharField(
        max_length=40, blank=True, help_text="What readers may type on the subscribe page; capitals and small letters are the same."
    )
    has_page = models.BooleanField("Has a page", default=True, help_text="Whoever finds the page gets the discount.")
    headline = models.CharField(max_length=120, blank=True)
    text = models.TextField(max_length=2000, blank=True)
    plans = models.ManyToManyField(Plan, related_name="+")
    discount_percent = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(99)])
    discount_periods = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="How many payments are lower; after them the full price is taken. Empty: all.",
    )
    new_only = models.BooleanField("For new subscribers only", default=False)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    max_uses = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as many as come.")
    is_on = models.BooleanField("On", default=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(Upper("code"), condition=~models.Q(code=""), name="billing_campaign_code_once"),
            models.CheckConstraint(condition=models.Q(discount_percent__range=(1, 99)), name="billing_campaign_discount"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.code = self.code.strip()
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "It ends before it starts."})
        if not self.code and not self.has_page:
            raise ValidationError({"code": "Give it a code or a page; otherwise nobody can use it."})
