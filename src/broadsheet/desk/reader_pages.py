"""The support's pages: find a reader by part of the address, see what they hold, ask why they may read an article."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from broadsheet.accounts.models import User
from broadsheet.core import clock
from broadsheet.desk.roles import SEE_READERS
from broadsheet.library.models import Article
from broadsheet.membership.flows import end_grant, give_grant
from broadsheet.membership.models import Grant, NewsletterConsent
from broadsheet.paywall.explanation import Explanation, explain_reader
from broadsheet.paywall.models import Unlock

MAX_FOUND = 50
# Two letters would list half of the readers; a list of readers is nobody's daily work.
LEAST_LETTERS = 3


GIVE_GRANTS = "membership.add_grant"


class GrantForm(forms.Form):
    """What a publisher gives a reader by hand: after an invoice, or for nothing."""

    source = forms.ChoiceField(
        label="What for", choices=[(s, s.label) for s in (Grant.Source.SUBSCRIPTION, Grant.Source.COMPLIMENTARY, Grant.Source.GIFT)]
    )
    last_day = forms.DateField(
        label="Last day", required=False, help_text="Empty: without an end.", widget=forms.DateInput(attrs={"type": "date"})
    )
    reason = forms.CharField(max_length=200, help_text="What support will read, such as “invoice 2026-014”.")

    def clean_last_day(self) -> date | None:
        last_day: date | None = self.cleaned_data["last_day"]
        if last_day is not None and last_day < clock.now().astimezone(settings.BROADSHEET.zone).date():
            raise forms.ValidationError("That day is over. Choose today or a later one.")
        return last_day

    @property
    def ends_at(self) -> datetime | None:
        """The end of the last day in the publication's zone."""
        last_day: date | None = self.cleaned_data["last_day"]
        return datetime.combine(last_day + timedelta(days=1), time(), settings.BROADSHEET.zone) if last_day else None


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
    return _show(request, get_object_or_404(User, pk=reader_id), None)


def _show(request: HttpRequest, person: User, grant_form: GrantForm | None) -> HttpResponse:
    context = {
        "person": person,
        "now": clock.now(),
        "grants": Grant.objects.filter(reader=person).select_related("article").defer("article__body"),
        "unlocks": Unlock.objects.filter(reader=person).select_related("article").defer("article__body").order_by("-opened_at"),
        "consents": NewsletterConsent.objects.filter(reader=person),
        "question": ask(person, request.GET.get("article", "")),
        "grant_form": grant_form or (GrantForm() if request.user.has_perm(GIVE_GRANTS) else None),
    }
    return render(request, "desk/reader.html", context)


@require_POST
@permission_required(GIVE_GRANTS, raise_exception=True)
def give(request: HttpRequest, reader_id: int) -> HttpResponse:
    """Let a reader read everything, for a reason and until a date."""
    person = get_object_or_404(User, pk=reader_id)
    form = GrantForm(request.POST)
    if not form.is_valid():
        return _show(request, person, form)
    source = Grant.Source(form.cleaned_data["source"])
    give_grant(person.pk, source, reason=form.cleaned_data["reason"], ends_at=form.ends_at, now=clock.now())
    messages.success(request, f"{person.email} reads everything from now on.")
    return redirect("desk_reader", person.pk)


@require_POST
@permission_required(GIVE_GRANTS, raise_exception=True)
def end(request: HttpRequest, reader_id: int, grant_id: int) -> HttpResponse:
    """End one grant of one reader now."""
    grant = get_object_or_404(Grant, pk=grant_id, reader_id=reader_id)
    end_grant(grant.pk, now=clock.now())
    messages.success(request, "The grant is over. Other grants of this reader stay as they are.")
    return redirect("desk_reader", reader_id)


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
