from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0008_kind_index")]

    operations = [
        migrations.CreateModel(
            name="CountryFiling",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rules", models.PositiveIntegerField()),
                ("after", models.BigIntegerField(default=0)),
                ("is_done", models.BooleanField(default=False)),
            ],
        ),
    ]
