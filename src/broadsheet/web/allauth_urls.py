"""The pages of allauth that this house uses, under /accounts/; its sign-up, sign-in, address and reset pages are not among them."""

from __future__ import annotations

from allauth.account import views
from django.contrib.auth.decorators import login_required
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("2fa/", include("allauth.mfa.urls")),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", login_required(views.password_change), name="account_change_password"),
    path("password/set/", login_required(views.password_set), name="account_set_password"),
    path("password/forgotten/", RedirectView.as_view(url="/login/"), name="account_reset_password"),
    path("sessions/", RedirectView.as_view(url="/account/"), name="usersessions_list"),
]
