"""The list of the staff."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.desk.roles import Role

LIST, ADD = "/desk/users/", "/desk/users/new/"


def invite(client: Client, email: str, **fields: str) -> int:
    group = Group.objects.get(name=Role.WRITER).pk
    posted = {"email": email, "first_name": "A", "last_name": "Writer", "groups": [group], **fields}
    return client.post(ADD, posted).status_code


@pytest.mark.django_db
def test_readers_are_not_in_the_list(desk: Callable[[Role], Client], make_reader: Callable[..., User]) -> None:
    make_reader("somebody@example.org")
    page = desk(Role.PUBLISHER).get(f"{LIST}?q=example.org")
    assert page.status_code == 200
    assert b"somebody@example.org" not in page.content


@pytest.mark.django_db
def test_publisher_invites_a_writer(desk: Callable[[Role], Client]) -> None:
    assert invite(desk(Role.PUBLISHER), "New.Writer@Example.org") == 302
    writer = User.objects.get(address_key="new.writer@example.org")
    assert writer.is_staff
    assert not writer.is_superuser
    assert not writer.has_usable_password()
    assert [group.name for group in writer.groups.all()] == [Role.WRITER]


@pytest.mark.django_db
def test_reader_who_is_invited_keeps_the_account(desk: Callable[[Role], Client], make_reader: Callable[..., User]) -> None:
    reader = make_reader("reader@example.org")
    assert invite(desk(Role.PUBLISHER), "READER@example.org") == 302
    assert User.objects.filter(address_key="reader@example.org").values_list("pk", "is_staff").get() == (reader.pk, True)


@pytest.mark.django_db
def test_staff_are_not_invited_twice(desk: Callable[[Role], Client], make_staff: Callable[..., User]) -> None:
    make_staff(Role.EDITOR, "editor@example.org")
    assert invite(desk(Role.PUBLISHER), "Editor@example.org") == 200


@pytest.mark.django_db
def test_publisher_makes_no_administrator(desk: Callable[[Role], Client]) -> None:
    assert invite(desk(Role.PUBLISHER), "new@example.org", is_superuser="on") == 302
    assert not User.objects.get(email="new@example.org").is_superuser


@pytest.mark.django_db
def test_publisher_opens_neither_a_reader_nor_an_administrator(
    desk: Callable[[Role], Client], make_reader: Callable[..., User]
) -> None:
    publisher = desk(Role.PUBLISHER)
    for user in (make_reader(), make_reader(is_staff=True, is_superuser=True)):
        for address in (f"{LIST}edit/{user.pk}/", f"{LIST}delete/{user.pk}/"):
            assert publisher.get(address).status_code in (302, 403, 404)


@pytest.mark.django_db
def test_publisher_changes_a_role_but_no_address(desk: Callable[[Role], Client], make_staff: Callable[..., User]) -> None:
    writer = make_staff(Role.WRITER, "writer@example.org")
    editors = Group.objects.get(name=Role.EDITOR)
    posted = {
        "email": "other@example.org",
        "first_name": "A",
        "last_name": "B",
        "is_active": "on",
        "is_staff": "on",
        "groups": [editors.pk],
    }
    assert desk(Role.PUBLISHER).post(f"{LIST}edit/{writer.pk}/", posted).status_code == 302
    writer.refresh_from_db()
    assert writer.email == "writer@example.org"
    assert list(writer.groups.all()) == [editors]


@pytest.mark.django_db
def test_who_leaves_the_desk_stays_a_reader(
    desk: Callable[[Role], Client], make_staff: Callable[..., User], sign_in: Callable[..., Client]
) -> None:
    writer = make_staff(Role.WRITER)
    at_desk = sign_in(writer)
    posted = {"first_name": "A", "last_name": "B", "is_active": "on", "groups": []}
    assert desk(Role.PUBLISHER).post(f"{LIST}edit/{writer.pk}/", posted).status_code == 302
    writer.refresh_from_db()
    assert writer.is_active
    assert at_desk.get("/desk/").status_code == 403
