"""The support's pages: find a reader, see what they hold and what happened, and why they may read an article."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from allauth.usersessions.models import UserSession
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from broadsheet.accounts.models import User
from broadsheet.billing.days import show_day
from broadsheet.core import clock
from broadsheet.desk.diagnosis import diagnose
from broadsheet.desk.models import AuditAction, AuditLine
from broadsheet.desk.roles import GIVE_GRANTS, HELP_READERS, SEE_AUDIT, SEE_READERS
from broadsheet.desk.support_forms import Forms
from broadsheet.desk.support_store import (
    MAX_FOUND,
    PAGE,
    MomentKind,
    find_unconfirmed,
    load_case,
    load_history,
    load_subscriptions,
    search_readers,
)
from broadsheet.library.models import Article
from broadsheet.membership.models import Grant
from broadsheet.pages.variants import variant_of
from broadsheet.paywall.explanation import Explanation, explain_reader
from broadsheet.paywall.resolver import Outcome

# Two letters would list half of the readers; a list of readers is nobody's daily work.
LEAST_LETTERS = 3
AUDIT_PAGE = 100


@dataclass(frozen=True, slots=True)
class Question:
    """Which article support asked about, as typed, and the answer; `problem` if it could not be read.

    `variant` is the name of the form that the reader's own browser is served.
    """

    typed: str = ""
    problem: str = ""
    article: Article | None = None
    explanation: Explanation | None = None
    variant: str = ""
    preview: str = ""


@require_safe
@permission_required(SEE_READERS, raise_exception=True)
def readers(request: HttpRequest) -> HttpResponse:
    """Readers whose address or name holds what was typed, or whose order, payment or invoice has that number."""
    query = request.GET.get("q", "").strip()
    is_long_enough = len(query) >= LEAST_LETTERS
    found = search_readers(query) if is_long_enough else []
    context = {
        "query": query,
        "found": found[:MAX_FOUND],
        "unconfirmed": find_unconfirmed(query, now=clock.now()) if is_long_enough else [],
        "has_more": len(found) > MAX_FOUND,
        "may_help": request.user.has_perm(HELP_READERS),
        "is_too_short": bool(query) and not is_long_enough,
        "least": LEAST_LETTERS,
    }
    return render(request, "desk/readers.html", context)


@require_safe
@permission_required(SEE_READERS, raise_exception=True)
def reader(request: HttpRequest, reader_id: int) -> HttpResponse:
    """What one reader holds, what happened, and the answer about the article in `?article=`."""
    return show_reader(request, get_object_or_404(User, pk=reader_id), Forms())


def show_reader(request: HttpRequest, person: User, forms: Forms, *, status: int = 200) -> HttpResponse:
    """The page of one reader, with a form that was refused in the place of an empty one."""
    now = clock.now()
    held = load_subscriptions(person.pk, now=now)
    question = ask(person, request.GET.get("article", ""))
    kind = request.GET.get("kind", "")
    kind = kind if kind in set(MomentKind) else ""
    history = Paginator(load_history(person, kind, now=now), PAGE).get_page(request.GET.get("page"))
    grants = Grant.objects.filter(reader=person).select_related("article").defer("article__body").order_by("-id")
    context: dict[str, Any] = {
        "person": person,
        "now": now,
        "sessions": UserSession.objects.filter(user=person).count(),
        "diagnosis": diagnose(load_case(person, held, question.explanation, now=now), show_day),
        "live_grants": [grant for grant in grants if grant.ends_at is None or grant.ends_at > now],
        "old_grants": [grant for grant in grants if grant.ends_at is not None and grant.ends_at <= now],
        "subscriptions": held,
        "question": question,
        "history": history,
        "kinds": list(MomentKind),
        "kind": kind,
        "kind_query": urlencode({"kind": kind}) if kind else "",
        "may_help": request.user.has_perm(HELP_READERS),
        "may_give": request.user.has_perm(GIVE_GRANTS),
        "forms": forms,
    }
    return render(request, "desk/reader.html", context, status=status)


@require_safe
@permission_required(SEE_READERS, raise_exception=True)
def preview(request: HttpRequest, article_id: int) -> HttpResponse:
    """A published article in the form that readers of one kind get."""
    article = get_object_or_404(Article, pk=article_id, live=True)
    mode = request.GET.get("mode", "")
    if mode not in dict(article.preview_modes):
        raise Http404
    return article.serve_preview(request, mode)


@require_safe
@permission_required(SEE_AUDIT, raise_exception=True)
def audit(request: HttpRequest) -> HttpResponse:
    """What staff did for readers, the newest first."""
    action = request.GET.get("action", "")
    lines = AuditLine.objects.select_related("staff")
    if action in AuditAction.values:
        lines = lines.filter(action=action)
    page = Paginator(lines, AUDIT_PAGE).get_page(request.GET.get("page"))
    known = dict(User.objects.filter(pk__in=[line.reader_id for line in page]).values_list("pk", "email"))
    rows = [(line, known.get(line.reader_id, "")) for line in page]
    context = {"rows": rows, "page": page, "actions": AuditAction.choices, "action": action}
    return render(request, "desk/audit.html", {**context, "action_query": urlencode({"action": action}) if action else ""})


def ask(person: User, typed: str) -> Question:
    """The answer about the article that `typed` names by its number or its address."""
    text = typed.strip()
    if not text:
        return Question()
    number = next((part for part in reversed(text.partition("?")[0].rstrip("/").split("/")) if part.isdigit()), "")
    if not number or len(number) > 18:
        return Question(text, problem="Give the article's number or its address, such as /articles/1204/the-slug/.")
    now = clock.now()
    article = Article.objects.defer("body").filter(pk=int(number)).first()
    answer = explain_reader(person.pk, int(number), now=now)
    if answer.decision is None or answer.decision.outcome is Outcome.HIDDEN:
        return Question(text, article=article, explanation=answer)
    variant = variant_of(answer.decision, answer.entitlement, now)
    return Question(text, article=article, explanation=answer, variant=variant.kind, preview=_preview_mode(answer))


def _preview_mode(answer: Explanation) -> str:
    """The desk's preview that looks as the reader's page does."""
    decision = answer.decision
    if decision is None or decision.outcome is Outcome.OPEN:
        return "subscriber"
    return f"left-{decision.remaining}" if decision.remaining in (0, 1, 3) else "left-3"
