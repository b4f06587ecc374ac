"""What a reader is told when something is wrong, and that nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, ProgrammingError, connection
from django.http import HttpRequest
from django.test import Client, RequestFactory

from broadsheet.core import clock
from broadsheet.library.models import Article
from broadsheet.pages.site import load_site
from broadsheet.publication.models import Publication
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


def own_form(path: str, fields: Any, **extra: Any) -> HttpRequest:
    return RequestFactory().post(path, fields, headers={"origin": settings.BROADSHEET.site_url}, **extra)


def test_a_password_is_never_sent_back_but_typed_again() -> None:
    request = own_form("/login/", {"email": EMAIL, "password": "secret words"})
    html = errors.error_page(request, 503).content.decode()
    assert "secret words" not in html
    assert f'name="email" value="{EMAIL}"' in html
    assert '<input type="password" id="password" name="password"' in html


def test_a_form_of_another_site_is_not_made_one_of_ours() -> None:
    for headers in ({"origin": "https://elsewhere.example"}, {"origin": "null"}, {"sec-fetch-site": "same-site"}, {}):
        request = RequestFactory().post("/account/erase/", {"sure": "yes"}, headers=headers)
        assert "<form" not in errors.error_page(request, 503).content.decode(), headers


def test_a_form_is_kept_whole_or_not_at_all() -> None:
    long = "long text " * 50_000
    request = own_form("/desk/articles/edit/7/", {"body": [long, "end"]})
    assert errors.find_kept_form(request) == errors.KeptForm((("body", long), ("body", "end")), ())
    too_long = errors.error_page(own_form("/desk/articles/edit/7/", {"body": "x" * 1_000_001}), 503).content.decode()
    assert "<form" not in too_long and "go back one page" in too_long


def test_a_file_cannot_be_kept_and_the_page_says_so() -> None:
    request = own_form("/desk/images/add/", {"title": "A strait", "file": SimpleUploadedFile("strait.jpg", b"jpeg")})
    html = errors.error_page(request, 503).content.decode()
    assert "<form" not in html and "go back one page" in html


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"\xff=%ff&" * 12_000, "application/x-www-form-urlencoded"), (b"--x\r\n", "multipart/form-data; boundary=y"), (b"", "a/b")],
)
def test_a_form_that_cannot_be_read_still_gets_the_page(body: bytes, kind: str) -> None:
    request = RequestFactory().generic("POST", "/login/", body, kind, headers={"origin": settings.BROADSHEET.site_url})
    assert errors.error_page(request, 503).status_code == 503


def test_trying_again_keeps_the_question_and_leads_nowhere_else() -> None:
    assert 'href="/library/?q=black+sea"' in errors.error_page(RequestFactory().get("/library/?q=black+sea"), 503).content.decode()
    request = RequestFactory().get("/")
    request.path = "//elsewhere.example/"
    assert "//elsewhere" not in errors.error_page(request, 503).content.decode()


def test_the_page_bears_the_publications_name_and_asks_nothing(django_assert_num_queries: Callable[[int], Any]) -> None:
    Publication.objects.create(name="The Lantern")
    load_site(now=clock.now())
    with django_assert_num_queries(0):
        html = errors.error_page(own_form("/login/", {"email": EMAIL}), 503).content.decode()
    assert "The Lantern" in html


@pytest.mark.parametrize(
    ("error", "is_trouble"),
    [
        (OperationalError("server closed the connection"), True),
        (InterfaceError("connection already closed"), True),
        (DatabaseError("database disk image is malformed"), True),
        (IntegrityError("UNIQUE constraint failed"), False),
        (ProgrammingError("syntax error"), False),
        (ValueError("ours"), False),
        (None, False),
    ],
)
def test_only_what_the_database_could_not_do_is_worth_trying_again(error: BaseException | None, is_trouble: bool) -> None:
    assert errors.is_trouble_of_the_database(error) is is_trouble


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
