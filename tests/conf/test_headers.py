"""The Content-Security-Policy of each part of the site."""

from __future__ import annotations

import pytest
from django.test import Client

from broadsheet.conf.headers import content_security_policy


def directives(path: str, media_url: str = "/media/") -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in content_security_policy(path, media_url=media_url).split(";"))
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize("path", ["/", "/articles/1/x/", "/login/", "/accounts/2fa/", "/desktop/", "/library/"])
def test_readers_pages_run_no_inline_script_and_load_nothing_from_elsewhere(path: str) -> None:
    policy = directives(path)
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["img-src"] == "'self' data:"
    assert policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == "'self'"
    assert policy["object-src"] == "'none'"


def test_desk_may_run_inline_scripts() -> None:
    assert directives("/desk/articles/")["script-src"] == "'self' 'unsafe-inline'"
    assert directives("/desk/articles/")["form-action"] == "'self'"


def test_uploaded_file_is_a_document_that_may_do_nothing() -> None:
    policy = directives("/media/images/x.svg")
    assert policy["default-src"] == "'none'"
    assert "sandbox" in policy
    assert "script-src" not in policy


def test_uploaded_document_runs_nothing() -> None:
    assert directives("/documents/1/x.pdf")["default-src"] == "'none'"


def test_pictures_come_from_the_bucket_where_there_is_one() -> None:
    assert directives("/", "https://bucket.example.org/media/")["img-src"] == "'self' https://bucket.example.org data:"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/no-such-page/", "/desk/login/", "/media/none.svg"])
def test_policy_stands_on_every_answer(client: Client, path: str) -> None:
    assert "default-src" in client.get(path).headers["Content-Security-Policy"]
