"""Whoever writes an account, a grant or an institution, by hand or by program: everybody who reads passes hears of it."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete

from broadsheet.accounts.models import User
from broadsheet.core import clock
from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.membership.flows import change_rights
from broadsheet.membership.models import Grant, Institution, InstitutionNetwork


def connect() -> None:
    """Called once, when the app is ready."""
    post_save.connect(_account_changed, sender=User, dispatch_uid="membership.account")
    pre_delete.connect(_account_deleted, sender=User, dispatch_uid="membership.account_deleted")
    for signal in (post_save, post_delete):
        signal.connect(_grant_changed, sender=Grant, dispatch_uid=f"membership.grant.{id(signal)}")
        for model in (Institution, InstitutionNetwork):
            signal.connect(_institution_changed, sender=model, dispatch_uid=f"membership.{model.__name__}.{id(signal)}")


def _account_changed(instance: User, created: bool, update_fields: frozenset[str] | None, **kwargs: Any) -> None:
    # A new password, a role, a bar: passes made before may say too much. Signing in writes `last_login` alone.
    if not created and update_fields != frozenset(("last_login",)):
        change_rights(instance.pk, now=clock.now())


def _account_deleted(instance: User, **kwargs: Any) -> None:
    change_rights(instance.pk, now=clock.now())


def _grant_changed(instance: Grant, **kwargs: Any) -> None:
    change_rights(instance.reader_id, now=clock.now())


def _institution_changed(**kwargs: Any) -> None:
    record_change(ChangeKind.INSTITUTION, "", now=clock.now())
