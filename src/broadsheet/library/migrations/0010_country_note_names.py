from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("library", "0009_country_filing")]

    operations = [
        migrations.AlterModelOptions(
            "countrynote",
            {"ordering": ("code",), "verbose_name": "note on a country", "verbose_name_plural": "notes on countries"},
        ),
    ]
