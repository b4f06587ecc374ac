"""What readers put aside, in folders and with notes; and, for those who asked for it, what they opened and how far they read."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from broadsheet.accounts.models import User
from broadsheet.library.models import Article

LONGEST_NAME = 80  # characters of a folder's name


def fold_name(name: str) -> str:
    """A folder's name as names are compared: capitals and the width of gaps tell no two apart."""
    return " ".join(name.split()).casefold()


class Folder(models.Model):
    """A reader's folder. One that was deleted stays for a day with what lay in it, so that deleting can be undone."""

    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=LONGEST_NAME)
    made_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("reader", "name"), condition=Q(removed_at__isnull=True), name="shelves_folder_name_once"
            )
        ]


class SavedArticle(models.Model):
    """One article that a reader saved. The row outlives the article, and for a day its own removal."""

    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    article = models.ForeignKey(Article, null=True, on_delete=models.SET_NULL, related_name="+")
    folder = models.ForeignKey(Folder, null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.TextField(blank=True)
    saved_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("reader", "article"), name="shelves_saved_once")]
        indexes = [models.Index(fields=("reader", "-saved_at", "-id"), name="shelves_saved_latest")]


class ReadingHistory(models.Model):
    """That a reader wants their reading kept: without this row there can be none of its readings."""

    reader = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="+")
    started_at = models.DateTimeField()


class Reading(models.Model):
    """One article that a reader opened, when first and last, and the furthest paragraph that they came to, counted from 1."""

    history = models.ForeignKey(ReadingHistory, on_delete=models.CASCADE, related_name="+")
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    first_opened_at = models.DateTimeField()
    last_opened_at = models.DateTimeField()
    paragraph = models.PositiveSmallIntegerField()
    paragraphs = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("history", "article"), name="shelves_reading_once"),
            models.CheckConstraint(
                condition=Q(paragraph__gte=1) & Q(paragraph__lte=F("paragraphs")), name="shelves_reading_within_article"
            ),
        ]
        indexes = [models.Index(fields=("history", "-last_opened_at", "-id"), name="shelves_reading_latest")]
