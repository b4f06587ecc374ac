"""A reader's history: whether it is kept, what is in it, and the place where they stopped in an article."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from broadsheet.accounts.models import User
from broadsheet.core import clock
from broadsheet.core.flows import count_try
from broadsheet.shelves.history_flows import end_history, forget_readings, note_place, start_history
from broadsheet.shelves.store import ReadingRow, find_place, keeps_history, load_history
from broadsheet.web.account import for_readers
from broadsheet.web.reader_page import private, reader_page, see_other
from broadsheet.web.same_site import same_site_form
from broadsheet.web.saved_address import read_number

PAGE = "/account/history/"
NOTHING_NAMED = "Nothing was erased: the form did not name what to erase. This is how your history stands now."
PLACES_AN_HOUR = 240  # of one reader: a page left every fifteen seconds


@for_readers
@require_http_methods(["GET", "HEAD"])
def history(request: HttpRequest) -> HttpResponse:
    """What the reader opened, by day, if they want that kept."""
    return _page(request)


@for_readers
@require_http_methods(["POST"])
def switch(request: HttpRequest) -> HttpResponse:
    """Begin to keep the history; or, if the form says so, keep none from now on and erase what was kept."""
    wanted = request.POST.get("keep")
    if wanted == "1":
        start_history(_reader_id(request), now=clock.now())
        return see_other(PAGE)
    if wanted != "0":
        return _page(request, problem=NOTHING_NAMED, status=422)
    end_history(_reader_id(request))
    return see_other(f"{PAGE}?erased=1")


@for_readers
@require_http_methods(["POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Erase one article from the history; or all, if the form says so in so many words."""
    article_id = read_number(request.POST.get("article", ""))
    if request.POST.get("all") == "1":
        forget_readings(_reader_id(request))
    elif article_id:
        forget_readings(_reader_id(request), article_id)
    else:
        return _page(request, problem=NOTHING_NAMED, status=422)
    return see_other(PAGE)


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, article_id: int) -> HttpResponse:
    """Where the reader stopped in one article, as JSON; POST tells it. 204: nothing is kept of them."""
    reader_id = request.user.pk if isinstance(request.user, User) else None
    if reader_id is None or not keeps_history(reader_id):
        return private(HttpResponse(status=204))
    if request.method != "POST":
        found = find_place(reader_id, article_id)
        return private(JsonResponse({"paragraph": found[0], "paragraphs": found[1]} if found else {}))
    now = clock.now()
    if not count_try("places", str(reader_id), limit=PLACES_AN_HOUR, per=timedelta(hours=1), now=now):
        return private(HttpResponse(status=429))
    paragraph, paragraphs = (read_number(request.POST.get(name, "")) for name in ("paragraph", "paragraphs"))
    is_noted = note_place(reader_id, article_id, paragraph, paragraphs, now=now)
    return private(HttpResponse(status=204 if is_noted else 422))


def _page(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    now, reader_id = clock.now(), _reader_id(request)
    rows, older = load_history(reader_id, read_number(request.GET.get("after", "")), now=now)
    context = {
        "is_kept": keeps_history(reader_id),
        "was_erased": "erased" in request.GET,
        "days": [(day, list(of_day)) for day, of_day in groupby(rows, key=_day)],
        "older": f"{PAGE}?after={older}" if older else "",
        "is_first": "after" not in request.GET,
        "problem": problem,
    }
    return reader_page(request, "web/history.html", context, now=now, status=status)


def _day(row: ReadingRow) -> date:
    return row.opened_at.astimezone(settings.BROADSHEET.zone).date()


def _reader_id(request: HttpRequest) -> int:
    return cast(User, request.user).pk
