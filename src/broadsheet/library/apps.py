from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "broadsheet.library"
    label = "library"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from broadsheet.library import personal_store, receivers

        receivers.connect()
        personal_store.register_tables()
