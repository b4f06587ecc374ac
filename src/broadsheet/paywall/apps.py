from django.apps import AppConfig


class PaywallConfig(AppConfig):
    name = "broadsheet.paywall"
    label = "paywall"
    default_auto_field = "django.db.models.BigAutoField"
