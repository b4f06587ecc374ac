from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_heartbeat"),
    ]

    operations = [
        migrations.AddField(
            model_name="trimmedlog",
            name="last_at",
            field=models.DateTimeField(null=True),
        ),
    ]
