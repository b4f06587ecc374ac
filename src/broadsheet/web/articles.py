"""The article page: choosing a finished variant for whoever asks."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.views.decorators.http import require_safe

from broadsheet.core import clock
from broadsheet.library.store import find_article_access
from broadsheet.pages.flows import find_or_build_article
from broadsheet.pages.variants import FinishedPage, variant_of
from broadsheet.paywall.flows import decide_article
from broadsheet.paywall.resolver import Outcome
from broadsheet.web.asker import Asker, entitlement_of, read_asker
from broadsheet.web.encoding import body_in, choose_encoding

PUBLIC = "public, max-age=0, s-maxage=2"
PRIVATE = "private, no-store"


@require_safe
def article(request: HttpRequest, article_id: int, slug: str = "") -> HttpResponse:
    """One article, as far as the asker may read it; never spends anything."""
    now = clock.now()
    asker = read_asker(request)
    page = find_article_page(article_id, asker, now=now)
    row = find_article_access(article_id, now=now)
    if page is None or row is None:
        raise Http404
    if slug != row.slug:
        return HttpResponsePermanentRedirect(f"/articles/{article_id}/{row.slug}/")
    return finished_response(request, page, asker)


def find_article_page(article_id: int, asker: Asker, *, now: datetime) -> FinishedPage | None:
    """The finished page that this asker gets; None where for them there is no such article."""
    entitlement = entitlement_of(asker, now=now)
    decision = decide_article(entitlement, article_id, now=now)
    if decision is None or decision.outcome is Outcome.HIDDEN:
        return None
    return find_or_build_article(article_id, variant_of(decision, entitlement, now), now=now)


def finished_response(request: HttpRequest, page: FinishedPage, asker: Asker) -> HttpResponse:
    """A finished page as a response: encoded as the browser likes, 304 if it has it, private if a cookie chose it."""
    encoding = choose_encoding(request.headers.get("Accept-Encoding", ""))
    etag = f'"{page.etag}-{encoding or "id"}"'
    if not asker.is_known and etag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(body_in(page, encoding), content_type=page.content_type)
        if encoding:
            response["Content-Encoding"] = encoding
    response["Cache-Control"] = PRIVATE if asker.is_known else PUBLIC
    response["Vary"] = "Cookie, Accept-Encoding"
    if not asker.is_known:
        response["ETag"] = etag
    return response
