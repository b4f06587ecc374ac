from django.db import migrations, models

from broadsheet.core.migration_operations import AddIndexBesideReaders


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("billing", "0009_invoice_price")]

    operations = [
        AddIndexBesideReaders(
            "ledgerline",
            models.Index(fields=["detail"], condition=models.Q(("kind", "payment")), name="billing_line_payment"),
        ),
    ]
