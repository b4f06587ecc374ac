"""A reader's saved articles: saving, the list with its folders, notes, and files to take along."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from broadsheet.accounts.models import User
from broadsheet.core import clock
from broadsheet.core.text import harmless_cell
from broadsheet.pages.citation_store import load_cited
from broadsheet.pages.citations import FORMS, citation_bibtex
from broadsheet.shelves.flows import (
    LONGEST_NOTE,
    MOST_FOLDERS,
    MOST_SAVED,
    Outcome,
    delete_folder,
    make_folder,
    move_saved,
    remove_saved,
    rename_folder,
    save_article,
    undo_removal,
    write_note,
)
from broadsheet.shelves.models import LONGEST_NAME
from broadsheet.shelves.store import (
    Order,
    SavedRow,
    find_folder_id,
    find_known,
    find_removal,
    find_saved,
    find_saved_row,
    has_saved,
    load_all_saved,
    load_folders,
    load_shelf,
)
from broadsheet.web.account import for_readers
from broadsheet.web.reader_page import private, reader_page, see_other
from broadsheet.web.same_site import same_site_form
from broadsheet.web.saved_address import LIST, UNFILED, SavedAddress, read_address, read_number, read_path
from broadsheet.web.signing import led_to

# That somebody pressed “Save” before they were signed in: signing in leads back to a GET, which saves nothing by itself. It
# counts for who signed in by the page that the button led to; whoever does so otherwise, perhaps another person, is asked.
WANTED_COOKIE = "broadsheet_save"
WANTED_FOR = timedelta(hours=1)
PROBLEMS = {
    Outcome.GONE: "That is no longer there; perhaps it was removed in another window. This is how the list stands now.",
    Outcome.FULL: f"Your list holds {MOST_SAVED:,} articles, which is all it can. Remove some, and there is room again.",
    Outcome.FOLDERS_FULL: f"You have {MOST_FOLDERS} folders, which is all there can be. Delete one, and there is room for another.",
    Outcome.NO_NAME: "Type a name for the folder.",
    Outcome.NAME_TAKEN: "You have a folder of that name already. Choose another name.",
    Outcome.NAME_TOO_LONG: f"A folder’s name has {LONGEST_NAME} characters at most.",
    Outcome.NOTE_TOO_LONG: f"A note has {LONGEST_NOTE:,} characters at most. It was not saved; shorten it and send it again.",
}
NOTE_KEPT = "Your note is saved."
FOLDER_GONE = "That folder was deleted, perhaps in another window. Choose another."
NOTHING_TICKED = "Tick the articles first."
NOTHING_CHOSEN = "Choose what to do with the ticked articles, and where to move them. Nothing was changed."
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@same_site_form
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Save one article and go back to it. Strangers sign in first; what they pressed the button for is saved then."""
    now, article_id = clock.now(), read_number(request.GET.get("article", ""))
    article = find_known(article_id, now=now)
    if article is None:
        raise Http404
    is_wanted, address = request.method == "POST", f"{LIST}add/?article={article_id}"
    if not isinstance(request.user, User):
        response = see_other(f"/login/?{urlencode({'next': address})}")
        if is_wanted:
            _remember_wish(response, article_id)
        return response
    if request.method == "GET" and request.COOKIES.get(WANTED_COOKIE) == str(article_id):
        is_wanted = led_to(request) == address
    if not is_wanted:
        row = find_saved(request.user.pk, article_id, now=now)
        page: dict[str, Any] = {"article": article}
        return see_other(f"{LIST}{row.saved_id}/") if row else reader_page(request, "web/saved_add.html", page, now=now)
    outcome = save_article(request.user.pk, article_id, now=now)
    if outcome in (Outcome.DONE, Outcome.ALREADY):
        response = see_other(f"{article.path}#saved")
    else:
        page = {"article": article, "problem": PROBLEMS[outcome]}
        response = reader_page(request, "web/saved_add.html", page, now=now, status=409)
    if WANTED_COOKIE in request.COOKIES:
        response.delete_cookie(WANTED_COOKIE, samesite="Lax")
    return response


@for_readers
@require_http_methods(["GET", "HEAD"])
def saved(request: HttpRequest) -> HttpResponse:
    """The list: all, one folder, or what holds some words."""
    return _list_page(request, read_address(dict(request.GET.lists())), clock.now())


@for_readers
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, saved_id: int) -> HttpResponse:
    """One saved article: its note and its folder, both written by one form."""
    now, reader_id = clock.now(), _reader_id(request)
    row = find_saved_row(reader_id, saved_id, now=now)
    if row is None:
        return _list_page(request, SavedAddress(), now, problem=PROBLEMS[Outcome.GONE], status=404)
    if request.method != "POST":
        return _one_page(request, row, {}, now)
    folder_id: int | None = read_number(request.POST.get("folder", "")) or None
    typed: dict[str, Any] = {
        "note": request.POST.get("note", ""),
        "new_folder": request.POST.get("new_folder", ""),
        "folder_id": folder_id,
    }
    outcome = write_note(reader_id, saved_id, typed["note"])
    if outcome is not Outcome.DONE:
        return _one_page(request, row, {**typed, "note_problem": PROBLEMS[outcome]}, now, status=422)
    if typed["new_folder"].strip():
        outcome = make_folder(reader_id, typed["new_folder"], now=now)
        folder_id = find_folder_id(reader_id, typed["new_folder"])
        if outcome not in (Outcome.DONE, Outcome.NAME_TAKEN):
            return _one_page(request, row, {**typed, "folder_problem": f"{PROBLEMS[outcome]} {NOTE_KEPT}"}, now, status=422)
    outcome = move_saved(reader_id, [saved_id], folder_id)
    if outcome is not Outcome.DONE:
        return _one_page(request, row, {**typed, "folder_problem": f"{FOLDER_GONE} {NOTE_KEPT}"}, now, status=409)
    return see_other(str(SavedAddress(folder=str(folder_id or ""))))


@for_readers
@require_http_methods(["POST"])
def several(request: HttpRequest) -> HttpResponse:
    """Move or remove what is ticked, or everything that the page shows."""
    now, reader_id = clock.now(), _reader_id(request)
    address = read_path(request.POST.get("next", ""))
    ticked = request.POST.get("page", "").split(",") if request.POST.get("all") else request.POST.getlist("saved")
    saved_ids = [number for number in map(read_number, ticked[:MOST_SAVED]) if number]
    if not saved_ids:
        return _list_page(request, address, now, problem=NOTHING_TICKED, status=422)
    if request.POST.get("do") == "remove":
        remove_saved(reader_id, saved_ids, now=now)
        return see_other(str(address.turned(removed=_stamp(now))))
    folder_id = read_number(request.POST.get("folder", ""))
    if request.POST.get("do") != "move" or not (folder_id or request.POST.get("folder") == UNFILED):
        return _list_page(request, address, now, problem=NOTHING_CHOSEN, status=422)
    outcome = move_saved(reader_id, saved_ids, folder_id or None)
    if outcome is not Outcome.DONE:
        return _list_page(request, address, now, problem=PROBLEMS[outcome], status=409)
    return see_other(str(address))


@for_readers
@require_http_methods(["POST"])
def new_folder(request: HttpRequest) -> HttpResponse:
    """Make a folder."""
    now, name = clock.now(), request.POST.get("name", "")
    outcome = make_folder(_reader_id(request), name, now=now)
    if outcome is Outcome.DONE:
        return see_other(str(SavedAddress(folder=str(find_folder_id(_reader_id(request), name) or ""))))
    address = read_path(request.POST.get("next", ""))
    return _list_page(request, address, now, status=422, new_name=name, new_name_problem=PROBLEMS[outcome])


@for_readers
@require_http_methods(["POST"])
def folder(request: HttpRequest, folder_id: int) -> HttpResponse:
    """Rename a folder, or delete it; what lies in a deleted one stays saved."""
    now, reader_id = clock.now(), _reader_id(request)
    if request.POST.get("do") == "delete":
        if delete_folder(reader_id, folder_id, now=now) is not Outcome.DONE:
            return _list_page(request, SavedAddress(), now, problem=PROBLEMS[Outcome.GONE], status=409)
        return see_other(str(SavedAddress(removed=_stamp(now))))
    name = request.POST.get("name", "")
    outcome = rename_folder(reader_id, folder_id, name)
    if outcome is Outcome.GONE:
        return _list_page(request, SavedAddress(), now, problem=PROBLEMS[outcome], status=409)
    address = SavedAddress(folder=str(folder_id))
    if outcome is not Outcome.DONE:
        return _list_page(request, address, now, status=422, name=name, name_problem=PROBLEMS[outcome])
    return see_other(str(address))


@for_readers
@require_http_methods(["POST"])
def undo(request: HttpRequest) -> HttpResponse:
    """Bring back what was removed last."""
    now, address = clock.now(), read_path(request.POST.get("next", ""))
    outcome = undo_removal(_reader_id(request), _moment(read_number(request.POST.get("removed", ""))), now=now)
    if outcome is not Outcome.DONE:
        return _list_page(request, address.turned(), now, problem=PROBLEMS[outcome], status=409)
    return see_other(str(address.turned()))


@for_readers
@require_safe
def export(request: HttpRequest, form: str) -> HttpResponse:
    """Everything saved, as a file."""
    now = clock.now()
    rows = load_all_saved(_reader_id(request), now=now)
    if form == "bib":
        response = HttpResponse(_bibtex(rows, now), content_type=FORMS["bib"].content_type)
    elif form == "json":
        text = json.dumps([_plain(row) for row in rows], indent=2, ensure_ascii=False)
        response = HttpResponse(text, content_type="application/json")
    else:
        response = HttpResponse(_csv([_plain(row) for row in rows]), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="saved-articles.{form}"'
    return private(response)


def _list_page(request: HttpRequest, address: SavedAddress, now: datetime, *, status: int = 200, **shown: Any) -> HttpResponse:
    reader_id = _reader_id(request)
    folders = load_folders(reader_id)
    page = load_shelf(reader_id, address.wish, now=now)
    context = {
        "address": address,
        "page": page,
        "folders": folders,
        "folder": next((one for one in folders if one.folder_id == address.folder_id), None),
        "orders": [(name, order is address.order, str(address.turned(order=order))) for order, name in ORDERS],
        "everything": str(address.turned(folder="")),
        "unfiled": str(address.turned(folder="none")),
        "older": str(address.turned(after=page.older)) if page.older else "",
        "newer": str(address.turned(before=page.newer)) if page.newer else "",
        "shown_ids": ",".join(str(row.saved_id) for row in page.rows),
        "removed": find_removal(reader_id, _moment(address.removed)) if address.removed else None,
        "is_empty": not page.rows and not has_saved(reader_id),
        "most_folders": MOST_FOLDERS,
        **shown,
    }
    return reader_page(request, "web/saved.html", context, now=now, status=status)


ORDERS = ((Order.SAVED, "By day saved"), (Order.PUBLISHED, "By day published"))


def _one_page(request: HttpRequest, row: SavedRow, typed: dict[str, Any], now: datetime, *, status: int = 200) -> HttpResponse:
    context = {
        "row": row,
        "note": row.note,
        "folder_id": row.folder_id,
        "folders": load_folders(_reader_id(request)),
        "longest": LONGEST_NOTE,
        **typed,
    }
    return reader_page(request, "web/saved_one.html", context, now=now, status=status)


def _remember_wish(response: HttpResponse, article_id: int) -> None:
    response.set_cookie(
        WANTED_COOKIE,
        str(article_id),
        max_age=int(WANTED_FOR.total_seconds()),
        httponly=True,
        secure=settings.BROADSHEET.is_secure,
        samesite="Lax",
    )


def _plain(row: SavedRow) -> dict[str, str]:
    """A saved article as files hold it; one that is no longer available has neither headline nor address."""
    article = row.article
    return {
        "headline": article.headline if article else "",
        "dek": article.dek if article else "",
        "address": f"{settings.BROADSHEET.site_url}{article.path}" if article else "",
        "published": article.published_at.isoformat() if article else "",
        "saved": row.saved_at.isoformat(),
        "folder": row.folder_name,
        "note": row.note,
    }


def _bibtex(rows: Sequence[SavedRow], now: datetime) -> str:
    """An entry for each article that is still available."""
    article_ids = [row.article.article_id for row in rows if row.article]
    cited = load_cited(article_ids, now=now)
    return "\n".join(citation_bibtex(cited[article_id]) for article_id in article_ids if article_id in cited)


def _csv(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("headline", "dek", "address", "published", "saved", "folder", "note"))
    writer.writerows([harmless_cell(value) for value in row.values()] for row in rows)
    return text.getvalue()


def _stamp(moment: datetime) -> int:
    """A moment as addresses hold it."""
    return (moment - _EPOCH) // _MICROSECOND


def _moment(stamp: int) -> datetime:
    """The moment of a stamp; one that is none is long over."""
    return _EPOCH + min(stamp, 10**16) * _MICROSECOND


def _reader_id(request: HttpRequest) -> int:
    return cast(User, request.user).pk
