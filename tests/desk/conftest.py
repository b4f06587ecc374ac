"""Staff with a role, signed in with and without their second factor."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.test import Client
from pytest_django import Settings

from broadsheet.accounts.models import User
from broadsheet.desk.roles import Role
from tests.desk import forms


@pytest.fixture(autouse=True)
def _outbox(settings: Settings) -> None:
    """Django's test runner swaps the mail backend for one in memory; put ours back."""
    settings.EMAIL_BACKEND = "broadsheet.mail.staff_backend.OutboxBackend"


@pytest.fixture
def make_staff(make_reader: Callable[..., User]) -> Callable[..., User]:
    """Make a member of the staff in one role."""

    def make(role: Role, email: str = "") -> User:
        user = make_reader(email, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        return user

    return make


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """A browser signed in as `user`, who has shown a second factor unless `second_factor=False`."""

    def make(user: User, *, second_factor: bool = True) -> Client:
        client = Client()
        client.force_login(user)
        if second_factor:
            show_second_factor(client, user)
        return client

    return make


def show_second_factor(client: Client, user: User) -> None:
    """Note in the browser's session what allauth notes after a code from an authenticator app."""
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, user, method="code")
    record_authentication(request, user, method="mfa", type="totp", id=1)
    request.session.save()


@pytest.fixture
def desk(make_staff: Callable[..., User], sign_in: Callable[..., Client]) -> Callable[[Role], Client]:
    """A browser at the desk in one role."""
    return lambda role: sign_in(make_staff(role))


@pytest.fixture
def article_data() -> Callable[..., dict[str, str]]:
    """What the article form posts, with any field changed."""
    return forms.article_data
