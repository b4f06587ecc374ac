from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_invoices")]

    operations = [
        migrations.AlterField(
            "ledgerline",
            "kind",
            models.CharField(
                choices=[
                    ("started", "started"),
                    ("status", "status"),
                    ("period", "period"),
                    ("payment", "payment"),
                    ("refund", "refund"),
                    ("dispute", "dispute"),
                    ("dispute_won", "dispute won"),
                    ("cancel", "cancel"),
                    ("cancel_undone", "cancel undone"),
                    ("pause", "pause"),
                    ("price", "price"),
                    ("quantity", "quantity"),
                    ("moved", "moved"),
                    ("letter", "letter"),
                ],
                max_length=16,
            ),
        ),
    ]
