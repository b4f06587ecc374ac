"""The variant table: finished bytes of every page that readers share."""

from __future__ import annotations

from django.db import models


class Variant(models.Model):
    """One page in one form (`wall`, `open-unlock-2`, …), compressed once.

    `recipe` names the templates and settings it was made with; `valid_until` is when something on it
    (a photo's licence, the month of a meter text) runs out.
    """

    path = models.CharField(max_length=300)
    kind = models.CharField(max_length=40)
    recipe = models.CharField(max_length=32)
    content_type = models.CharField(max_length=60)
    etag = models.CharField(max_length=48)
    body_gzip = models.BinaryField()
    body_brotli = models.BinaryField()
    valid_until = models.DateTimeField(null=True)
    built_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("path", "kind"), name="pages_variant_once")]


class VariantMention(models.Model):
    """That a variant names an article, so that unpublishing the article drops the variant."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="mentions")
    article_id = models.BigIntegerField(db_index=True)


class Epoch(models.Model):
    """A counter that every change to pages moves on, in its own transaction; one row.

    A builder reads it first and stores its bytes only if it still stands, so a page built from old rows
    while an editor publishes is never kept.
    """

    value = models.BigIntegerField(default=0)
