"""Ties Wagtail's publishing signals to the library's flows."""

from __future__ import annotations

from typing import Any

from wagtail.signals import published, unpublished

from broadsheet.core import clock
from broadsheet.library import flows, signals
from broadsheet.library.models import Article


def connect() -> None:
    """Called once, when the app is ready."""
    published.connect(_follow, sender=Article, dispatch_uid="library.publish")
    unpublished.connect(_withdraw, sender=Article, dispatch_uid="library.unpublish")
    signals.article_deleted.connect(_withdraw_deleted, dispatch_uid="library.delete")


def _follow(instance: Article, **kwargs: Any) -> None:
    flows.follow_publication(instance.pk, now=clock.now())


def _withdraw(instance: Article, **kwargs: Any) -> None:
    flows.withdraw(instance.pk, now=clock.now())


def _withdraw_deleted(article_id: int, **kwargs: Any) -> None:
    flows.withdraw(article_id, now=clock.now())
