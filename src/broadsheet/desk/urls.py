"""Addresses under /desk/ that stand before Wagtail's own."""

from __future__ import annotations

from django.urls import path

from broadsheet.desk import sign_in

urlpatterns = [
    path("login/", sign_in.login),
    path("second-factor/", sign_in.second_factor, name="desk_second_factor"),
    path("password_reset/", sign_in.password_reset),
    path("password_reset/<path:rest>", sign_in.password_reset),
]
