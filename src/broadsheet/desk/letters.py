"""The publication's own words for its letters: a list of the kinds, a form for each, a preview."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from broadsheet.mail.letters import find_unknown_placeholders, text_of, write_letter
from broadsheet.mail.render import render_html
from broadsheet.mail.store import load_wording
from broadsheet.mail.wordings import PLACEHOLDERS, LetterKind, Wording
from broadsheet.publication.models import LetterWording
from broadsheet.publication.store import load_publication

CHANGE_LETTERS = "publication.change_letterwording"
NAMES = {
    LetterKind.CONFIRM: "Confirm an address",
    LetterKind.SIGN_IN: "Sign in",
    LetterKind.CHANGE_OLD: "Change of address, to the old one",
    LetterKind.CHANGE_NEW: "Change of address, to the new one",
    LetterKind.ADDRESS_CHANGED: "Address has changed",
    LetterKind.ERASED: "Account erased",
    LetterKind.INVOICE_REQUEST: "Invoice asked for, to the publisher",
    LetterKind.INVOICE_RECEIPT: "Invoice asked for, to the reader",
    LetterKind.INVOICE_DECLINED: "Invoice: the request is declined",
    LetterKind.INVOICE: "Invoice",
    LetterKind.INVOICE_REMINDER: "Invoice: reminder a week after the day to pay",
    LetterKind.INVOICE_LAST_REMINDER: "Invoice: last reminder, after three weeks",
    LetterKind.INVOICE_PAID: "Invoice: payment received",
    LetterKind.INVOICE_UNPAID: "Invoice: ended unpaid",
    LetterKind.CREDIT_NOTE: "Credit note",
    LetterKind.HELP: "Question to the help desk",
    LetterKind.WELCOME: "Subscription begins",
    LetterKind.RECEIPT: "Receipt",
    LetterKind.PAYMENT_FAILED: "Payment failed, at once",
    LetterKind.PAYMENT_FAILED_AGAIN: "Payment failed, after three days",
    LetterKind.PAYMENT_FAILED_LAST: "Payment failed, after ten days",
    LetterKind.UNPAID: "Ended unpaid",
    LetterKind.RENEWS_SOON: "Renews soon",
    LetterKind.PRICE_CHANGES: "Price changes",
    LetterKind.CARD_EXPIRES: "Card runs out",
    LetterKind.YEARLY_REMINDER: "Reminder once a year (law of the United States)",
    LetterKind.CANCELLED: "Cancelled",
    LetterKind.GOES_ON: "Goes on after all",
    LetterKind.ENDED: "Subscription ended",
    LetterKind.PAUSED: "Paused",
    LetterKind.PAUSE_ENDS: "Pause ends soon",
    LetterKind.STILL_STUDENT: "Students: once a year",
    LetterKind.REFUNDED: "Money given back",
    LetterKind.MONEY_ALERT: "Money needs a look, to the publisher",
    LetterKind.GIFT_BOUGHT: "Gift: receipt to the giver",
    LetterKind.GIFT: "Gift: delivery",
    LetterKind.GIFT_REMINDER: "Gift: not opened after two weeks",
    LetterKind.GIFT_OPENED: "Gift: opened",
    LetterKind.GIFT_ENDED: "Gift: its payment was given back",
    LetterKind.GROUP_BEGUN: "Organisation: seats begin",
    LetterKind.SEAT_INVITED: "Organisation: invitation to a seat",
    LetterKind.SEAT_TAKEN: "Organisation: seat taken",
    LetterKind.SEAT_ENDED: "Organisation: seat ended",
    LetterKind.GROUP_OFFERED: "Organisation: asked to look after the seats",
    LetterKind.GROUP_HANDED_OVER: "Organisation: seats looked after by somebody else",
    LetterKind.WITHDRAWAL_RECEIVED: "Withdrawal from a contract received",
    LetterKind.CANCELLATION_RECEIVED: "Cancellation received",
    LetterKind.MERGE_AGREE: "Two accounts become one, to both",
    LetterKind.MERGED: "Two accounts are one",
}
# What the preview fills in; a placeholder without a sample shows its own name.
SAMPLES = {
    "code": "482 913",
    "link": "https://example.org/confirm/",
    "help_link": "https://example.org/help/",
    "site": "https://example.org",
    "code_minutes": "30",
    "link_hours": "24",
    "allowance": "three",
    "article_line": "The article you were reading stays open in your browser.",
    "newsletter_line": "The newsletter starts then, too.",
    "new_address": "new@example.org",
    "old_address": "old@example.org",
    "email": "reader@example.org",
    "plan": "All-Access",
    "price": "€96 a year",
    "institution": "University of Bergen",
    "student_link": "https://example.org/subscribe/student/",
    "page": "https://example.org/articles/12/",
    "number": "2026-17",
    "invoice_number": "2026-17",
    "amount": "€96",
    "left": "€96",
    "paid": "€96",
    "paid_on": "3 March 2026",
    "due_on": "17 March 2026",
}


class WordingForm(forms.Form):
    """Subject and body of one kind of letter; refuses placeholders that this kind cannot fill."""

    subject = forms.CharField(max_length=160)
    body = forms.CharField(widget=forms.Textarea(attrs={"rows": 22}))

    def __init__(self, kind: LetterKind, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        known = ", ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS[self.kind]))
        for name in ("subject", "body"):
            unknown = find_unknown_placeholders(self.kind, Wording("", cleaned.get(name, "")))
            if unknown:
                self.add_error(name, f"This letter does not know {', '.join(unknown)}. It knows {known}.")
        return cleaned

    @property
    def wording(self) -> Wording:
        """The words as typed."""
        return Wording(self.cleaned_data["subject"], self.cleaned_data["body"])


@require_safe
@permission_required(CHANGE_LETTERS, raise_exception=True)
def letters(request: HttpRequest) -> HttpResponse:
    """Every kind of letter, and whether the publication has words of its own for it."""
    own = set(LetterWording.objects.values_list("kind", flat=True))
    rows = [
        {"kind": kind, "name": NAMES[kind], "subject": load_wording(kind).subject, "is_own": kind in own} for kind in LetterKind
    ]
    return render(request, "desk/letters.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(CHANGE_LETTERS, raise_exception=True)
def letter(request: HttpRequest, kind: str) -> HttpResponse:
    """One letter's words: save them, look at them, or go back to those that come with Broadsheet."""
    if kind not in set(LetterKind):
        raise Http404
    chosen = LetterKind(kind)
    if request.method == "POST" and "reset" in request.POST:
        LetterWording.objects.filter(kind=chosen).delete()
        messages.success(request, f"“{NAMES[chosen]}” uses the words that come with Broadsheet again.")
        return redirect("desk_letter", kind)
    words = load_wording(chosen)
    form = WordingForm(chosen, request.POST or None, initial={"subject": words.subject, "body": words.body})
    if form.is_valid() and "preview" not in request.POST:
        LetterWording.objects.update_or_create(kind=chosen, defaults={"subject": form.wording.subject, "body": form.wording.body})
        messages.success(request, f"“{NAMES[chosen]}” saved.")
        return redirect("desk_letters")
    shown = form.wording if form.is_bound and form.is_valid() else None if form.is_bound else words
    return render(
        request, "desk/letter.html", {"form": form, "name": NAMES[chosen], "known": _known(chosen), **_preview(chosen, shown)}
    )


def _known(kind: LetterKind) -> list[tuple[str, str]]:
    return [(f"{{{name}}}", _samples(kind)[name]) for name in sorted(PLACEHOLDERS[kind])]


def _preview(kind: LetterKind, wording: Wording | None) -> dict[str, str]:
    if wording is None:
        return {}
    publication = load_publication()
    written = write_letter(kind, wording, _samples(kind), footer=publication.letter_footer or publication.name)
    return {"preview_subject": written.subject, "preview_html": render_html(written, publication), "preview_text": text_of(written)}


def _samples(kind: LetterKind) -> dict[str, str]:
    known = {name: SAMPLES.get(name, f"[{name}]") for name in PLACEHOLDERS[kind]}
    return {**known, "name": load_publication().name}
