"""Where house ads lead."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from broadsheet.ads.store import find_link
from broadsheet.paywall.page_views import CLICK, NO_ARTICLE
from broadsheet.web.page_views import PAGE_VIEWS
from broadsheet.web.reader_page import private
from broadsheet.web.same_site import is_speculative


@require_safe
def go(request: HttpRequest, ad_id: int) -> HttpResponse:
    """Lead on to where an ad says, and nowhere else, and count the click: no cookie, nothing about who it was."""
    link = find_link(ad_id)
    if link is None:
        raise Http404
    if request.method == "GET" and not is_speculative(request):
        PAGE_VIEWS.count(NO_ARTICLE, CLICK, (ad_id,))
    response = private(HttpResponse(status=302, headers={"Location": link}))
    response["X-Robots-Tag"] = "noindex"
    return response
