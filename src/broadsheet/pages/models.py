"""The variant table: finished bytes of every page that readers share."""

from __future__ import annotations

from django.db import models


class Variant(models.Model):
    """One page in one form, made with one recipe, compressed once.

    `kind` names form and recipe (`variants.kept_as`): two versions that run side by side, as in an upgrade, keep their
    pages side by side. The recipe stands in a column that was there already because this table is the largest by far;
    another key would have to be built over all of it. `valid_until` is when something on the page (a photo's licence,
    the month of a meter text) runs out; `epoch` is the one that it was built in; `ads` are the
    house ads on it, by their numbers with commas, so that whoever shows the page can count them.
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
    epoch = models.BigIntegerField(null=True)
    ads = models.CharField(max_length=60, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("path", "kind"), name="pages_variant_once")]


class VariantMention(models.Model):
    """That a variant names an article, so that unpublishing the article drops the variant."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="mentions")
    article_id = models.BigIntegerField(db_index=True)


class Epoch(models.Model):
    """A counter that every change to pages moves on, in its own transaction; one row.

    A builder reads it first and stores its bytes only if it still stands, so a page built from old rows
    while an editor publishes is never kept. `articles_from` and `lists_from` are the first epochs whose articles' pages
    and other pages still count: to outdate all of a large table is to raise one number.
    """

    value = models.BigIntegerField(default=0)
    articles_from = models.BigIntegerField(default=0, db_default=0)
    lists_from = models.BigIntegerField(default=0, db_default=0)


class RecipeUse(models.Model):
    """When some process last said that it works with a recipe; pages of the others are deleted."""

    recipe = models.CharField(max_length=32, unique=True)
    used_at = models.DateTimeField()
    # Since when a `render --all` has been under way; None when it has ended.
    rendering_since = models.DateTimeField(null=True)
