"""The keys that sign readers' passes: kept in the database, so that all hosts share them; two are live at most."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction

from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.core.models import SigningKey

LIVE_KEYS = 2


def load_signing_key(*, now: datetime) -> SigningKey:
    """The key that signs; made if there is none yet."""
    return SigningKey.objects.first() or rotate_signing_keys(now=now)


def rotate_signing_keys(*, now: datetime) -> SigningKey:
    """Make a new key, and keep the one before it so that nobody's pass ends; older ones are deleted."""
    with transaction.atomic():
        key = SigningKey.objects.create(key_id=secrets.token_hex(4), secret=secrets.token_hex(32), created_at=now)
        kept = list(SigningKey.objects.values_list("pk", flat=True)[:LIVE_KEYS])
        SigningKey.objects.exclude(pk__in=kept).delete()
        record_change(ChangeKind.KEYS, "", now=now)
    return key
