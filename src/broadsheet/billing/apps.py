from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "broadsheet.billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from broadsheet.billing import personal_store, receivers

        receivers.connect()
        personal_store.register_tables()
