import broadsheet.core.models
from django.db import migrations, models


class Migration(migrations.Migration):
    # In two steps: a new column that fills itself would make PostgreSQL write every row anew.

    dependencies = [("core", "0004_trimmed_log_last_at")]

    operations = [
        migrations.AddField("event", "place", models.BigIntegerField(null=True, editable=False)),
        migrations.AlterField(
            "event",
            "place",
            models.BigIntegerField(null=True, db_default=broadsheet.core.models.TransactionNumber(), editable=False),
        ),
    ]
