"""Pages that are made when a reader asks for them."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from broadsheet.library.models import Article
from broadsheet.pages.models import Variant

pytestmark = pytest.mark.django_db


def refuse_to_write(execute: Any, sql: str, *rest: Any) -> Any:
    if sql.startswith(("INSERT", "UPDATE", "DELETE")):
        raise OperationalError("database or disk is full")
    return execute(sql, *rest)


def test_reader_gets_a_page_that_cannot_be_kept(client: Client, make_article: Callable[..., Article]) -> None:
    article = make_article()
    Variant.objects.all().delete()
    for path in (article.get_absolute_url(), "/", f"/articles/{article.pk}/card.png"):
        with connection.execute_wrapper(refuse_to_write):
            assert client.get(path).status_code == 200, path
        assert not Variant.objects.exists()
        assert client.get(path).status_code == 200, path
        assert Variant.objects.exists()
        Variant.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_reader_does_not_wait_for_somebody_who_publishes(client: Client, make_article: Callable[..., Article]) -> None:
    article = make_article()
    Variant.objects.all().delete()
    publishing = connection.copy()
    publishing.set_autocommit(False)
    try:
        with publishing.cursor() as cursor:
            cursor.execute("UPDATE pages_epoch SET value = value + 1")
        began = monotonic()
        assert client.get(article.get_absolute_url()).status_code == 200
        assert monotonic() - began < 5  # far less than the twenty seconds that others wait for SQLite
        assert not Variant.objects.exists()
    finally:
        publishing.rollback()
        publishing.close()
    assert client.get(article.get_absolute_url()).status_code == 200
    assert Variant.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_is_in_a_hurry_leaves_the_patience_of_others_alone(client: Client, make_article: Callable[..., Article]) -> None:
    patience = {"sqlite": "PRAGMA busy_timeout", "postgresql": "SHOW lock_timeout"}[connection.vendor]
    article = make_article()
    with connection.cursor() as cursor:
        cursor.execute(patience)
        before = cursor.fetchone()
        Variant.objects.all().delete()
        assert client.get(article.get_absolute_url()).status_code == 200
        cursor.execute(patience)
        assert cursor.fetchone() == before
