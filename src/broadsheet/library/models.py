"""Articles and what they refer to: authors, topics, regions, photos; the home page, series, sets to start with; imports."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.contrib.contenttypes.fields import GenericRelation
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting
from wagtail.fields import RichTextField, StreamField
from wagtail.images.models import AbstractImage, AbstractRendition, Filter, Image
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    Orderable,
    PreviewableMixin,
    Revision,
    RevisionMixin,
    WorkflowMixin,
    WorkflowState,
)
from wagtail.search import index

from broadsheet.gazetteer.countries import load_countries
from broadsheet.library import signals
from broadsheet.library.access import Access, Kind
from broadsheet.library.blocks import NOTE_FEATURES, BodyBlock
from broadsheet.library.slugs import LONGEST, TAKEN, make_slug

ACCESS_CHOICES = [(Access.METERED, "Metered"), (Access.FREE, "Free"), (Access.SUBSCRIBERS, "Subscribers only")]
KIND_CHOICES = [(Kind.DAILY, "Daily"), (Kind.IN_DEPTH, "In depth"), (Kind.BRIEFING, "Briefing")]


class Photo(AbstractImage):
    """A picture with the words and rights that belong to it. After `expires_on` it is shown nowhere."""

    alt = models.CharField("alternative text", max_length=300, blank=True)
    caption = models.TextField(blank=True)
    credit = models.CharField(max_length=200, blank=True)
    licence = models.CharField(max_length=120, blank=True)
    expires_on = models.DateField(null=True, blank=True, help_text="Last day on which the picture may be shown.")
    source_url = models.CharField(max_length=500, blank=True, editable=False)
    expiry_followed_on = models.DateField(null=True, blank=True, editable=False)

    admin_form_fields = (*Image.admin_form_fields, "alt", "caption", "credit", "licence", "expires_on")

    def is_expired(self, today: date) -> bool:
        """Whether the last day on which the picture may be shown is over."""
        return self.expires_on is not None and self.expires_on < today

    @property
    def default_alt_text(self) -> str:
        return self.alt or self.title

    def get_rendition(self, filter: Filter | str) -> AbstractRendition:
        """The rendition if the job has made it, else the original: no request ever makes one."""
        wanted = Filter(spec=filter) if isinstance(filter, str) else filter
        if wanted.spec != "original" and not self.is_svg():
            try:
                return self.find_existing_rendition(self.clean_filter_for_svg(wanted))
            except PhotoRendition.DoesNotExist:
                pass
        return self._stand_in(wanted)

    def get_renditions(self, *filters: Filter | str) -> dict[str, AbstractRendition]:
        wanted = [Filter(spec=f) if isinstance(f, str) else f for f in filters]
        return {f.spec: self.get_rendition(f) for f in wanted}

    def _stand_in(self, wanted: Filter) -> PhotoRendition:
        return PhotoRendition(image=self, filter_spec=wanted.spec, file=self.file.name, width=self.width, height=self.height)


class PhotoRendition(AbstractRendition):
    """One size of a photo; made by a job, never in a reader's request."""

    image = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("image", "filter_spec", "focal_point_key"), name="library_rendition_once")]


class Subject(models.Model):
    """What topics and regions share: a name, an address and a sentence about it."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name


class Topic(Subject):
    """What an article is about."""

    def get_absolute_url(self) -> str:
        return f"/topics/{self.slug}/"


class Region(Subject):
    """Which part of the world an article is about."""

    def get_absolute_url(self) -> str:
        return f"/regions/{self.slug}/"


class Author(models.Model):
    """Who wrote an article: a person or a desk."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    biography = RichTextField(blank=True, features=NOTE_FEATURES)
    expertise = models.CharField(max_length=200, blank=True)
    affiliation = models.CharField(max_length=200, blank=True)
    picture = models.ForeignKey(Photo, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/authors/{self.slug}/"


class Article(
    WorkflowMixin,
    DraftStateMixin,
    LockableMixin,
    RevisionMixin,
    PreviewableMixin,
    index.Indexed,
    ClusterableModel,
):
    """One article. The row is the published state (or the first draft); later drafts live in revisions."""

    headline = models.CharField(max_length=200)
    slug = models.SlugField(max_length=LONGEST, blank=True)
    headline_home = models.CharField("headline on the home page", max_length=120, blank=True)
    headline_search = models.CharField("headline for search engines", max_length=120, blank=True)
    headline_social = models.CharField("headline for social media", max_length=160, blank=True)
    dek = models.TextField(blank=True, help_text="One or two sentences under the headline; open to everybody.")
    kind = models.CharField(max_length=10, choices=KIND_CHOICES, default=Kind.DAILY)
    access = models.CharField(max_length=12, choices=ACCESS_CHOICES, default=Access.METERED)
    embargo_until = models.DateTimeField(null=True, blank=True, help_text="Until then nobody but the staff sees it, anywhere.")
    main_topic = models.ForeignKey(
        Topic, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="Shown above the headline."
    )
    topics = ParentalManyToManyField(Topic, blank=True, related_name="+")
    regions = ParentalManyToManyField(Region, blank=True, related_name="+")
    body = StreamField(BodyBlock(), blank=True)
    lead_photo = models.ForeignKey(Photo, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    lead_caption = models.TextField(blank=True, help_text="Empty: the photo's own caption.")
    published_at = models.DateTimeField(
        null=True, blank=True, help_text="The date readers see. Empty: the moment of first publication."
    )
    revised_at = models.DateTimeField(null=True, blank=True, help_text="Shown as “updated” when set.")

    _revisions = GenericRelation(Revision, related_query_name="article")
    workflow_states = GenericRelation(
        WorkflowState,
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="article",
        for_concrete_model=False,
    )

    search_fields: ClassVar = [index.SearchField("headline"), index.AutocompleteField("headline")]

    class Meta:
        ordering = ("-published_at", "-id")
        indexes = [
            models.Index(fields=("live", "-published_at", "-id"), name="library_article_latest"),
            models.Index(fields=("-published_at", "-id"), name="library_article_desk"),
            models.Index(fields=("headline", "id"), name="library_article_headline"),
            models.Index(fields=("kind", "-published_at", "-id"), name="library_article_kind"),
            # Few articles have one; when the next ends is asked whenever a list is made.
            models.Index(
                fields=("embargo_until",), condition=models.Q(embargo_until__isnull=False), name="library_article_embargo"
            ),
        ]

    def __str__(self) -> str:
        return self.headline

    @property
    def revisions(self) -> Any:
        return self._revisions

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.slug = make_slug(self.headline)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse a slug under which no article would be found.

        Raises:
            ValidationError: another page has this address.
        """
        super().clean()
        if self.slug in TAKEN:
            raise ValidationError({"slug": f"“{self.slug}” leads to a button of the article. Give another word, or several."})

    def get_absolute_url(self) -> str:
        return f"/articles/{self.pk}/{self.slug}/"

    def publish(self, revision: Revision, *args: Any, **kwargs: Any) -> None:
        """Publish `revision` in one transaction with what follows: `flows.follow_publication` hears Wagtail's signal."""
        with transaction.atomic():
            super().publish(revision, *args, **kwargs)

    def unpublish(self, *args: Any, **kwargs: Any) -> None:
        """Take the article from every surface in one transaction; `flows.withdraw` hears Wagtail's signal."""
        with transaction.atomic():
            super().unpublish(*args, **kwargs)

    @property
    def preview_modes(self) -> list[tuple[str, str]]:
        return [
            ("stranger", "As a stranger"),
            ("left-3", "Registered, 3 left"),
            ("left-1", "Registered, 1 left"),
            ("left-0", "Registered, none left"),
            ("subscriber", "As a subscriber"),
        ]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        answers: list[tuple[Any, Any]] = signals.preview_requested.send(Article, article=self, mode=mode_name, request=request)
        return next(answer for _, answer in answers if answer is not None)


class Byline(Orderable):
    """One author of one article, in the order of the byline."""

    article = ParentalKey(Article, on_delete=models.CASCADE, related_name="bylines")
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="+")

    class Meta(Orderable.Meta):
        constraints = [models.UniqueConstraint(fields=("article", "author"), name="library_byline_once")]


class Correction(Orderable):
    """What was wrong in an article, and when that was said."""

    article = ParentalKey(Article, on_delete=models.CASCADE, related_name="corrections")
    date = models.DateField()
    text = models.TextField()

    class Meta(Orderable.Meta):
        indexes = [models.Index(fields=("-date", "-id"), name="library_correction_latest")]


class ArticleTeaser(models.Model):
    """The open start of a published article. Kept apart from the rest: the wall is built from this alone."""

    article = models.OneToOneField(Article, primary_key=True, on_delete=models.CASCADE, related_name="+")
    html = models.TextField()
    text = models.TextField()


class ArticleRest(models.Model):
    """What follows the teaser in a published article, notes included."""

    article = models.OneToOneField(Article, primary_key=True, on_delete=models.CASCADE, related_name="+")
    html = models.TextField()


class ArticleText(models.Model):
    """The whole body as plain text, with offsets that stay put while the text does.

    `paragraphs` is a list of `[start, end]` pairs of character offsets into `body_text`; the teaser is
    `body_text[:teaser_end]`.
    """

    article = models.OneToOneField(Article, primary_key=True, on_delete=models.CASCADE, related_name="+")
    body_text = models.TextField()
    paragraphs = models.JSONField()
    teaser_end = models.PositiveIntegerField()
    word_count = models.PositiveIntegerField()
    photo_ids = models.JSONField(default=list)


class ArticleCountry(models.Model):
    """That a published article is about a country, by the names in it; written with its texts. More weight: more about it."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="countries")
    code = models.CharField(max_length=2)
    weight = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("code", "article"), name="library_article_country_once")]


class CountryFiling(models.Model):
    """How far the articles are looked through for countries by one edition of the rules; one row, none before it is begun."""

    rules = models.PositiveIntegerField()
    after = models.BigIntegerField(default=0)  # the number of the article looked at last
    is_done = models.BooleanField(default=False)


class OldAddress(models.Model):
    """A path that an imported article had before; it redirects for ever."""

    path = models.CharField(max_length=500, unique=True)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")


class SourceRecord(models.Model):
    """Where an imported article came from, so that a second import changes it instead of doubling it."""

    identity = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=500)
    imported_at = models.DateTimeField()


@register_setting(icon="home", order=90)
class HomePage(BaseGenericSetting, ClusterableModel):
    """How the home page is arranged: pins by hand, the rest by itself, nothing twice."""

    lead_count = models.PositiveSmallIntegerField(default=1)
    latest_count = models.PositiveSmallIntegerField(default=6)
    in_depth_count = models.PositiveSmallIntegerField(default=3)
    per_region_count = models.PositiveSmallIntegerField(default=3)

    class Meta:
        verbose_name = "home page"


class HomePin(Orderable):
    """One article put in one place of the home page by an editor."""

    SECTIONS: ClassVar = [("lead", "Lead"), ("latest", "Latest"), ("in_depth", "In depth")]
    home = ParentalKey(HomePage, on_delete=models.CASCADE, related_name="pins")
    section = models.CharField(max_length=10, choices=SECTIONS, default="lead")
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: until you take it away.")


class Arrangement(ClusterableModel):
    """Articles in an editor's order. It is saved with all its parts in one transaction, and says so once, after the last."""

    is_being_saved = False  # its parts say nothing by themselves then

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        self.is_being_saved = True
        try:
            with transaction.atomic():
                super().save(**kwargs)
                signals.arrangement_saved.send(type(self), instance=self)
        finally:
            self.is_being_saved = False


class Series(Arrangement):
    """A named sequence of articles, to be read in its order."""

    title = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    dek = models.TextField(blank=True, help_text="One or two sentences about the whole.")
    is_complete = models.BooleanField("complete", default=False, help_text="No part will follow.")

    stood: tuple[str, list[int]] | None = None  # its slug and its articles before it is saved

    class Meta:
        ordering = ("title",)
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/series/{self.slug}/"


class SeriesPart(Orderable):
    """One article of a series. Those that readers may not know of yet are passed over in the count."""

    series = ParentalKey(Series, on_delete=models.CASCADE, related_name="parts")
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")

    class Meta(Orderable.Meta):
        constraints = [models.UniqueConstraint(fields=("series", "article"), name="library_series_part_once")]


class StartSet(Arrangement):
    """What an editor would have somebody read first: of one topic, of one region, or of the whole library."""

    title = models.CharField(max_length=80)
    sentence = models.CharField(max_length=240, blank=True, help_text="Whom these articles are for, or what they explain.")
    topic = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "id")
        verbose_name = "start here"
        verbose_name_plural = "start here"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(topic__isnull=True) | models.Q(region__isnull=True), name="library_start_set_one_subject"
            )
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse a set that belongs to two.

        Raises:
            ValidationError: it names a topic and a region.
        """
        super().clean()
        if self.topic_id and self.region_id:
            raise ValidationError({"region": "Choose a topic or a region, not both. With neither it belongs to the whole library."})

    @property
    def subject(self) -> Topic | Region | None:
        """The topic or region it belongs to; None: the whole library."""
        return self.topic or self.region


class StartEntry(Orderable):
    """One article of a set, in the editor's order."""

    start_set = ParentalKey(StartSet, on_delete=models.CASCADE, related_name="entries")
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")

    class Meta(Orderable.Meta):
        constraints = [models.UniqueConstraint(fields=("start_set", "article"), name="library_start_entry_once")]


def country_choices() -> list[tuple[str, str]]:
    """The code and name of every country."""
    return [(code, country.name) for code, country in load_countries().items()]


class CountryNote(models.Model):
    """What an editor says of a country in place of, or besides, what the gazetteer does."""

    code = models.CharField("country", max_length=2, unique=True, choices=country_choices)
    name = models.CharField(max_length=80, blank=True, help_text="What your publication calls it. Empty: as the gazetteer does.")
    note = models.TextField(blank=True, help_text="Shown on the country’s page, as on what is disputed.")
    is_hidden = models.BooleanField("hidden", default=False, help_text="It has no page, and no article or list names it.")

    class Meta:
        ordering = ("code",)
        verbose_name = "note on a country"
        verbose_name_plural = "notes on countries"

    def __str__(self) -> str:
        return self.name or load_countries()[self.code].name
