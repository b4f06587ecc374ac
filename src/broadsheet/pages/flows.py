"""Makes finished pages: at publication, or once at the first request, and keeps them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock

from django.conf import settings
from django.db import OperationalError

from broadsheet.ads.booking import Slot
from broadsheet.library.access import Access
from broadsheet.library.models import Article
from broadsheet.library.store import find_article_access
from broadsheet.pages import store
from broadsheet.pages.ads import Ad, BookedAds, load_ads
from broadsheet.pages.articles import load_article_pages
from broadsheet.pages.card_image import draw_card, find_card_words
from broadsheet.pages.compress import finish_page, finish_picture
from broadsheet.pages.lists import ListContent, ListName, ListPath, Place, load_list_page
from broadsheet.pages.recipe import current_recipe
from broadsheet.pages.records import ArticlePage
from broadsheet.pages.render import render_article, render_list
from broadsheet.pages.site import Site, load_site
from broadsheet.pages.store import NewPage
from broadsheet.pages.variants import Audience, FinishedPage, Variant, usual_variants
from broadsheet.publication.store import load_publication

logger = logging.getLogger(__name__)

_TURNS = [Lock() for _ in range(256)]  # pages of the same number wait for each other, which does no harm
# Lists that hold a house ad: feeds, sitemaps, indexes and the publisher's own pages do not.
WITH_AD = frozenset(
    (
        *(ListName.HOME, ListName.TOPIC, ListName.REGION, ListName.AUTHOR, ListName.LIBRARY),
        *(ListName.YEAR, ListName.MONTH, ListName.KIND, ListName.COUNTRY),
    )
)
HTML = "text/html; charset=utf-8"
PNG = "image/png"


def find_or_build_article(article_id: int, variant: Variant, *, now: datetime) -> FinishedPage | None:
    """The finished page of one article in one form; made and kept if there is none yet; None if it is not published."""

    def compose(epoch: int) -> list[NewPage]:
        return compose_article(article_id, [variant], epoch=epoch, now=now)

    return _find_or_build(article_path(article_id), variant.kind, compose, now=now)


def build_usual_pages(article_id: int, *, now: datetime) -> None:
    """Make the forms that most readers will get; called inside the transaction that publishes."""
    row = find_article_access(article_id, now=now)
    if row is None:
        return
    epoch = store.read_epoch()
    variants = list(usual_variants(Access(row.access), load_publication().articles_per_month))
    _keep(compose_article(article_id, variants, epoch=epoch, now=now), epoch=epoch, now=now)


def find_or_build_list(path: ListPath, audience: Audience, *, now: datetime) -> FinishedPage | None:
    """The finished list, feed or sitemap at `path` for one audience; None if there is nothing of that name."""
    return _find_or_build(path.path, audience, lambda epoch: compose_list(path, [audience], epoch=epoch, now=now), now=now)


def build_list(path: ListPath, place: Place, audience: Audience, *, now: datetime) -> str | None:
    """A list page deeper in the library, or of a search: made for one request and not kept, for there are endlessly many."""
    content = load_list_page(path, place=place, now=now)
    return None if content is None else render_list(content, audience, now=now)


def find_or_build_card(article_id: int, *, now: datetime) -> FinishedPage | None:
    """The picture that other sites show beside a link to the article; made once and kept; None if it is not published."""
    path, kind = f"{article_path(article_id)}card.png", "card"

    def draw(_epoch: int) -> list[NewPage]:
        words = find_card_words(article_id)
        return [NewPage(path, kind, finish_picture(draw_card(words), PNG), [article_id], None)] if words is not None else []

    return _find_or_build(path, kind, draw, now=now)


def article_path(article_id: int) -> str:
    """The key of an article's variants: its address without the slug, which may change."""
    return f"/articles/{article_id}/"


def compose_article(article_id: int, variants: Sequence[Variant], *, epoch: int, now: datetime) -> list[NewPage]:
    """The finished pages of one article in these forms, in their order, not kept yet; none if it is not published.

    `epoch` is the one that was read before.
    """
    try:
        content = load_article_pages(article_id, {variant.is_open for variant in variants}, now=now)
    except Article.DoesNotExist:
        return []
    site, ads = load_site(now=now), load_ads(epoch=epoch, now=now)
    return [_compose_variant(content[variant.is_open], variant, site, ads, now=now) for variant in variants]


def compose_list(path: ListPath, audiences: Sequence[Audience], *, epoch: int, now: datetime) -> list[NewPage]:
    """The finished pages of one list for these audiences, in their order, not kept yet; none if there is no such list.

    `epoch` is the one that was read before.
    """
    content = load_list_page(path, now=now)
    if content is None:
        return []
    has_slot = path.name in WITH_AD and bool(content.article_ids)
    site, ads = load_site(now=now), load_ads(epoch=epoch, now=now) if has_slot else BookedAds()
    return [_compose_audience(path, content, audience, site, ads, now=now) for audience in audiences]


def _compose_audience(
    path: ListPath, content: ListContent, audience: Audience, site: Site, ads: BookedAds, *, now: datetime
) -> NewPage:
    ad = ads.find(path.path, Slot.LIST, audience, now=now)
    page = _finish(render_list(content, audience, site=site, ad=ad, now=now), content.content_type, ad)
    ends = [content.valid_until, ads.valid_until(ad, Slot.LIST, audience, now=now)]
    return NewPage(path.path, audience, page, content.article_ids, _first(ends))


def _compose_variant(content: ArticlePage, variant: Variant, site: Site, ads: BookedAds, *, now: datetime) -> NewPage:
    path = article_path(content.article_id)
    ad = ads.find(path, Slot.ARTICLE_END, variant.audience, now=now)
    ends = [
        variant.valid_until(now, settings.BROADSHEET.zone),
        content.photo_valid_until,
        content.series.valid_until,
        ads.valid_until(ad, Slot.ARTICLE_END, variant.audience, now=now),
    ]
    return NewPage(
        path,
        variant.kind,
        _finish(render_article(content, variant, site=site, ad=ad, now=now), HTML, ad),
        {content.article_id, *(card.article_id for card in content.related), *content.series.article_ids},
        _first(ends),
    )


def _finish(text: str, content_type: str, ad: Ad | None) -> FinishedPage:
    return replace(finish_page(text, content_type), ads=() if ad is None else (ad.ad_id,))


def _first(ends: Iterable[datetime | None]) -> datetime | None:
    return min((end for end in ends if end is not None), default=None)


def _find_or_build(path: str, kind: str, compose: Callable[[int], Sequence[NewPage]], *, now: datetime) -> FinishedPage | None:
    """The page that is kept, or one that is made now, by the function of the epoch that is read before.

    Of several who want the same page at once one makes it, and the others take what it has kept: an edit outdates
    every page that names the article, and then many are asked for by many.
    """
    page = store.find_page(path, kind, recipe=current_recipe(), now=now)
    if page is not None:
        return page
    with _TURNS[hash((path, kind)) % len(_TURNS)]:
        page = store.find_page(path, kind, recipe=current_recipe(), now=now)
        if page is not None:
            return page
        epoch = store.read_epoch()
        made = compose(epoch)
        _keep_if_possible(made, epoch=epoch, now=now)
    return made[0].page if made else None


def _keep(pages: Sequence[NewPage], *, epoch: int, now: datetime) -> None:
    if pages:
        store.save_pages(pages, recipe=current_recipe(), epoch=epoch, now=now)


def _keep_if_possible(pages: Sequence[NewPage], *, epoch: int, now: datetime) -> None:
    """Keep what a reader waits for; they get it even if the disk is full, and do not wait for others who write."""
    try:
        if pages:
            store.save_pages(pages, recipe=current_recipe(), epoch=epoch, now=now, is_in_a_hurry=True)
    except OperationalError as error:
        logger.debug("A page was made and could not be kept: %s", error)
