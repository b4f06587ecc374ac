"""Keeps the variant table true: hears what the library changes, drops pages and makes them anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models.signals import post_delete, post_migrate, post_save

from broadsheet.ads.models import HouseAd
from broadsheet.ads.signals import preview_requested as ad_preview_requested
from broadsheet.billing.models import LawSettings, Plan
from broadsheet.core import clock
from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.library import signals
from broadsheet.library.models import HomePin
from broadsheet.pages import flows, store
from broadsheet.pages.preview import answer_ad_preview, answer_preview
from broadsheet.publication.models import MenuLink, PlainPage, Publication

# Menu links and pins are saved after the row that they belong to, so each is heard by itself.
SHOWN_EVERYWHERE = (Publication, MenuLink, PlainPage, Plan, LawSettings, HomePin, HouseAd)


def connect() -> None:
    """Called once, when the app is ready."""
    signals.article_published.connect(_article_published, dispatch_uid="pages.published")
    signals.article_withdrawn.connect(_article_withdrawn, dispatch_uid="pages.withdrawn")
    signals.articles_imported.connect(_articles_imported, dispatch_uid="pages.imported")
    signals.series_changed.connect(_series_changed, dispatch_uid="pages.series")
    signals.start_set_changed.connect(_start_set_changed, dispatch_uid="pages.start_set")
    signals.lists_changed.connect(_lists_changed, dispatch_uid="pages.lists")
    signals.preview_requested.connect(answer_preview, dispatch_uid="pages.preview")
    ad_preview_requested.connect(answer_ad_preview, dispatch_uid="pages.ad_preview")
    for model in SHOWN_EVERYWHERE:
        post_save.connect(_publication_saved, sender=model, dispatch_uid=f"pages.saved.{model.__name__}")
        post_delete.connect(_publication_saved, sender=model, dispatch_uid=f"pages.deleted.{model.__name__}")
    post_migrate.connect(_migrated, dispatch_uid="pages.epoch")


def _article_published(article_id: int, now: datetime, **kwargs: Any) -> None:
    store.drop_pages_naming([article_id])
    store.outdate_list_pages()
    flows.build_usual_pages(article_id, now=now)


def _article_withdrawn(article_id: int, **kwargs: Any) -> None:
    store.drop_pages_naming([article_id])
    store.outdate_list_pages()


def _articles_imported(article_ids: list[int], **kwargs: Any) -> None:
    store.drop_pages_naming(article_ids)
    store.outdate_list_pages()
    record_change(ChangeKind.PAGES, "", now=clock.now())


def _series_changed(slug: str, article_ids: list[int], **kwargs: Any) -> None:
    # The library's page says whether there are series at all; the sitemap names each.
    lists = [f"/series/{slug}/", "/series/", "/library/", "/sitemaps/pages.xml"]
    store.drop_pages_at([*lists, *map(flows.article_path, article_ids)])


def _start_set_changed(path: str, **kwargs: Any) -> None:
    store.drop_pages_at({path, "/start/", "/library/", "/sitemaps/pages.xml"})


def _lists_changed(now: datetime, **kwargs: Any) -> None:
    store.outdate_all_pages()
    record_change(ChangeKind.PAGES, "", now=now)


def _publication_saved(**kwargs: Any) -> None:
    store.outdate_all_pages()
    record_change(ChangeKind.PUBLICATION, "", now=clock.now())


def _migrated(**kwargs: Any) -> None:
    store.ensure_epoch()
