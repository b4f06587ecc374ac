from django.apps import AppConfig


class ShelvesConfig(AppConfig):
    name = "broadsheet.shelves"
    label = "shelves"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from broadsheet.shelves import personal_store

        personal_store.register_tables()
