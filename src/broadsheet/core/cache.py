"""The cache in the database, which tells a database that cannot write from a rival who was quicker.

Django's own takes both for the latter. The counter of wrong passwords then says "too many tries" on a full disk.
"""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache as DjangosCache
from django.db import router, transaction


class DatabaseCache(DjangosCache):
    """Django's, but a transaction that cannot begin or end is an error: its methods that write raise OperationalError."""

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        # Django keeps to itself what fails in a transaction of its own, which inside another is only a savepoint.
        with transaction.atomic(using=router.db_for_write(self.cache_model_class)):
            return bool(super()._base_set(mode, key, value, timeout))  # type: ignore[misc]
