"""How allauth behaves in this house: no sign-up of its own, no way in before the mailbox is proven, no way out of the site."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from broadsheet.accounts.models import User
from broadsheet.web.asker import client_address
from broadsheet.web.next_path import own_path
from broadsheet.web.reader_page import see_other

SILENT = ("account/messages/logged_in.txt", "account/messages/logged_out.txt")


class AccountAdapter(DefaultAccountAdapter):
    """Named by ACCOUNT_ADAPTER."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come from proven mailboxes only (web.confirming)."""
        return False

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Whatever somebody knows or holds, an account opens only once its mailbox has been proven."""
        if user.confirmed_at is None:
            return see_other("/login/")
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def is_safe_url(self, url: str) -> bool:
        """Paths of this site, whatever the Host header says."""
        return bool(own_path(url or ""))

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address as our trusted proxies tell it."""
        return client_address(request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return "/account/"

    def add_message(self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any) -> None:
        """Signing in and out needs no message: the page shows it."""
        if message_template not in SILENT:
            super().add_message(request, level, message_template, *args, **kwargs)
