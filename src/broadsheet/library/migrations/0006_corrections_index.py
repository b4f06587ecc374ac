from django.db import migrations, models

from broadsheet.core.migration_operations import AddIndexBesideReaders


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("library", "0005_series_and_start_sets")]

    operations = [
        AddIndexBesideReaders(
            model_name="correction",
            index=models.Index(fields=["-date", "-id"], name="library_correction_latest"),
        ),
    ]
