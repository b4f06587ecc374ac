"""Giving an article to a friend: the page that makes the link, and the account's list of links."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.models import User
from broadsheet.core import clock
from broadsheet.library.models import Article
from broadsheet.library.store import published_articles
from broadsheet.membership.entitlement import STRANGER
from broadsheet.paywall.exceptions import NoSuchArticle
from broadsheet.paywall.flows import decide_article
from broadsheet.paywall.friend_flows import share_article, take_back_link, token_of
from broadsheet.paywall.friend_store import GivenLink, count_left, find_live_link, is_subscriber, load_links
from broadsheet.publication.models import Publication
from broadsheet.publication.store import load_publication
from broadsheet.web.account import for_readers
from broadsheet.web.reader_page import reader_page, see_other


@for_readers
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, article_id: int) -> HttpResponse:
    """A subscriber's link to one article: made by the button, shown for as long as it opens."""
    now = clock.now()
    publication = load_publication()
    article = _find_article(article_id, now)
    if article is None or not publication.friend_links_per_month:
        raise Http404
    for_strangers = decide_article(STRANGER, article_id, now=now)
    if for_strangers is not None and for_strangers.is_open:
        return see_other(article.get_absolute_url())  # its address is link enough
    if request.method == "POST":
        try:
            share_article(_reader_id(request), article_id, now=now)
        except NoSuchArticle:
            raise Http404 from None
        return see_other(f"/articles/{article_id}/share/")
    return _share_page(request, article, publication, now)


@for_readers
@require_http_methods(["GET", "HEAD"])
def links(request: HttpRequest) -> HttpResponse:
    """Every link that the reader has made and that is still kept."""
    now = clock.now()
    publication = load_publication()
    rows = [(row, address_of(row)) for row in load_links(_reader_id(request), now=now)]
    context = {
        "rows": rows,
        "left": count_left(_reader_id(request), now=now),
        "allowance": publication.friend_links_per_month,
        "browsers": publication.friend_link_browsers,
        "zone": settings.BROADSHEET.time_zone,
    }
    return reader_page(request, "web/links.html", context, now=now)


@for_readers
@require_http_methods(["POST"])
def take_back(request: HttpRequest, link_id: int) -> HttpResponse:
    """End one of the reader's links."""
    take_back_link(_reader_id(request), link_id, now=clock.now())
    return see_other("/account/links/")


def address_of(row: GivenLink) -> str:
    """The link as its owner sends it; empty once it opens nothing."""
    return f"{settings.BROADSHEET.site_url}{row.path}?friend={token_of(row.link)}" if row.is_live else ""


def _share_page(request: HttpRequest, article: Article, publication: Publication, now: datetime) -> HttpResponse:
    reader_id = _reader_id(request)
    link = find_live_link(reader_id, article.pk, now=now)
    path = article.get_absolute_url()
    context = {
        "article": article,
        "path": path,
        "is_subscriber": is_subscriber(reader_id, now=now),
        "address": f"{settings.BROADSHEET.site_url}{path}?friend={token_of(link)}" if link else "",
        "ends_at": link.ends_at if link else None,
        "left": count_left(reader_id, now=now),
        "allowance": publication.friend_links_per_month,
        "days": publication.friend_link_days,
        "browsers": publication.friend_link_browsers,
        "zone": settings.BROADSHEET.time_zone,
    }
    return reader_page(request, "web/share.html", context, now=now)


def _find_article(article_id: int, now: datetime) -> Article | None:
    """A published article that readers may know of, without its text."""
    return published_articles(now=now).filter(pk=article_id).only("headline", "slug").first()


def _reader_id(request: HttpRequest) -> int:
    return cast(User, request.user).pk
