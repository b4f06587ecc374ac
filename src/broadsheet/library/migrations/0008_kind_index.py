from django.db import migrations, models

from broadsheet.core.migration_operations import AddIndexBesideReaders


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("library", "0007_countries")]

    operations = [
        AddIndexBesideReaders(
            model_name="article",
            index=models.Index(fields=["kind", "-published_at", "-id"], name="library_article_kind"),
        ),
    ]
