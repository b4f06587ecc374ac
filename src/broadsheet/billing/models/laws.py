"""What the law asks where a publication sells, as switches, and what its own terms leave open."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting


class SaveOffer(models.TextChoices):
    """What is offered, once, to somebody who is about to cancel."""

    NONE = "none", "Nothing"
    PAUSE = "pause", "A pause of one to three months"
    CHEAPER = "cheaper", "The next cheaper plan"


@register_setting(icon="doc-full-inverse", order=130)
class LawSettings(BaseGenericSetting):
    """Which laws the publication keeps: one row. Rule, source and date of each stand in docs/law.md."""

    eu_withdrawal = models.BooleanField(
        "European Union: withdraw from a contract",
        default=False,
        help_text="A page /withdraw/ for everybody, linked at the foot of each page. Needed from 19 June 2026 on where you sell to "
        "consumers in the European Union.",
    )
    withdrawal_days = models.PositiveSmallIntegerField(
        "Days to withdraw in",
        default=14,
        validators=[MinValueValidator(14), MaxValueValidator(365)],
        help_text="The law gives 14; you may give more.",
    )
    german_cancel = models.BooleanField(
        "Germany: cancel contracts here",
        default=False,
        help_text="A page /cancel/ for everybody, linked at the foot of each page, for consumers in Germany.",
    )
    us_reminder = models.BooleanField(
        "United States: remind once a year",
        default=False,
        help_text="Everybody whose subscription renews by itself is told once a year what they pay and how to cancel.",
    )
    price_words = models.CharField(
        "Words beside each price", max_length=60, blank=True, help_text="Such as “incl. VAT”, where the law wants them."
    )
    save_offer = models.CharField(
        "Before somebody cancels, offer",
        max_length=8,
        choices=SaveOffer.choices,
        default=SaveOffer.NONE,
        help_text="One offer, on the page that cancels, beside the button that does.",
    )

    class Meta:
        verbose_name = "Law and cancelling"
