from django.db import migrations, models


def allow(apps, schema_editor):
    """A database that is not a copy sends its letters."""
    apps.get_model("mail", "Sending").objects.using(schema_editor.connection.alias).create(pk=1, is_allowed=True)


class Migration(migrations.Migration):

    dependencies = [
        ('mail', '0002_reader_flows'),
    ]

    operations = [
        migrations.CreateModel(
            name='Sending',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_allowed', models.BooleanField()),
                ('copied_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
