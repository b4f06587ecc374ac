from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "broadsheet.figures"
    label = "figures"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from broadsheet.figures import personal_store, receivers

        receivers.connect()
        personal_store.register_tables()
