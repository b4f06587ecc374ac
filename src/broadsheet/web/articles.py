"""The article page: choosing a finished variant for whoever asks."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.views.decorators.http import require_safe

from broadsheet.core import clock
from broadsheet.library.store import find_article_access, was_published
from broadsheet.pages.encoding import body_in, choose_encoding
from broadsheet.pages.flows import find_or_build_article
from broadsheet.pages.variants import FinishedPage, variant_of
from broadsheet.paywall.flows import decide_row
from broadsheet.paywall.resolver import Outcome, Reason
from broadsheet.web.asker import entitlement_of, read_asker
from broadsheet.web.errors import gone
from broadsheet.web.wall_views import WALL_VIEWS

PUBLIC = "public, max-age=0, s-maxage=2"
PRIVATE = "private, no-store"


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
    if slug != row.slug:
        return HttpResponsePermanentRedirect(f"/articles/{article_id}/{row.slug}/")
    variant = variant_of(decision, entitlement, now)
    request.META["broadsheet.variant"] = variant.kind  # for the count of answers
    page = find_or_build_article(article_id, variant, now=now)
    if page is None:
        raise Http404
    if decision.outcome is Outcome.WALL and request.method == "GET":
        WALL_VIEWS.count(article_id, decision.reason)
    is_shared = not asker.is_known and decision.reason is not Reason.INSTITUTION
    return finished_response(request, page, is_shared=is_shared)


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
