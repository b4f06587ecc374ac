"""Pages that say what went wrong and who helps. The database may be down while they are made."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, RawPostDataException
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.utils.http import escape_leading_slashes

from broadsheet.core import clock, outage
from broadsheet.library.store import find_old_address
from broadsheet.pages.site import Site, load_site, site_without_database
from broadsheet.pages.variants import Audience
from broadsheet.web.same_site import is_own_form

PRIVATE = "private, no-store"
RETRY_AFTER_S = 10
# Passwords are typed again, each under its own label.
RETYPED = {
    "password": "Password",
    "oldpassword": "Current password",
    "password1": "New password",
    "password2": "New password, once more",
}
TOLD_TO_SUPPORT = (403, 500, 503)  # what somebody can look up in the log
LARGEST_KEPT = 1_000_000  # characters; the longest article of the desk has a third of that
WORDS = {
    403: ("This form came from elsewhere", "We take forms from our own pages only. Go back, reload the page and send it again."),
    404: ("There is no page at this address", "Perhaps a letter is missing from it, or the page has moved."),
    410: ("This article is no longer published", "The editors have taken it back. Its address will not be used for anything else."),
    500: ("Something broke on our side", "It has been noted, and it was nothing you did. Trying again in a minute often works."),
    503: ("Please try again in a moment", "We can’t save or look up anything just now. Nothing you did is lost."),
}


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form that could not be taken, to be sent again with one press: its fields, and the passwords to be typed anew."""

    fields: tuple[tuple[str, str], ...]
    retyped: tuple[tuple[str, str], ...]


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
    return error_page(request, 503 if is_trouble_of_the_database(sys.exc_info()[1]) else 500)


def is_trouble_of_the_database(error: BaseException | None) -> bool:
    """Whether the database failed, rather than what was asked of it; a damaged SQLite file is a plain DatabaseError."""
    return isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """The page for one status."""
    heading, text = WORDS[status]
    now = clock.now()
    context = {
        "site": site_without_database(now=now) if status == 503 else find_site(now=now),
        "audience": Audience.STRANGER,
        "status": status,
        "heading": heading,
        "text": text,
        "path": escape_leading_slashes(request.get_full_path()),
        "was_sent": request.method == "POST",
        "kept": find_kept_form(request) if status == 503 else None,
        "reference": request.META.get("broadsheet.request_id") if status in TOLD_TO_SUPPORT else None,
    }
    response = HttpResponse(render_to_string("pages/error.html", context), status=status)
    response["Cache-Control"] = PRIVATE
    response["Content-Length"] = str(len(response.content))  # some of these pages never reach Django's own middleware
    if status == 503:
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def find_site(*, now: datetime) -> Site:
    """The publication; what can be said of it without the database when that is down."""
    if outage.is_away():
        return site_without_database(now=now)
    try:
        return load_site(now=now)
    except DatabaseError:
        return site_without_database(now=now)


def find_kept_form(request: HttpRequest) -> KeptForm | None:
    """What the reader sent; None if nothing was, if it cannot be sent again whole, or if it was not our page that sent it.

    Sending it again makes it a form of our own page, so what another site sent is not offered.
    """
    if request.method != "POST" or not is_own_form(request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")):
        return None
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > 4 * LARGEST_KEPT or request.FILES:
            return None
        given = tuple((name, value) for name, values in request.POST.lists() for value in values if name not in RETYPED)
        retyped = tuple((name, label) for name, label in RETYPED.items() if name in request.POST)
    except (ValueError, OSError, BadRequest, SuspiciousOperation, RawPostDataException, MultiPartParserError):
        return None
    if sum(len(name) + len(value) for name, value in given) > LARGEST_KEPT:
        return None
    return KeptForm(given, retyped)
