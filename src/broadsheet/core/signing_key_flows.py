"""The keys that sign readers' passes: kept in the database, so that all hosts share them; two are live at most."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.core.models import SigningKey

LIVE_KEYS = 2
ROTATED_EVERY = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class LiveKey:
    """One key as an operator may see it: without its secret."""

    key_id: str
    created_at: datetime
    age_days: int
    signs: bool


def list_signing_keys(*, now: datetime) -> list[LiveKey]:
    """The keys that count, newest first."""
    rows = SigningKey.objects.values_list("key_id", "created_at")
    return [LiveKey(key_id, at, max(0, (now - at).days), signs=place == 0) for place, (key_id, at) in enumerate(rows)]


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


def rotate_old_signing_keys(*, now: datetime) -> bool:
    """Rotate if the key that signs is as old as a key should become; returns whether it was.

    Two hosts that try at once rotate once: the second waits for the first, and then finds a new key.
    """
    with transaction.atomic():
        list(SigningKey.objects.select_for_update())
        newest = SigningKey.objects.first()
        is_old = newest is not None and now - newest.created_at >= ROTATED_EVERY
        if is_old:
            rotate_signing_keys(now=now)
    return is_old
