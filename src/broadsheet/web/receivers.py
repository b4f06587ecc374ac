"""Writes the ends of sessions to the change log: a pass of a session that is over counts no more, on no host."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.models import Session
from django.db.models.signals import post_delete

from broadsheet.core import clock
from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.paywall.passes import holder_name


def connect() -> None:
    """Called once, when the app is ready."""
    post_delete.connect(_session_ended, sender=Session, dispatch_uid="web.session")


def _session_ended(instance: Session, **kwargs: Any) -> None:
    record_change(ChangeKind.SESSION, holder_name("session", instance.session_key), now=clock.now())
