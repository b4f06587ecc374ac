"""The publication's own settings, edited in the desk and kept through upgrades."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting
from wagtail.fields import RichTextField
from wagtail.models import Orderable

from broadsheet.publication.addresses import is_taken
from broadsheet.publication.colours import LEAST_CONTRAST, find_weak_pairs, is_colour
from broadsheet.publication.placeholders import refusal

# What the wall's words may leave to be filled in: how many articles a month, and when the next ones come.
WALL_GAPS = ("allowance", "renews")
WALL_WORDS = (
    "wall_heading",
    "wall_text",
    "wall_button",
    "wall_small",
    "meter_text",
    "meter_button",
    "spent_text",
    "subscribers_text",
)
PLAIN_TEXT_FEATURES = ["h2", "h3", "bold", "italic", "link", "ol", "ul", "hr"]


@register_setting(icon="site", order=100)
class Publication(BaseGenericSetting, ClusterableModel):
    """Name, colours, numbers of the offer and wording of the wall: one row."""

    name = models.CharField(max_length=60, default="Broadsheet")
    tagline = models.CharField(max_length=160, blank=True)
    description = models.CharField(max_length=300, blank=True)
    logo = models.FileField(upload_to="publication/", blank=True)
    accent_light = models.CharField(max_length=7, default="#0d5c63")
    accent_dark = models.CharField(max_length=7, default="#67c3c0")
    language = models.CharField(max_length=12, default="en-GB")
    publisher = models.CharField(max_length=120, blank=True)

    articles_per_month = models.PositiveSmallIntegerField(default=3, validators=[MinValueValidator(0), MaxValueValidator(50)])
    instant_per_month = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(0), MaxValueValidator(10)])
    instant_per_network_per_day = models.PositiveIntegerField(default=20, validators=[MinValueValidator(1)])
    exempt_networks = models.TextField(blank=True)
    teaser_paragraphs = models.PositiveSmallIntegerField(default=3, validators=[MinValueValidator(1)])
    teaser_max_words = models.PositiveSmallIntegerField(default=350, validators=[MinValueValidator(30), MaxValueValidator(350)])
    teaser_max_percent = models.PositiveSmallIntegerField(default=40, validators=[MinValueValidator(5), MaxValueValidator(40)])
    newsletter_by_default = models.BooleanField(default=True)
    friend_links_per_month = models.PositiveSmallIntegerField(default=10, db_default=10, validators=[MaxValueValidator(100)])
    friend_link_days = models.PositiveSmallIntegerField(
        default=14, db_default=14, validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    friend_link_browsers = models.PositiveSmallIntegerField(
        default=50, db_default=50, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )

    wall_heading = models.CharField(max_length=120, default="Keep reading, free")
    wall_text = models.TextField(
        default="Leave your email address and the rest of this article opens at once. "
        "You also get {allowance} articles of your choice each month, and our free newsletter."
    )
    wall_button = models.CharField(max_length=40, default="Open this article")
    wall_small = models.CharField(
        max_length=300, default="No password. One letter to confirm the address; unsubscribe with one click."
    )
    meter_text = models.TextField(
        default="Opening it uses one of your {allowance} free articles this month. It then stays open to you for 30 days."
    )
    meter_button = models.CharField(max_length=40, default="Read this article")
    spent_text = models.TextField(default="You have read your {allowance} free articles this month. New ones on {renews}.")
    subscribers_text = models.TextField(default="This article is for subscribers.")
    offer_heading = models.CharField(max_length=120, default="Or subscribe, and have everything")
    offer_lines = models.TextField(
        default="The whole library, searchable to the last word\n"
        "Original analysis every weekday, and in-depth articles\n"
        "Every article opens at once, without a limit\n"
        "No advertising, anywhere"
    )
    help_address = models.EmailField(blank=True)
    money_alerts_to = models.EmailField(
        blank=True,
        default="",
        db_default="",
        help_text="Failed payments once a day, disputes at once. Empty: the help address.",
    )
    letter_footer = models.TextField(blank=True)

    class Meta:
        verbose_name = "publication"

    def clean(self) -> None:
        """Refuse an accent that cannot be read on the page, and words with gaps that nothing fills."""
        super().clean()
        problems = {name: refusal(getattr(self, name), WALL_GAPS) for name in WALL_WORDS}
        problems["accent_light"] = _accent_problem(self.accent_light, dark=False)
        problems["accent_dark"] = _accent_problem(self.accent_dark, dark=True)
        if any(problems.values()):
            raise ValidationError({name: problem for name, problem in problems.items() if problem})


def _accent_problem(colour: str, *, dark: bool) -> str:
    if not is_colour(colour):
        return "Give a colour as # and six hex digits, such as #0d5c63."
    weak = find_weak_pairs(colour, dark=dark)
    measured = ", ".join(f"{pair.ratio:.2f}:1 on {pair.surface}" for pair in weak)
    theme = "dark" if dark else "light"
    return f"{colour} can't be read in the {theme} theme: {measured}. At least {LEAST_CONTRAST}:1 is needed." if weak else ""


class MenuLink(Orderable):
    """One link of the masthead or the foot of the page."""

    MENUS: ClassVar = [("masthead", "Masthead"), ("foot", "Foot of the page")]
    publication = ParentalKey(Publication, on_delete=models.CASCADE, related_name="menu_links")
    menu = models.CharField(max_length=12, choices=MENUS, default="masthead")
    label = models.CharField(max_length=40)
    path = models.CharField(max_length=200)


class PlainPage(models.Model):
    """A page such as About, Privacy or Help at `/<slug>/`."""

    title = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    body = RichTextField(features=PLAIN_TEXT_FEATURES)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("title",)
        verbose_name = "plain page"

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/{self.slug}/"

    def clean(self) -> None:
        """Refuse an address that the site answers itself.

        Raises:
            ValidationError: the slug is one of those.
        """
        super().clean()
        if is_taken(self.slug):
            raise ValidationError({"slug": f"Broadsheet itself answers at /{self.slug}/. Choose another address."})


class LetterWording(models.Model):
    """The words of one kind of letter; a kind without a row uses the words that come with Broadsheet."""

    kind = models.SlugField(max_length=40, unique=True)
    subject = models.CharField(max_length=160)
    body = models.TextField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("kind",)
        verbose_name = "letter"

    def __str__(self) -> str:
        return self.subject
