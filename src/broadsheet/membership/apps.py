from django.apps import AppConfig


class MembershipConfig(AppConfig):
    name = "broadsheet.membership"
    label = "membership"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from broadsheet.membership import receivers

        receivers.connect()
