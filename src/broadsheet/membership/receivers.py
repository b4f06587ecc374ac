"""Whoever writes a grant or an institution, by hand or by program: everybody who holds passes hears of it."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save

from broadsheet.core import clock
from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.membership.flows import change_rights
from broadsheet.membership.models import Grant, Institution, InstitutionNetwork


def connect() -> None:
    """Called once, when the app is ready."""
    for signal in (post_save, post_delete):
        signal.connect(_grant_changed, sender=Grant, dispatch_uid=f"membership.grant.{id(signal)}")
        for model in (Institution, InstitutionNetwork):
            signal.connect(_institution_changed, sender=model, dispatch_uid=f"membership.{model.__name__}.{id(signal)}")


def _grant_changed(instance: Grant, **kwargs: Any) -> None:
    change_rights(instance.reader_id, now=clock.now())


def _institution_changed(**kwargs: Any) -> None:
    record_change(ChangeKind.INSTITUTION, "", now=clock.now())
