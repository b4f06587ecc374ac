"""An index that is built while others read and write; no transaction can hold that."""

from django.db import migrations, models

from broadsheet.core.migration_operations import AddIndexBesideReaders


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("late_app", "0001_first")]
    operations = [AddIndexBesideReaders("harbour", models.Index(fields=["name"], name="late_harbour_name"))]
