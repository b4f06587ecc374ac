"""Makes finished pages: at publication, or once at the first request, and keeps them."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from broadsheet.library.access import Access
from broadsheet.library.models import Article
from broadsheet.library.store import find_article_access
from broadsheet.pages import store
from broadsheet.pages.articles import load_article_page
from broadsheet.pages.card_image import draw_card, find_card_words
from broadsheet.pages.compress import finish_page, finish_picture
from broadsheet.pages.lists import ListPath, Place, load_list_page
from broadsheet.pages.recipe import current_recipe
from broadsheet.pages.render import render_article, render_list
from broadsheet.pages.variants import Audience, FinishedPage, Variant, usual_variants
from broadsheet.publication.store import load_publication

HTML = "text/html; charset=utf-8"
PNG = "image/png"


def find_or_build_article(article_id: int, variant: Variant, *, now: datetime) -> FinishedPage | None:
    """The finished page of one article in one form; made and kept if there is none yet; None if it is not published."""
    path = article_path(article_id)
    page = store.find_page(path, variant.kind, recipe=current_recipe(), now=now)
    return page or _build_article(article_id, variant, now=now)


def build_usual_pages(article_id: int, *, now: datetime) -> None:
    """Make the forms that most readers will get; called inside the transaction that publishes."""
    row = find_article_access(article_id, now=now)
    if row is None:
        return
    for variant in usual_variants(Access(row.access), load_publication().articles_per_month):
        _build_article(article_id, variant, now=now)


def find_or_build_list(path: ListPath, audience: Audience, *, now: datetime) -> FinishedPage | None:
    """The finished list, feed or sitemap at `path` for one audience; None if there is nothing of that name."""
    page = store.find_page(path.path, audience, recipe=current_recipe(), now=now)
    if page is not None:
        return page
    epoch = store.read_epoch()
    content = load_list_page(path, now=now)
    if content is None:
        return None
    page = finish_page(render_list(content, audience, now=now), content.content_type)
    store.save_page(
        path.path,
        audience,
        page,
        recipe=current_recipe(),
        mentions=content.article_ids,
        valid_until=content.valid_until,
        epoch=epoch,
        now=now,
    )
    return page


def build_list(path: ListPath, place: Place, audience: Audience, *, now: datetime) -> str | None:
    """A list page deeper in the library, or of a search: made for one request and not kept, for there are endlessly many."""
    content = load_list_page(path, place=place, now=now)
    return None if content is None else render_list(content, audience, now=now)


def find_or_build_card(article_id: int, *, now: datetime) -> FinishedPage | None:
    """The picture that other sites show beside a link to the article; made once and kept; None if it is not published."""
    path, kind = f"{article_path(article_id)}card.png", "card"
    page = store.find_page(path, kind, recipe=current_recipe(), now=now)
    if page is not None:
        return page
    epoch = store.read_epoch()
    words = find_card_words(article_id)
    if words is None:
        return None
    page = finish_picture(draw_card(words), PNG)
    store.save_page(path, kind, page, recipe=current_recipe(), mentions=[article_id], valid_until=None, epoch=epoch, now=now)
    return page


def article_path(article_id: int) -> str:
    """The key of an article's variants: its address without the slug, which may change."""
    return f"/articles/{article_id}/"


def _build_article(article_id: int, variant: Variant, *, now: datetime) -> FinishedPage | None:
    epoch = store.read_epoch()
    try:
        content = load_article_page(article_id, whole=variant.is_open, now=now)
    except Article.DoesNotExist:
        return None
    page = finish_page(render_article(content, variant, now=now), HTML)
    ends = [variant.valid_until(now, settings.BROADSHEET.zone), content.photo_valid_until]
    store.save_page(
        article_path(article_id),
        variant.kind,
        page,
        recipe=current_recipe(),
        mentions=[article_id, *(card.article_id for card in content.related)],
        valid_until=min((end for end in ends if end is not None), default=None),
        epoch=epoch,
        now=now,
    )
    return page
