"""Uploaded files, where they lie in the data directory. With several hosts the proxy or a bucket serves them."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

from broadsheet.core import clock
from broadsheet.library.store import is_expired_picture

# A file's name changes with its content: Wagtail adds a random ending to a name that is taken.
MAX_AGE_S = 3600


@require_safe
def serve_media(request: HttpRequest, path: str) -> HttpResponseBase:
    """One uploaded file; none of a photo whose licence has run out."""
    today = clock.now().astimezone(settings.BROADSHEET.zone).date()
    if is_expired_picture(path, today=today):
        raise Http404
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    return response
