from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "broadsheet.mail"
    label = "mail"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from broadsheet.mail import personal_store

        personal_store.register_tables()
