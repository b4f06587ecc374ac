"""The article page: choosing a finished variant for whoever asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.views.decorators.http import require_safe

from broadsheet.core import clock
from broadsheet.core.keys import new_token
from broadsheet.library.models import Article
from broadsheet.library.store import ArticleAccess, find_article_access, was_published
from broadsheet.membership.entitlement import Entitlement
from broadsheet.pages.articles import load_article_page
from broadsheet.pages.encoding import body_in, choose_encoding
from broadsheet.pages.flows import find_or_build_article
from broadsheet.pages.render import render_article
from broadsheet.pages.variants import FinishedPage, variant_of
from broadsheet.paywall.flows import decide_row
from broadsheet.paywall.friend_flows import LinkState, open_link, show_link
from broadsheet.paywall.resolver import Outcome, Reason
from broadsheet.publication.store import load_publication
from broadsheet.web.asker import Asker, browser_key, entitlement_of, read_asker, set_browser_cookie
from broadsheet.web.errors import gone
from broadsheet.web.page_views import PAGE_VIEWS
from broadsheet.web.reader_page import private
from broadsheet.web.same_site import is_speculative

PUBLIC = "public, max-age=0, s-maxage=2"
PRIVATE = "private, no-store"
# What the wall says above its offer to whoever shows a friend's link that does not open the article.
FRIEND_WORDS = {
    LinkState.OPENS: "Load this page again to read the article: your browser asked for it before you did.",
    LinkState.UNKNOWN: "This link does not open the article. Perhaps a part of it was lost on the way: ask for it once more.",
    LinkState.TAKEN_BACK: "Whoever gave you this article has taken the link back.",
    LinkState.OVER: "The days for which this link was good are over.",
    LinkState.GIVER_GONE: "This link no longer opens the article.",
    LinkState.FULL: "This link has been opened in as many browsers as it may be.",
}


@require_safe
def article(request: HttpRequest, article_id: int, slug: str = "") -> HttpResponse:
    """One article, as far as the asker may read it; never spends anything."""
    now = clock.now()
    asker = read_asker(request)
    entitlement = entitlement_of(asker, now=now)
    row = find_article_access(article_id, now=now)
    if row is None:
        if was_published(article_id):
            return gone(request)
        raise Http404
    decision = decide_row(entitlement, row, now=now)
    if decision.outcome is Outcome.HIDDEN:
        raise Http404
    shown = request.GET.get("friend", "")
    if slug != row.slug:
        query = f"?{urlencode({'friend': shown})}" if shown else ""
        return HttpResponsePermanentRedirect(f"/articles/{article_id}/{row.slug}/{query}")
    if shown and decision.outcome is Outcome.WALL:
        return _read_from_friend(request, asker, entitlement, row, now=now)
    variant = variant_of(decision, entitlement, now)
    request.META["broadsheet.variant"] = variant.kind  # for the count of answers
    page = find_or_build_article(article_id, variant, now=now)
    if page is None:
        raise Http404
    if request.method == "GET" and decision.reason is not Reason.STAFF:
        PAGE_VIEWS.count(article_id, variant.kind, page.ads)
    is_shared = not asker.is_known and not variant.audience.is_campus
    return finished_response(request, page, is_shared=is_shared)


def _read_from_friend(
    request: HttpRequest, asker: Asker, entitlement: Entitlement, row: ArticleAccess, *, now: datetime
) -> HttpResponse:
    """The whole article for whoever shows a subscriber's link to it, in as many browsers as it may be; else the wall and why."""
    link = show_link(request.GET["friend"], row.article_id, now=now)
    held = replace(entitlement, friend=link.grant)
    decision = decide_row(held, row, now=now)
    new = "" if asker.browser_key else new_token()
    if not decision.is_open:
        return _wall_for_friend(request, row, entitlement, link.state, now=now)
    if is_speculative(request):
        # Nobody has opened the link yet. A browser throws a refusal away and asks anew with the click.
        return _wall_for_friend(request, row, entitlement, LinkState.OPENS, status=403, now=now)
    if request.method == "GET" and not open_link(link.link_id, browser_key=asker.browser_key or browser_key(new), now=now):
        return _wall_for_friend(request, row, entitlement, LinkState.FULL, now=now)
    variant = variant_of(decision, held, now)
    page = find_or_build_article(row.article_id, variant, now=now)
    if page is None:
        raise Http404
    if request.method == "GET":
        PAGE_VIEWS.count(row.article_id, variant.kind, page.ads)
    response = finished_response(request, page, is_shared=False)
    # The address holds the token: no other site learns it, and no search engine keeps it.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    if new and request.method == "GET":
        set_browser_cookie(response, new)
    return response


def _wall_for_friend(
    request: HttpRequest, row: ArticleAccess, entitlement: Entitlement, state: LinkState, *, status: int = 200, now: datetime
) -> HttpResponse:
    """The wall as this reader gets it, with a word on why the link did not open it."""
    variant = variant_of(decide_row(entitlement, row, now=now), entitlement, now)
    if request.method == "GET" and not is_speculative(request):
        PAGE_VIEWS.count(row.article_id, variant.kind)
    answer = {"friend": FRIEND_WORDS[state], "newsletter": load_publication().newsletter_by_default}
    try:
        page = load_article_page(row.article_id, whole=False, now=now)
    except Article.DoesNotExist:  # unpublished a moment ago
        raise Http404 from None
    response = private(HttpResponse(render_article(page, variant, now=now, answer=answer), status=status))
    response["X-Robots-Tag"] = "noindex"
    return response


def finished_response(request: HttpRequest, page: FinishedPage, *, is_shared: bool) -> HttpResponse:
    """A finished page as a response, encoded as the browser likes.

    Args:
        is_shared: every stranger gets these bytes, so caches may keep them and a browser may ask with its ETag;
            False if a cookie or a network chose them.
    """
    encoding = choose_encoding(request.headers.get("Accept-Encoding", ""))
    etag = f'"{page.etag}-{encoding or "id"}"'
    if is_shared and etag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(body_in(page, encoding), content_type=page.content_type)
        if encoding:
            response["Content-Encoding"] = encoding
    response["Cache-Control"] = PUBLIC if is_shared else PRIVATE
    response["Vary"] = "Cookie, Accept-Encoding"
    if is_shared:
        response["ETag"] = etag
    return response
