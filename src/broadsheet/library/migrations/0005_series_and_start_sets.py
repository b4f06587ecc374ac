import django.db.models.deletion
import modelcluster.fields
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
ORDER = models.IntegerField(blank=True, editable=False, null=True)


def to_article() -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="library.article")


class Migration(migrations.Migration):
    dependencies = [("library", "0004_headline_index")]

    operations = [
        migrations.CreateModel(
            name="Series",
            fields=[
                ("id", ID.clone()),
                ("title", models.CharField(max_length=80, unique=True)),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("dek", models.TextField(blank=True, help_text="One or two sentences about the whole.")),
                ("is_complete", models.BooleanField(default=False, help_text="No part will follow.", verbose_name="complete")),
            ],
            options={"verbose_name_plural": "series", "ordering": ("title",)},
        ),
        migrations.CreateModel(
            name="SeriesPart",
            fields=[
                ("id", ID.clone()),
                ("sort_order", ORDER.clone()),
                ("article", to_article()),
                (
                    "series",
                    modelcluster.fields.ParentalKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="library.series"
                    ),
                ),
            ],
            options={
                "ordering": ["sort_order"],
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("series", "article"), name="library_series_part_once")],
            },
        ),
        migrations.CreateModel(
            name="StartSet",
            fields=[
                ("id", ID.clone()),
                ("title", models.CharField(max_length=80)),
                (
                    "sentence",
                    models.CharField(blank=True, help_text="Whom these articles are for, or what they explain.", max_length=240),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="library.region",
                    ),
                ),
                (
                    "topic",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="library.topic"
                    ),
                ),
            ],
            options={
                "verbose_name": "start here",
                "verbose_name_plural": "start here",
                "ordering": ("position", "id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("topic__isnull", True), ("region__isnull", True), _connector="OR"),
                        name="library_start_set_one_subject",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StartEntry",
            fields=[
                ("id", ID.clone()),
                ("sort_order", ORDER.clone()),
                ("article", to_article()),
                (
                    "start_set",
                    modelcluster.fields.ParentalKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="library.startset"
                    ),
                ),
            ],
            options={
                "ordering": ["sort_order"],
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("start_set", "article"), name="library_start_entry_once")],
            },
        ),
    ]
