from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class DemoConfig(AppConfig):
    name = "broadsheet.demo"
    label = "demo"

    def ready(self) -> None:
        if not settings.BROADSHEET.demo:
            raise ImproperlyConfigured("broadsheet.demo is installed outside the demo; remove it from INSTALLED_APPS.")
