"""Wagtail's users app with our list of the staff in place of its list of everybody."""

from wagtail.users.apps import WagtailUsersAppConfig


class StaffUsersConfig(WagtailUsersAppConfig):
    user_viewset = "broadsheet.desk.staff.StaffViewSet"
