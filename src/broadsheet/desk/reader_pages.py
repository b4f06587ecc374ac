"""The support's pages: find a reader by part of the address, see what they hold, ask why they may read an article."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from broadsheet.accounts.models import User
from broadsheet.core import clock
from broadsheet.desk.roles import SEE_READERS
from broadsheet.library.models import Article
from broadsheet.membership.models import Grant, NewsletterConsent
from broadsheet.paywall.explanation import Explanation, explain_reader
from broadsheet.paywall.models import Unlock

MAX_FOUND = 50
# Two letters would list half of the readers; a list of readers is nobody's daily work.
LEAST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Question:
    """Which article support asked about, as typed, and the answer; `problem` if it could not be read."""

    typed: str = ""
    problem: str = ""
    article: Article | None = None
    explanation: Explanation | None = None


@require_safe
@permission_required(SEE_READERS, raise_exception=True)
def readers(request: HttpRequest) -> HttpResponse:
    """Readers whose address holds what was typed."""
    query = request.GET.get("q", "").strip()
    is_long_enough = len(query) >= LEAST_LETTERS
    found = list(User.objects.filter(email__icontains=query).order_by("email")[: MAX_FOUND + 1]) if is_long_enough else []
    context = {
        "query": query,
        "found": found[:MAX_FOUND],
        "has_more": len(found) > MAX_FOUND,
        "is_too_short": bool(query) and not is_long_enough,
        "least": LEAST_LETTERS,
    }
    return render(request, "desk/readers.html", context)


@require_safe
@permission_required(SEE_READERS, raise_exception=True)
def reader(request: HttpRequest, reader_id: int) -> HttpResponse:
    """What one reader holds, and the answer about the article in `?article=`."""
    person = get_object_or_404(User, pk=reader_id)
    context = {
        "person": person,
        "now": clock.now(),
        "grants": Grant.objects.filter(reader=person).select_related("article").defer("article__body"),
        "unlocks": Unlock.objects.filter(reader=person).select_related("article").defer("article__body").order_by("-opened_at"),
        "consents": NewsletterConsent.objects.filter(reader=person),
        "question": ask(person, request.GET.get("article", "")),
    }
    return render(request, "desk/reader.html", context)


def ask(person: User, typed: str) -> Question:
    """The answer about the article that `typed` names by its number or its address."""
    text = typed.strip()
    if not text:
        return Question()
    number = next((part for part in reversed(text.rstrip("/").split("/")) if part.isdigit()), "")
    if not number or len(number) > 18:
        return Question(text, problem="Give the article's number or its address, such as /articles/1204/the-slug/.")
    article = Article.objects.defer("body").filter(pk=int(number)).first()
    return Question(text, article=article, explanation=explain_reader(person.pk, int(number), now=clock.now()))
