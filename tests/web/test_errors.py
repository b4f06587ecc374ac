"""What a reader is told when something is wrong, and that nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from broadsheet.library.models import Article
from broadsheet.web import errors

pytestmark = pytest.mark.django_db

EMAIL = "reader+black-sea@example.org"


def refuse(*arguments: Any, **keywords: Any) -> Any:
    raise OperationalError("database is down")


def test_when_the_database_is_down_the_reader_is_asked_to_try_again(
    visit: Callable[[], Client], make_article: Callable[..., Article]
) -> None:
    article = make_article()
    with connection.execute_wrapper(refuse):
        response = visit().get(article.get_absolute_url())
    assert response.status_code == 503
    assert response["Retry-After"] and response["Cache-Control"] == "private, no-store"
    html = response.content.decode()
    assert "try again" in html.lower() and "mailto:" in html


def test_a_form_sent_while_the_database_is_down_comes_back_with_what_was_typed(
    visit: Callable[[], Client], make_article: Callable[..., Article]
) -> None:
    article = make_article()
    path = f"/articles/{article.pk}/keep-reading/"
    with connection.execute_wrapper(refuse):
        response = visit().post(path, {"email": EMAIL, "newsletter": "1"})
    assert response.status_code == 503
    html = response.content.decode()
    assert f'<form method="post" action="{path}">' in html
    assert f'name="email" value="{EMAIL}"' in html
    assert '<input type="hidden" name="newsletter" value="1">' in html


def test_a_password_is_never_sent_back() -> None:
    request = RequestFactory().post("/login/", {"email": EMAIL, "password": "secret words"})
    assert errors.kept_fields(request) == (("email", EMAIL),)


@pytest.mark.parametrize("status", sorted(errors.WORDS))
def test_every_error_page_says_what_to_do_and_who_helps(status: int) -> None:
    response = errors.error_page(RequestFactory().get("/somewhere/"), status)
    assert response.status_code == status
    html = response.content.decode()
    heading, text = errors.WORDS[status]
    assert heading in html and text in html
    assert 'href="/help/"' in html and "mailto:" in html
    assert response["Cache-Control"] == "private, no-store"


def test_a_mistake_of_ours_is_a_500_without_its_cause(visit: Callable[[], Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadsheet.web.lists.find_or_build_list", lambda *a, **k: 1 / 0)
    response = visit().get("/")
    assert response.status_code == 500
    assert "division" not in response.content.decode()
