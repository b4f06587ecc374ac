"""Ties Wagtail's publishing signals to the library's flows."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from wagtail.signals import published, unpublished

from broadsheet.core import clock
from broadsheet.library import flows, signals, store
from broadsheet.library.models import (
    Arrangement,
    Article,
    Author,
    CountryNote,
    HomePage,
    Photo,
    Region,
    Series,
    SeriesPart,
    StartEntry,
    StartSet,
    Topic,
)
from broadsheet.library.renditions import make_renditions


def connect() -> None:
    """Called once, when the app is ready."""
    published.connect(_follow, sender=Article, dispatch_uid="library.publish")
    unpublished.connect(_withdraw, sender=Article, dispatch_uid="library.unpublish")
    signals.article_deleted.connect(_withdraw_deleted, dispatch_uid="library.delete")
    pre_delete.connect(_announce_deletion, sender=Article, dispatch_uid="library.article_deleted")
    for model in (HomePage, Topic, Region, Author, CountryNote):
        post_save.connect(_lists_changed, sender=model, dispatch_uid=f"library.saved.{model.__name__}")
        post_delete.connect(_lists_changed, sender=model, dispatch_uid=f"library.deleted.{model.__name__}")
    for model in (Topic, Region, Author):
        post_save.connect(_subject_changed, sender=model, dispatch_uid=f"library.subject_saved.{model.__name__}")
        pre_delete.connect(_subject_changed, sender=model, dispatch_uid=f"library.subject_deleted.{model.__name__}")
    # Before it is saved too: it may get another address or belong to another subject.
    pre_save.connect(_series_about_to_change, sender=Series, dispatch_uid="library.series")
    signals.arrangement_saved.connect(_series_saved, sender=Series, dispatch_uid="library.series")
    pre_delete.connect(_series_deleted, sender=Series, dispatch_uid="library.series")
    for moment in (pre_save, signals.arrangement_saved, pre_delete):
        moment.connect(_start_set_changed, sender=StartSet, dispatch_uid="library.start_set")
    for moment in (post_save, post_delete):
        moment.connect(_series_part_changed, sender=SeriesPart, dispatch_uid="library.series_part")
        moment.connect(_start_entry_changed, sender=StartEntry, dispatch_uid="library.start_entry")
    post_save.connect(_queue_renditions, sender=Photo, dispatch_uid="library.renditions")


def _follow(instance: Article, **kwargs: Any) -> None:
    flows.follow_publication(instance.pk, now=clock.now())


def _withdraw(instance: Article, **kwargs: Any) -> None:
    flows.withdraw(instance.pk, now=clock.now())


def _withdraw_deleted(article_id: int, **kwargs: Any) -> None:
    flows.withdraw(article_id, now=clock.now())


def _queue_renditions(instance: Photo, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        transaction.on_commit(partial(make_renditions.enqueue, [instance.pk]))


def _announce_deletion(instance: Article, **kwargs: Any) -> None:
    # Not in `Article.delete`, which a deletion of many articles at once passes by.
    signals.article_deleted.send(Article, article_id=instance.pk)


def _lists_changed(raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        signals.lists_changed.send(None, now=clock.now())


def _subject_changed(instance: Topic | Region | Author, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        flows.announce_subject(instance, now=clock.now())


def _series_about_to_change(instance: Series, raw: bool = False, **kwargs: Any) -> None:
    instance.stood = store.find_series(instance.pk) if instance.pk and not raw else None


def _series_saved(instance: Series, **kwargs: Any) -> None:
    old_slug, left = instance.stood or ("", [])
    flows.announce_series(instance.pk, old_slug=old_slug, left=left, now=clock.now())


def _series_deleted(instance: Series, **kwargs: Any) -> None:
    flows.announce_series(instance.pk, now=clock.now())


def _series_part_changed(instance: SeriesPart, raw: bool = False, origin: Any = None, **kwargs: Any) -> None:
    if instance.series_id and not raw and not _is_told_of(instance, "series", origin):
        flows.announce_series(instance.series_id, left=[instance.article_id], now=clock.now())


def _start_set_changed(instance: StartSet, raw: bool = False, **kwargs: Any) -> None:
    if instance.pk and not raw:
        flows.announce_start_set(instance.pk, now=clock.now())


def _start_entry_changed(instance: StartEntry, raw: bool = False, origin: Any = None, **kwargs: Any) -> None:
    if instance.start_set_id and not raw and not _is_told_of(instance, "start_set", origin):
        flows.announce_start_set(instance.start_set_id, now=clock.now())


def _is_told_of(part: SeriesPart | StartEntry, name: str, origin: Any) -> bool:
    """Whether what a part belongs to is saved or deleted with it, and announced as a whole. `origin`: what is deleted."""
    whole = part._state.fields_cache.get(name)
    return bool(whole and whole.is_being_saved) or isinstance(origin, Arrangement)
