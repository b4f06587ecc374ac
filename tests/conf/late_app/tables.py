"""What the sets of migrations of this package have in common."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def a_key() -> tuple[str, models.Field]:
    """A table's key."""
    return "id", models.BigAutoField(primary_key=True)


class FirstTable(migrations.Migration):
    """The table as the version before knows it."""

    initial = True
    operations = [
        migrations.CreateModel(
            "Harbour", [a_key(), ("name", models.CharField(max_length=40))], options={"db_table": "late_harbour"}
        )
    ]


class Depths(migrations.Migration):
    """A field, for which SQLite builds the table anew, and a value in one row."""

    dependencies = [("late_app", "0001_first")]

    @staticmethod
    def measure(apps: Any, editor: Any) -> None:
        apps.get_model("late_app", "Harbour").objects.using(editor.connection.alias).filter(name="Rotterdam").update(depth_m=24)

    operations = [
        migrations.AddField("harbour", "depth_m", models.IntegerField(db_default=9)),
        migrations.RunPython(measure),
    ]
