"""The gate of the desk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.desk.roles import Role

DESK_ADDRESSES = ["/desk/", "/desk/articles/", "/desk/images/", "/desk/paste/", "/desk/readers/", "/desk/account/"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", DESK_ADDRESSES)
def test_stranger_is_sent_to_the_publications_own_sign_in(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/login/?next=%2Fdesk%2F")


@pytest.mark.django_db
@pytest.mark.parametrize("address", DESK_ADDRESSES)
def test_reader_is_refused_even_with_a_second_factor(
    make_reader: Callable[..., User], sign_in: Callable[..., Client], address: str
) -> None:
    assert sign_in(make_reader()).get(address).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("address", DESK_ADDRESSES)
def test_emailed_code_alone_never_opens_the_desk(
    make_staff: Callable[..., User], sign_in: Callable[..., Client], address: str
) -> None:
    publisher = make_staff(Role.PUBLISHER)
    response = sign_in(publisher, second_factor=False).get(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/desk/second-factor/?next=")


@pytest.mark.django_db
def test_second_factor_opens_the_desk(desk: Callable[[Role], Client]) -> None:
    assert desk(Role.WRITER).get("/desk/").status_code == 200


@pytest.mark.django_db
def test_staff_without_a_second_factor_are_led_to_setting_one_up(
    make_staff: Callable[..., User], sign_in: Callable[..., Client]
) -> None:
    page = sign_in(make_staff(Role.EDITOR), second_factor=False).get("/desk/second-factor/?next=/desk/articles/")
    assert page.status_code == 200
    assert b"/accounts/2fa/totp/activate/" in page.content
    assert b"/accounts/2fa/webauthn/add/" in page.content


@pytest.mark.django_db
def test_staff_with_an_authenticator_are_asked_for_it(make_staff: Callable[..., User], sign_in: Callable[..., Client]) -> None:
    editor = make_staff(Role.EDITOR)
    Authenticator.objects.create(user=editor, type=Authenticator.Type.TOTP, data={"secret": "x"})
    response = sign_in(editor, second_factor=False).get("/desk/second-factor/?next=/desk/articles/")
    assert response["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fdesk%2Farticles%2F"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("address", ["/accounts/2fa/webauthn/add/", "/accounts/2fa/totp/deactivate/", "/accounts/2fa/"])
def test_mailbox_alone_cannot_change_the_authenticators(
    make_staff: Callable[..., User], sign_in: Callable[..., Client], address: str, method: str
) -> None:
    editor = make_staff(Role.EDITOR)
    Authenticator.objects.create(user=editor, type=Authenticator.Type.TOTP, data={"secret": "x"})
    response = getattr(sign_in(editor, second_factor=False), method)(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert Authenticator.objects.filter(user=editor).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("next_address", ["https://example.com/", "//example.com/desk/", "/library/", "/desk/second-factor/"])
def test_second_factor_page_leads_nowhere_but_the_desk(
    make_staff: Callable[..., User], sign_in: Callable[..., Client], next_address: str
) -> None:
    response = sign_in(make_staff(Role.EDITOR)).get("/desk/second-factor/", {"next": next_address})
    assert response["Location"] == "/desk/"


@pytest.mark.django_db
def test_wagtails_own_sign_in_and_password_pages_are_closed(client: Client) -> None:
    assert client.get("/desk/login/")["Location"] == "/login/?next=%2Fdesk%2F"
    assert client.get("/desk/password_reset/").status_code == 404
    assert client.get("/desk/password_reset/confirm/x/y/").status_code == 404
