"""A second pair of eyes: the writer submits, somebody else approves, the article is published."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client

from broadsheet.accounts.models import User
from broadsheet.desk.models import OfferedPermission, SecondReading
from broadsheet.desk.roles import ROLES, Role
from broadsheet.desk.setup import set_up_desk
from broadsheet.library.models import Article
from broadsheet.mail.models import OutboxLetter
from tests.desk.forms import article_data, loaded

ADD = "/desk/articles/add/"


def submit(writer: Client) -> Article:
    assert writer.post(ADD, {**article_data(), "action-submit": "1"}).status_code == 302
    return Article.objects.get()


def act(client: Client, article: Article, action: str, **fields: str) -> HttpResponse:
    """Press one of the workflow's buttons on the article form."""
    posted = {**article_data(), **loaded(article), "action-workflow-action": "true", "workflow-action-name": action, **fields}
    return client.post(f"/desk/articles/edit/{article.pk}/", posted)


@pytest.mark.django_db
def test_editor_approves_what_a_writer_submitted(make_staff: Callable[..., User], sign_in: Callable[..., Client]) -> None:
    writer, editor = make_staff(Role.WRITER, "writer@example.org"), make_staff(Role.EDITOR, "editor@example.org")
    article = submit(sign_in(writer))
    assert not article.live
    assert article.workflow_in_progress
    asked = OutboxLetter.objects.get(to_address="editor@example.org")
    assert f"/desk/articles/edit/{article.pk}/" in asked.text
    act(sign_in(editor), article, "approve")
    article.refresh_from_db()
    assert article.live
    assert OutboxLetter.objects.filter(to_address="writer@example.org").count() == 1


@pytest.mark.django_db
def test_writer_cannot_approve(make_staff: Callable[..., User], sign_in: Callable[..., Client]) -> None:
    writer = sign_in(make_staff(Role.WRITER))
    article = submit(writer)
    act(writer, article, "approve")
    article.refresh_from_db()
    assert not article.live


@pytest.mark.django_db
def test_editor_cannot_approve_what_the_same_editor_submitted(
    make_staff: Callable[..., User], sign_in: Callable[..., Client]
) -> None:
    one, other = sign_in(make_staff(Role.EDITOR)), sign_in(make_staff(Role.EDITOR))
    article = submit(one)
    act(one, article, "approve")
    article.refresh_from_db()
    assert not article.live
    act(other, article, "approve")
    article.refresh_from_db()
    assert article.live


@pytest.mark.django_db
def test_editor_sends_an_article_back_with_a_comment(make_staff: Callable[..., User], sign_in: Callable[..., Client]) -> None:
    writer, editor = make_staff(Role.WRITER, "writer@example.org"), make_staff(Role.EDITOR)
    article = submit(sign_in(writer))
    act(sign_in(editor), article, "reject", **{"workflow-action-extra-data": '{"comment": "Who said so?"}'})
    article.refresh_from_db()
    assert not article.live
    assert article.current_workflow_state.status == "needs_changes"
    assert "Who said so?" in OutboxLetter.objects.get(to_address="writer@example.org").text


@pytest.mark.django_db
def test_writer_cannot_change_an_article_that_is_being_read(
    make_staff: Callable[..., User], sign_in: Callable[..., Client]
) -> None:
    writer = sign_in(make_staff(Role.WRITER))
    article = submit(writer)
    answer = writer.post(f"/desk/articles/edit/{article.pk}/", {**article_data(headline="Changed"), **loaded(article)})
    assert "could not be saved as it is locked" in answer.content.decode()


@pytest.mark.django_db
def test_setting_up_twice_changes_nothing() -> None:
    before = {group.name: set(group.permissions.values_list("pk", flat=True)) for group in Group.objects.all()}
    set_up_desk()
    assert {group.name: set(group.permissions.values_list("pk", flat=True)) for group in Group.objects.all()} == before
    assert set(before) == set(Role)
    assert SecondReading.objects.count() == 1


@pytest.mark.django_db
def test_group_that_the_publisher_changed_is_left_alone() -> None:
    writers = Group.objects.get(name=Role.WRITER)
    writers.permissions.clear()
    set_up_desk()
    assert writers.permissions.count() == 0


@pytest.mark.django_db
def test_permission_that_a_new_version_brings_is_given_once() -> None:
    publishers = Group.objects.get(name=Role.PUBLISHER)
    OfferedPermission.objects.filter(permission="billing.add_campaign").delete()  # as if this version had brought it
    publishers.permissions.remove(*publishers.permissions.filter(codename__in=["add_campaign", "add_plan"]))
    set_up_desk()
    assert set(publishers.permissions.filter(codename__in=["add_campaign", "add_plan"]).values_list("codename", flat=True)) == {
        "add_campaign"
    }
    publishers.permissions.remove(*publishers.permissions.filter(codename="add_campaign"))
    set_up_desk()
    assert not publishers.permissions.filter(codename="add_campaign").exists()


@pytest.mark.parametrize("role", [Role.WRITER, Role.SUPPORT])
def test_role_without_publishing(role: Role) -> None:
    assert "library.publish_article" not in ROLES[role].tables
    assert not any(name.startswith("publication.") for name in ROLES[role].tables)


PAGES = {
    "/desk/articles/": {Role.WRITER, Role.EDITOR, Role.PUBLISHER, Role.SUPPORT},
    "/desk/articles/add/": {Role.WRITER, Role.EDITOR, Role.PUBLISHER},
    "/desk/authors/": {Role.EDITOR, Role.PUBLISHER},
    "/desk/topics/": {Role.EDITOR, Role.PUBLISHER},
    "/desk/regions/": {Role.EDITOR, Role.PUBLISHER},
    "/desk/settings/library/homepage/": {Role.EDITOR, Role.PUBLISHER},
    "/desk/settings/publication/publication/": {Role.PUBLISHER},
    "/desk/plain-pages/": {Role.PUBLISHER},
    "/desk/letters/": {Role.PUBLISHER},
    "/desk/plans/": {Role.PUBLISHER},
    "/desk/invoices/": {Role.PUBLISHER, Role.SUPPORT},
    "/desk/alerts/": {Role.PUBLISHER, Role.SUPPORT},
    "/desk/users/": {Role.PUBLISHER},
    "/desk/readers/": {Role.PUBLISHER, Role.SUPPORT},
    "/desk/reports/photo-licences/": {Role.EDITOR, Role.PUBLISHER},
}


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("address", list(PAGES))
def test_role_sees_its_own_pages_and_no_others(desk: Callable[[Role], Client], role: Role, address: str) -> None:
    response = desk(role).get(address, follow=True)
    is_in = response.status_code == 200 and response.request["PATH_INFO"].startswith(address)
    assert is_in == (role in PAGES[address])
