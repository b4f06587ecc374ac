from django.db import migrations, models

from broadsheet.core.migration_operations import AddIndexBesideReaders


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("core", "0005_event_place")]

    operations = [
        AddIndexBesideReaders(
            "event", models.Index(fields=["place"], condition=models.Q(("place__gt", 0)), name="core_event_place")
        ),
    ]
