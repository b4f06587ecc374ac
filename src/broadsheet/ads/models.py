"""House ads, and how often each was seen and followed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from wagtail.models import PreviewableMixin

from broadsheet.ads import signals
from broadsheet.ads.booking import Seen, Slot
from broadsheet.library.models import Photo

MOST_WEIGHT = 100


class HouseAd(PreviewableMixin, models.Model):
    """One notice of the publication, booked for a slot, an audience and some days of the publication's zone."""

    SLOTS: ClassVar = [(str(Slot.ARTICLE_END), "End of articles"), (str(Slot.LIST), "Home page and lists")]
    AUDIENCES: ClassVar = [
        (str(Seen.BOTH), "Everybody who does not subscribe"),
        (str(Seen.STRANGER), "Strangers"),
        (str(Seen.READER), "Registered readers"),
    ]

    class Label(models.TextChoices):
        OWN = "own", "From the publication"
        ADVERTISEMENT = "advertisement", "Advertisement"

    headline = models.CharField(max_length=90)
    text = models.CharField("words", max_length=240, blank=True)
    link = models.CharField(max_length=500, help_text="A page of this site, such as /subscribe/, or an address with https://.")
    picture = models.ForeignKey(Photo, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    label = models.CharField(max_length=16, choices=Label.choices, default=Label.OWN)
    slot = models.CharField(max_length=16, choices=SLOTS, default=str(Slot.ARTICLE_END))
    audience = models.CharField(max_length=12, choices=AUDIENCES, default=str(Seen.BOTH))
    first_day = models.DateField()
    last_day = models.DateField(null=True, blank=True, help_text="Empty: until it is switched off.")
    weight = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_WEIGHT)],
        help_text="Of ads booked for the same place and days, one with weight 2 stands on twice as many pages as one with 1.",
    )
    is_on = models.BooleanField("switched on", default=True)

    class Meta:
        ordering = ("-first_day", "-id")
        verbose_name = "house ad"
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day")), name="ads_housead_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(weight__gte=1) & Q(weight__lte=MOST_WEIGHT), name="ads_housead_weight"),
        ]

    def __str__(self) -> str:
        return self.headline

    def clean(self) -> None:
        """Refuse a link that leads nowhere safe, and days in the wrong order."""
        super().clean()
        problems = {}
        if self.link and not is_safe_link(self.link):
            problems["link"] = "Give a page of this site, such as /subscribe/, or an address that begins with https://."
        if self.first_day and self.last_day and self.last_day < self.first_day:
            problems["last_day"] = "The last day comes before the first."
        if problems:
            raise ValidationError(problems)

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """The ad in its place, as typed."""
        answers: list[tuple[Any, Any]] = signals.preview_requested.send(HouseAd, ad=self)
        return next((answer for _, answer in answers if answer is not None), HttpResponse(status=501))


class AdDay(models.Model):
    """How often one ad was shown and followed on one day of the publication's zone: sums, nothing about anybody.

    Without a key in the database to the ad, whose counts may arrive when it has just been deleted.
    """

    ad = models.ForeignKey(HouseAd, on_delete=models.CASCADE, related_name="days", db_constraint=False)
    day = models.DateField()
    views = models.PositiveBigIntegerField(default=0)
    clicks = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ("-day",)
        constraints = [models.UniqueConstraint(fields=("ad", "day"), name="ads_adday_once")]


def is_safe_link(link: str) -> bool:
    """Whether an ad may lead there: a path of this site, or another site by https; nothing that a browser reads otherwise."""
    if any(ord(character) <= 0x20 or ord(character) == 0x7F for character in link) or "\\" in link:
        return False
    is_own = link.startswith("/") and not link.startswith("//")
    return is_own or (link.startswith("https://") and len(link) > len("https://") and link[len("https://")] not in "/?#@:")
