"""The cache in the database: a database that cannot write is told from a key that is there already."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection, transaction


@pytest.mark.django_db(transaction=True)
def test_cache_keeps_and_forgets() -> None:
    assert settings.CACHES["default"]["BACKEND"] == "broadsheet.core.cache.DatabaseCache"
    assert cache.add("tries", 1) is True
    assert cache.add("tries", 2) is False
    cache.set("tries", 3)
    assert cache.get("tries") == 3
    with transaction.atomic():
        assert cache.add("tries", 4) is False
        assert cache.touch("tries") is True
    cache.delete("tries")
    assert cache.get("tries") is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("write", ["add", "set"])
def test_transaction_that_cannot_end_is_an_error(monkeypatch: pytest.MonkeyPatch, write: str) -> None:
    def fail() -> None:
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "_commit", fail)
        with pytest.raises(OperationalError, match="disk is full"):
            getattr(cache, write)("tries", 1)
    assert cache.get("tries") is None
