"""Fails after the index was built."""

from typing import Any

from django.db import migrations


def fail(apps: Any, editor: Any) -> None:
    raise ValueError("no such harbour")


class Migration(migrations.Migration):
    dependencies = [("late_app", "0002_index")]
    operations = [migrations.RunPython(fail)]
