from django.apps import AppConfig


class PublicationConfig(AppConfig):
    name = "broadsheet.publication"
    label = "publication"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from broadsheet.publication import personal_store

        personal_store.register_tables()
