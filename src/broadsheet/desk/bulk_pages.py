"""Changing many articles at once in the desk: what, how many it would change, how far it is, what became of each."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.log_actions import LogActionRegistry, LogFormatter

from broadsheet.accounts.models import User
from broadsheet.core import clock
from broadsheet.desk import bulk_flows
from broadsheet.desk.article_list import chosen_in_words, find_chosen
from broadsheet.desk.bulk_forms import BulkForm
from broadsheet.desk.bulk_store import LOG_ACTION
from broadsheet.desk.models import BulkChange, BulkOutcome, BulkState
from broadsheet.library.models import Article

may_publish = permission_required(bulk_flows.PUBLISH, raise_exception=True)
SHOWN_CHANGES = 100
SHOWN_ENTRIES = 200
# What an editor has to know of by name.
TOLD_BY_NAME = (BulkOutcome.SKIPPED, BulkOutcome.KEPT, BulkOutcome.GONE)


class BulkLogFormatter(LogFormatter):
    """The line in an article's history."""

    label = "Change of many articles"

    def format_message(self, log_entry: Any) -> str:
        return str(log_entry.data.get("words", self.label))


def register_log_action(actions: LogActionRegistry) -> None:
    """Tell Wagtail how to word the line."""
    actions.register_action(LOG_ACTION)(BulkLogFormatter)


@require_http_methods(["GET", "HEAD", "POST"])
@may_publish
def new(request: HttpRequest) -> HttpResponse:
    """Ask what is to be changed; say how many articles it would change; with a yes to that very number, begin."""
    article_ids = list(find_chosen(request.GET).order_by("pk").values_list("pk", flat=True))
    chosen = chosen_in_words(request.GET, len(article_ids))
    form = BulkForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "chosen": chosen, "count": len(article_ids)}
    if not article_ids or not form.is_valid():
        return render(request, "desk/bulk_new.html", context, status=422 if form.is_bound else 200)
    operation = form.operation()
    count, first = bulk_flows.count_changes(article_ids, operation)
    agreed = request.POST.get("agreed", "")
    if "back" in request.POST:
        return render(request, "desk/bulk_new.html", context)
    if agreed == f"{count}/{len(article_ids)}" and count:
        by, now = cast(User, request.user), clock.now()
        change = bulk_flows.begin(operation, article_ids, summary=form.in_words(), chosen=chosen, by=by, now=now)
        return redirect("desk_bulk_change", change.pk)
    context |= {
        "summary": form.in_words(),
        "would_change": count,
        "first": Article.objects.filter(pk__in=first).only("pk", "headline").order_by("pk"),
        "is_other_number": bool(agreed),
    }
    return render(request, "desk/bulk_preview.html", context)


@require_safe
@may_publish
def changes(request: HttpRequest) -> HttpResponse:
    """The newest bulk changes."""
    rows = BulkChange.objects.select_related("staff")[:SHOWN_CHANGES]
    return render(request, "desk/bulk_changes.html", {"changes": rows, "zone": settings.BROADSHEET.time_zone})


@require_safe
@may_publish
def change(request: HttpRequest, number: int) -> HttpResponse:
    """How far one bulk change is, and which articles it left alone."""
    row = get_object_or_404(BulkChange.objects.select_related("staff", "resumed_by", "undone_by"), pk=number)
    entries = list(row.entries.filter(outcome__in=TOLD_BY_NAME).order_by("outcome", "article_id")[:SHOWN_ENTRIES])
    names = Article.objects.in_bulk([entry.article_id for entry in entries])
    waiting = row.counts.get(BulkOutcome.CHANGED if row.state == BulkState.UNDOING else BulkOutcome.WAITING, 0)
    now = clock.now()
    context = {
        "change": row,
        "is_under_way": row.state in bulk_flows.UNDER_WAY,
        "done": row.total - waiting,
        "outcomes": [(label, row.counts[value]) for value, label in BulkOutcome.choices if row.counts.get(value)],
        "entries": [(entry, names.get(entry.article_id)) for entry in entries],
        "may_resume": bulk_flows.may_resume(row, now=now),
        "may_undo": bulk_flows.may_undo(row, now=now),
        "undo_until": row.started_at + bulk_flows.UNDO_WITHIN,
        "zone": settings.BROADSHEET.time_zone,
    }
    return render(request, "desk/bulk_change.html", context)


@require_POST
@may_publish
def stop(request: HttpRequest, number: int) -> HttpResponse:
    """Leave the rest as it is."""
    if not bulk_flows.stop(number, now=clock.now()):
        messages.info(request, "It was at its end already.")
    return redirect("desk_bulk_change", number)


@require_POST
@may_publish
def resume(request: HttpRequest, number: int) -> HttpResponse:
    """Go on with the rest."""
    if not bulk_flows.resume(number, by=cast(User, request.user), now=clock.now()):
        messages.error(request, "It cannot go on: it is not stopped any more, or 30 days are over.")
    return redirect("desk_bulk_change", number)


@require_POST
@may_publish
def undo(request: HttpRequest, number: int) -> HttpResponse:
    """Take it back."""
    if not bulk_flows.undo(number, by=cast(User, request.user), now=clock.now()):
        messages.error(request, "It cannot be taken back: that was done already, or 30 days are over.")
    return redirect("desk_bulk_change", number)
