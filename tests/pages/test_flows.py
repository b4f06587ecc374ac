"""Pages that are made when a reader asks for them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import monotonic
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from broadsheet.core.clock import StoppedClock
from broadsheet.library.models import Article
from broadsheet.pages.flows import find_or_build_article
from broadsheet.pages.models import Variant as VariantRow
from broadsheet.pages.variants import Audience, Variant
from broadsheet.paywall.resolver import Outcome, Reason

pytestmark = pytest.mark.django_db
STRANGERS_WALL = Variant(Outcome.WALL, Reason.STRANGER, Audience.STRANGER)


def refuse_to_write(execute: Any, sql: str, *rest: Any) -> Any:
    if sql.startswith(("INSERT", "UPDATE", "DELETE")):
        raise OperationalError("database or disk is full")
    return execute(sql, *rest)


def test_reader_gets_a_page_that_cannot_be_kept(client: Client, make_article: Callable[..., Article]) -> None:
    article = make_article()
    VariantRow.objects.all().delete()
    for path in (article.get_absolute_url(), "/", f"/articles/{article.pk}/card.png"):
        with connection.execute_wrapper(refuse_to_write):
            assert client.get(path).status_code == 200, path
        assert not VariantRow.objects.exists()
        assert client.get(path).status_code == 200, path
        assert VariantRow.objects.exists()
        VariantRow.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_reader_does_not_wait_for_somebody_who_publishes(client: Client, make_article: Callable[..., Article]) -> None:
    article = make_article()
    VariantRow.objects.all().delete()
    publishing = connection.copy()
    publishing.set_autocommit(False)
    try:
        with publishing.cursor() as cursor:
            cursor.execute("UPDATE pages_epoch SET value = value + 1")
        began = monotonic()
        assert client.get(article.get_absolute_url()).status_code == 200
        assert monotonic() - began < 5  # far less than the twenty seconds that others wait for SQLite
        assert not VariantRow.objects.exists()
    finally:
        publishing.rollback()
        publishing.close()
    assert client.get(article.get_absolute_url()).status_code == 200
    assert VariantRow.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_is_in_a_hurry_leaves_the_patience_of_others_alone(client: Client, make_article: Callable[..., Article]) -> None:
    patience = {"sqlite": "PRAGMA busy_timeout", "postgresql": "SHOW lock_timeout"}[connection.vendor]
    article = make_article()
    with connection.cursor() as cursor:
        cursor.execute(patience)
        before = cursor.fetchone()
        VariantRow.objects.all().delete()
        assert client.get(article.get_absolute_url()).status_code == 200
        cursor.execute(patience)
        assert cursor.fetchone() == before


@pytest.mark.django_db(transaction=True)
def test_page_that_many_want_at_once_is_made_once(make_article: Callable[..., Article], clock: StoppedClock) -> None:
    article_id = make_article().pk
    VariantRow.objects.all().delete()
    made, together = [], Barrier(6)

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT INTO") and VariantRow._meta.db_table in sql:
            made.append(sql)
        return execute(sql, params, many, context)

    def ask() -> None:
        try:
            with connection.execute_wrapper(note):
                together.wait(30)
                assert find_or_build_article(article_id, STRANGERS_WALL, now=clock.now()) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        for asked in [pool.submit(ask) for _ in range(6)]:
            asked.result()
    assert len([sql for sql in made if f'"{VariantRow._meta.db_table}"' in sql]) == 1
