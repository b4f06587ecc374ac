"""Uploaded files, where they lie in the data directory. With several hosts the proxy or a bucket serves them."""

from __future__ import annotations

import posixpath
from datetime import date

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

from broadsheet.core import clock, outage
from broadsheet.library.store import is_expired_picture

# A file's name changes with its content: Wagtail adds a random ending to a name that is taken.
MAX_AGE_S = 3600
# A cache that many share gives up a photo as fast as a page once its licence has run out.
SHARED_MAX_AGE_S = 2
MAX_REMEMBERED = 20_000  # pictures, of 400 bytes each at most
LONGEST_NAME = 255  # bytes; our longest file names have 100, and longer ones few disks take
_last_shown: dict[str, date] = {}


@require_safe
def serve_media(request: HttpRequest, path: str) -> HttpResponseBase:
    """One uploaded file; none of a photo whose licence has run out."""
    if not is_file_name(path):
        raise Http404
    today = clock.now().astimezone(settings.BROADSHEET.zone).date()
    if not may_show(path, today=today):
        raise Http404
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}, s-maxage={SHARED_MAX_AGE_S}"
    return response


def is_file_name(path: str) -> bool:
    """Whether a file may have this name: `a//b` and `a/./b` lead to a file too, but no licence is looked up under them."""
    return len(path.encode()) <= LONGEST_NAME and not path.startswith("/") and posixpath.normpath(path) == path


def may_show(path: str, *, today: date) -> bool:
    """Whether a file may be shown; while the database is away, what was shown today: a licence ends with its day."""
    if outage.is_away():
        return _last_shown.get(path) == today
    if is_expired_picture(path, today=today):
        _last_shown.pop(path, None)
        return False
    if len(_last_shown) >= MAX_REMEMBERED:
        _last_shown.clear()
    _last_shown[path] = today
    return True
