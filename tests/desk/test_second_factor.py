"""Setting up an authenticator and showing it, through the pages that staff use."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.accounts.second_factor import has_authenticator
from broadsheet.desk.roles import Role

ACTIVATE = "/accounts/2fa/totp/activate/"


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


@pytest.mark.django_db
def test_member_of_the_staff_sets_up_an_app(make_staff: Callable[..., User], sign_in: Callable[..., Client]) -> None:
    user = make_staff(Role.EDITOR)
    editor = sign_in(user, second_factor=False)
    assert editor.get(ACTIVATE).status_code == 200
    secret = editor.session["mfa.totp.secret"]
    assert editor.post(ACTIVATE, {"code": "000000"}).status_code == 200
    assert not has_authenticator(user)
    assert editor.post(ACTIVATE, {"code": code_for(secret)}).status_code == 302
    assert has_authenticator(user)
    assert editor.get("/desk/").headers["Location"].startswith("/desk/second-factor/")


@pytest.mark.django_db
def test_code_from_the_app_opens_the_desk_and_a_wrong_one_does_not(
    make_staff: Callable[..., User], sign_in: Callable[..., Client]
) -> None:
    user = make_staff(Role.EDITOR)
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    editor = sign_in(user, second_factor=False)
    challenge = editor.get("/desk/second-factor/?next=/desk/articles/").headers["Location"]
    assert editor.get(challenge).status_code == 200
    editor.post(challenge, {"code": "000000"})
    assert editor.get("/desk/articles/").status_code == 302
    assert editor.post(challenge, {"code": code_for(secret)}).headers["Location"] == "/desk/articles/"
    assert editor.get("/desk/articles/").status_code == 200
    other_browser = sign_in(user, second_factor=False)
    assert other_browser.get("/desk/articles/").status_code == 302
