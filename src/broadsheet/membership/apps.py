from django.apps import AppConfig


class MembershipConfig(AppConfig):
    name = "broadsheet.membership"
    label = "membership"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from broadsheet.membership import personal_store, receivers

        receivers.connect()
        personal_store.register_tables()
