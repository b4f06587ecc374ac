"""Pages that say what went wrong and who helps. The database may be down while they are made."""

from __future__ import annotations

import sys
from datetime import datetime

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.template.loader import render_to_string

from broadsheet.core import clock
from broadsheet.library.store import find_old_address
from broadsheet.pages.site import Site, load_site, site_without_database
from broadsheet.pages.variants import Audience

PRIVATE = "private, no-store"
RETRY_AFTER_S = 10
NEVER_KEPT = frozenset({"password", "password1", "password2", "oldpassword"})
LONGEST_KEPT = 2000  # characters of one field
WORDS = {
    403: ("This form came from elsewhere", "We take forms from our own pages only. Go back, reload the page and send it again."),
    404: ("There is no page at this address", "Perhaps a letter is missing from it, or the page has moved."),
    410: ("This article is no longer published", "The editors have taken it back. Its address will not be used for anything else."),
    500: ("Something broke on our side", "It has been noted, and it was nothing you did. Trying again in a minute often works."),
    503: ("Please try again in a moment", "We can’t save or look up anything just now. Nothing you did is lost."),
}


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404; unless the address is that of an article before it was imported, which leads to where it is now."""
    try:
        moved = find_old_address(request.get_full_path(), now=clock.now())
    except DatabaseError:
        return error_page(request, 503)
    return HttpResponsePermanentRedirect(moved) if moved else error_page(request, 404)


def gone(request: HttpRequest) -> HttpResponse:
    """410: an article that was published and is no more."""
    return error_page(request, 410)


def forbidden(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """403, also in place of Django's own page about CSRF."""
    return error_page(request, 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or 503 where the database could not be asked, which keeps what the reader typed."""
    down = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    return error_page(request, 503 if down else 500)


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """The page for one status."""
    heading, text = WORDS[status]
    context = {
        "site": find_site(now=clock.now()),
        "audience": Audience.STRANGER,
        "status": status,
        "heading": heading,
        "text": text,
        "path": request.path,
        "kept": kept_fields(request) if status == 503 else (),
    }
    response = HttpResponse(render_to_string("pages/error.html", context), status=status)
    response["Cache-Control"] = PRIVATE
    if status == 503:
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def find_site(*, now: datetime) -> Site:
    """The publication; what can be said of it without the database when that is down."""
    try:
        return load_site(now=now)
    except DatabaseError:
        return site_without_database(now=now)


def kept_fields(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    """What the reader sent, to be sent again with one press; passwords are typed again."""
    if request.method != "POST":
        return ()
    given = ((name, value) for name, values in request.POST.lists() for value in values)
    return tuple((name, value[:LONGEST_KEPT]) for name, value in given if name not in NEVER_KEPT)
