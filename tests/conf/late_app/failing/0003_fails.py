"""Fails half-way: a table, a field and rows are made before."""

from typing import Any

from django.db import migrations, models

from tests.conf.late_app.tables import a_key


def fill(apps: Any, editor: Any) -> None:
    apps.get_model("late_app", "Quay").objects.using(editor.connection.alias).create(length_m=300)


def fail(apps: Any, editor: Any) -> None:
    raise ValueError("no such quay")


class Migration(migrations.Migration):
    dependencies = [("late_app", "0002_depths")]
    operations = [
        migrations.CreateModel("Quay", [a_key(), ("length_m", models.IntegerField())], options={"db_table": "late_quay"}),
        migrations.RunPython(fill),
        migrations.AddField("quay", "cranes", models.IntegerField(db_default=0)),
        migrations.AlterField("harbour", "name", models.CharField(max_length=80)),
        migrations.RunPython(fail),
    ]
