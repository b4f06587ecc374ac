from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_payment_index")]

    operations = [
        migrations.AddField("invoiceagreement", "next_quantity", models.PositiveIntegerField(null=True)),
    ]
