from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DeskConfig(AppConfig):
    name = "broadsheet.desk"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from broadsheet.desk import personal_store, setting_forms
        from broadsheet.desk.setup import follow_migration

        setting_forms.attach()
        personal_store.register_tables()
        post_migrate.connect(follow_migration, dispatch_uid="desk.setup")
