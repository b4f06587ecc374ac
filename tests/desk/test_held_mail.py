"""The desk says so while no letters are sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.desk.roles import Role
from broadsheet.mail.hold_flows import hold_mail, release_mail

NOTICE = "No letters are sent."


@pytest.mark.django_db
def test_first_page_warns_while_letters_are_held(make_staff: Callable[..., User], sign_in: Callable[..., Client]) -> None:
    client = sign_in(make_staff(Role.EDITOR))
    assert NOTICE not in client.get("/desk/").content.decode()
    hold_mail()
    assert NOTICE in client.get("/desk/").content.decode()
    release_mail(discard_copied=False)
    assert NOTICE not in client.get("/desk/").content.decode()
