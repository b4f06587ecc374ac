"""How an article would look to a reader, before anybody but the desk may see it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from broadsheet.ads.models import HouseAd
from broadsheet.core import clock
from broadsheet.library.access import Access
from broadsheet.library.body import compose_body
from broadsheet.library.models import Article
from broadsheet.library.store import load_teaser_rule, raw_body
from broadsheet.pages.ads import ad_of
from broadsheet.pages.articles import article_page
from broadsheet.pages.pictures import load_pictures
from broadsheet.pages.render import render_article, render_page
from broadsheet.pages.variants import Audience, Variant
from broadsheet.paywall.resolver import Outcome, Reason


def answer_preview(article: Article, mode: str, request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Receiver of `preview_requested`: the page of an unsaved draft in one form. Staff only, never kept."""
    now = clock.now()
    body = compose_body(raw_body(article), load_teaser_rule())
    variant = preview_variant(mode, Access(article.access))
    page = article_page(article, body.teaser_html, body.rest_html if variant.is_open else None, words=body.word_count, now=now)
    response = HttpResponse(render_article(page, variant, now=now))
    response["Cache-Control"] = "private, no-store"
    return response


def answer_ad_preview(ad: HouseAd, **kwargs: Any) -> HttpResponse:
    """Receiver of the ads' `preview_requested`: the ad in the frame of a page. Staff only, never kept."""
    now = clock.now()
    pictures = load_pictures([ad.picture_id] if ad.picture_id else [], today=now.astimezone(settings.BROADSHEET.zone).date())
    context = {"ad": ad_of(ad, pictures.get(ad.picture_id or 0)), "where": ad.get_slot_display()}
    response = HttpResponse(render_page("pages/ad_preview.html", context, Audience.STRANGER, now=now))
    response["Cache-Control"] = "private, no-store"
    return response


def preview_variant(mode: str, access: Access) -> Variant:
    """The variant behind one of the desk's preview modes."""
    if access is Access.FREE:
        audience = {"stranger": Audience.STRANGER, "subscriber": Audience.SUBSCRIBER}.get(mode, Audience.READER)
        return Variant(Outcome.OPEN, Reason.FREE, audience)
    if mode == "subscriber":
        return Variant(Outcome.OPEN, Reason.SUBSCRIPTION, Audience.SUBSCRIBER)
    left = int(mode.removeprefix("left-")) if mode.startswith("left-") else None
    audience = Audience.STRANGER if left is None else Audience.READER
    if access is Access.SUBSCRIBERS:
        return Variant(Outcome.WALL, Reason.SUBSCRIBERS, audience, left)
    if left is None:
        return Variant(Outcome.WALL, Reason.STRANGER, audience)
    return Variant(Outcome.WALL, Reason.METER if left else Reason.SPENT, audience, left)
