"""Pages that are made when a reader asks for them."""

from __future__ import annotations

from collections.abc import Callable
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
