"""Uploaded files, where they lie in the data directory. With several hosts the proxy or a bucket serves them."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

# A file's name changes with its content: Wagtail adds a random ending to a name that is taken.
MAX_AGE_S = 24 * 3600


@require_safe
def serve_media(request: HttpRequest, path: str) -> HttpResponseBase:
    """One uploaded file."""
    response = serve(request, path, document_root=settings.MEDIA_ROOT)
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    return response
