"""Citations of articles as files: the same for everybody, and of what everybody may read."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from broadsheet.core import clock
from broadsheet.library.store import was_published
from broadsheet.pages.citation_store import find_cited
from broadsheet.pages.citations import FORMS
from broadsheet.pages.compress import finish_page
from broadsheet.web.errors import gone
from broadsheet.web.feeds import shared_response


@require_safe
def citation(request: HttpRequest, article_id: str, form: str) -> HttpResponse:
    """One article as a program for lists of sources takes it in."""
    cited = find_cited(int(article_id), now=clock.now())
    if cited is None:
        if was_published(int(article_id)):
            return gone(request)
        raise Http404
    made = FORMS[form]
    response = shared_response(request, finish_page(made.compose(cited), made.content_type))
    response["Content-Disposition"] = f'attachment; filename="{cited.key}.{form}"'
    response["X-Robots-Tag"] = "noindex"
    return response
