from django.apps import AppConfig


class PaywallConfig(AppConfig):
    name = "broadsheet.paywall"
    label = "paywall"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from broadsheet.paywall import personal_store

        personal_store.register_tables()
