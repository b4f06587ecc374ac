"""The buttons on a reader's page. What does harm if it is wrong has a page of its own, which says what will happen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.models import AddressProof, User
from broadsheet.billing.days import show_day
from broadsheet.billing.models import Subscription
from broadsheet.core import clock
from broadsheet.core.money import amount_text
from broadsheet.desk import support_flows as flows
from broadsheet.desk.reader_pages import show_reader
from broadsheet.desk.roles import GIVE_GRANTS, HELP_READERS
from broadsheet.desk.support_flows import NotDone, StaffOrder
from broadsheet.desk.support_forms import AddressForm, ExtendForm, Forms, GrantForm, MergeForm, PauseForm, ReasonForm, RefundForm
from broadsheet.desk.support_store import Held, load_subscriptions
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.models import Grant

helps = permission_required(HELP_READERS, raise_exception=True)
gives = permission_required(GIVE_GRANTS, raise_exception=True)


@require_POST
@gives
def give(request: HttpRequest, reader_id: int) -> HttpResponse:
    """Let a reader read everything, for a reason and until a date."""
    person, form = _person(reader_id), GrantForm(request.POST)
    if not form.is_valid():
        return show_reader(request, person, Forms(give=form), status=422)
    source = Grant.Source(form.cleaned_data["source"])
    flows.give(_order(request, person, form), source, ends_at=form.ends_at, now=clock.now())
    return _done(request, person, f"{person.email} reads everything from now on.")


@require_POST
@helps
def extend(request: HttpRequest, reader_id: int) -> HttpResponse:
    """Some days more; support within bounds, the publisher without."""
    person, form = _person(reader_id), ExtendForm(request.POST)
    if form.is_valid():
        try:
            until = flows.extend(
                _order(request, person, form),
                form.cleaned_data["days"],
                is_publisher=request.user.has_perm(GIVE_GRANTS),
                now=clock.now(),
            )
        except NotDone as error:
            form.add_error("days", str(error))
        else:
            return _done(request, person, f"{person.email} reads everything until {show_day(until)}.")
    return show_reader(request, person, Forms(extend=form), status=422)


@require_POST
@helps
def change_address(request: HttpRequest, reader_id: int) -> HttpResponse:
    """Begin a change of address: both mailboxes have to agree."""
    person, form = _person(reader_id), AddressForm(request.POST)
    if form.is_valid():
        try:
            flows.change_address(_order(request, person, form), form.cleaned_data["address"], now=clock.now())
        except NotDone as error:
            form.add_error("address", str(error))
        else:
            return _done(request, person, "A letter went to both addresses. The address changes once both links were pressed.")
    return show_reader(request, person, Forms(address=form), status=422)


@require_POST
@gives
def merge(request: HttpRequest, reader_id: int) -> HttpResponse:
    """Begin to take another account of the same person in."""
    person, form = _person(reader_id), MergeForm(request.POST)
    if form.is_valid():
        address = parse_address(form.cleaned_data["other"])
        other = User.objects.filter(address_key=address.key).first() if address else None
        try:
            if other is None:
                raise NotDone("No account has this address.")
            flows.merge_into(_order(request, person, form), other, now=clock.now())
        except NotDone as error:
            form.add_error("other", str(error))
        else:
            return _done(request, person, "A letter went to both addresses. The accounts become one once both links were pressed.")
    return show_reader(request, person, Forms(merge=form), status=422)


@require_POST
@helps
def ask_provider(request: HttpRequest, reader_id: int) -> HttpResponse:
    """Ask every provider about this reader now."""
    person = _person(reader_id)
    order = StaffOrder(cast(User, request.user), person, "asked from the reader’s page")
    for found in flows.ask_provider(order, now=clock.now()):
        messages.info(request, found)
    return redirect("desk_reader", person.pk)


# -- Pages that ask once more ----------------------------------------------------------------------------------------

Do = Callable[[StaffOrder], object]


@require_http_methods(["GET", "HEAD", "POST"])
@gives
def end(request: HttpRequest, reader_id: int, grant_id: int) -> HttpResponse:
    """End one grant of one reader now."""
    person, grant = _person(reader_id), get_object_or_404(Grant, pk=grant_id, reader_id=reader_id)
    words = {
        "title": "End this grant now?",
        "what": f"{grant.get_source_display().capitalize()}: {grant.reason}. Other grants of this reader stay as they are.",
        "button": "End the grant",
        "done": "The grant is over. Other grants of this reader stay as they are.",
    }
    return _ask_once_more(request, person, words, lambda order: flows.end(order, grant, now=clock.now()))


@require_http_methods(["GET", "HEAD", "POST"])
@helps
def sign_out(request: HttpRequest, reader_id: int) -> HttpResponse:
    """Sign a reader out in every browser."""
    words = {
        "title": "Sign out everywhere?",
        "what": "Every browser in which this reader is signed in has to sign in anew, by a letter.",
        "button": "Sign out everywhere",
        "done": "The reader is signed out in every browser.",
    }
    return _ask_once_more(request, _person(reader_id), words, lambda order: flows.sign_out(order, now=clock.now()))


@require_http_methods(["GET", "HEAD", "POST"])
@helps
def send_sign_in_letter(request: HttpRequest, reader_id: int) -> HttpResponse:
    """Send a letter whose link signs in."""
    words = {
        "title": "Send a sign-in letter?",
        "what": "Its link signs in the browser in which its button is pressed. An address gets one letter in ten minutes.",
        "button": "Send the letter",
        "done": "The letter is on its way, unless one went out in the last ten minutes.",
    }
    return _ask_once_more(request, _person(reader_id), words, lambda order: flows.send_sign_in_letter(order, now=clock.now()))


@require_http_methods(["GET", "HEAD", "POST"])
@helps
def confirm_again(request: HttpRequest, proof_id: int) -> HttpResponse:
    """Write again to an address that was left and never confirmed."""
    proof = get_object_or_404(AddressProof, pk=proof_id, user=None)
    form = ReasonForm(_posted(request))
    if form.is_bound and form.is_valid():
        flows.send_confirmation(cast(User, request.user), form.cleaned_data["reason"], proof, now=clock.now())
        messages.success(request, "The letter is on its way, unless one went out in the last ten minutes.")
        return redirect("desk_readers")
    context = {
        "form": form,
        "title": "Write to this address again?",
        "subtitle": proof.address,
        "what": "The letter’s button confirms the address and opens the account, in whichever browser it is pressed.",
        "button": "Send the letter",
    }
    return render(request, "desk/support_action.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@helps
def resend(request: HttpRequest, reader_id: int, letter_id: int) -> HttpResponse:
    """Send one letter again."""
    person = _person(reader_id)
    letter = get_object_or_404(OutboxLetter, pk=letter_id, to_address__iexact=person.email)
    words = {
        "title": "Send this letter again?",
        "what": f"“{letter.subject}”, word for word, to {person.email}.",
        "button": "Send it again",
        "done": "The letter is on its way again.",
    }
    return _ask_once_more(request, person, words, lambda order: flows.send_letter_again(order, letter, now=clock.now()))


_CHANGES = {
    "cancel": (
        "Cancel at the period’s end?",
        "Nothing more is taken; they read on until the paid period ends.",
        "Cancel it",
    ),
    "end": ("End this subscription now?", "It ends at once, and with it the access. No money goes back by itself.", "End it now"),
    "undo-cancel": ("Take the cancellation back?", "The subscription renews again as before.", "Let it go on"),
    "resume": ("End the pause?", "The subscription goes on now, and the next payment is taken.", "Let it go on"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@gives
def change(request: HttpRequest, reader_id: int, subscription_id: int, change: str) -> HttpResponse:
    """Cancel, end, take a cancellation back, end a pause."""
    person, row = _person(reader_id), get_object_or_404(Subscription, pk=subscription_id, reader_id=reader_id)
    if change not in _CHANGES:
        raise Http404
    title, what, button = _CHANGES[change]
    words = {"title": title, "what": f"{row.price.plan.name}. {what}", "button": button, "done": "Done; the reader gets a letter."}
    return _ask_once_more(request, person, words, lambda order: flows.change_simply(order, row, change, now=clock.now()))


@require_http_methods(["GET", "HEAD", "POST"])
@gives
def pause(request: HttpRequest, reader_id: int, subscription_id: int) -> HttpResponse:
    """Let a subscription rest for one to three months."""
    person, row = _person(reader_id), get_object_or_404(Subscription, pk=subscription_id, reader_id=reader_id)
    form = PauseForm(_posted(request))
    words = {
        "title": "Pause this subscription?",
        "what": f"{row.price.plan.name}. They read on until the paid period ends; then nothing is taken until the pause is over.",
        "button": "Pause it",
        "done": "Paused; the reader gets a letter.",
    }
    do: Do = lambda order: flows.pause(order, row, form.cleaned_data["months"], now=clock.now())  # noqa: E731
    return _ask_once_more(request, person, words, do, form)


@require_http_methods(["GET", "HEAD", "POST"])
@gives
def give_back(request: HttpRequest, reader_id: int, subscription_id: int, payment_ref: str) -> HttpResponse:
    """Give money back: all that is left of one payment, or part of it."""
    person = _person(reader_id)
    held = _held(person, subscription_id)
    payment = next((each for each in held.payments if each.ref == payment_ref), None)
    if payment is None:
        raise Http404
    initial = {"amount": amount_text(payment.left_cents, payment.currency).replace(",", ""), "left_cents": payment.left_cents}
    form = RefundForm(payment.currency, _posted(request), initial=initial)
    words = {
        "title": "Give money back?",
        "what": f"{payment.amount} were paid on {show_day(payment.at)} for {held.row.price.plan.name}; {payment.left} are left.",
        "button": "Give it back",
        "done": "The money goes back; the reader gets a letter.",
    }

    def do(order: StaffOrder) -> None:
        typed = form.cleaned_data
        flows.give_back(
            order,
            held.row,
            payment_ref,
            typed["amount"],
            left_cents=typed["left_cents"],
            ends_now=typed["ends_now"],
            now=clock.now(),
        )

    return _ask_once_more(request, person, words, do, form)


def _ask_once_more(
    request: HttpRequest, person: User, words: dict[str, str], do: Do, form: forms.Form | None = None
) -> HttpResponse:
    form = form if form is not None else ReasonForm(_posted(request))
    if form.is_bound and form.is_valid():
        try:
            do(_order(request, person, form))
        except NotDone as error:
            form.add_error(None, str(error))
        else:
            return _done(request, person, words["done"])
    context: dict[str, Any] = {"person": person, "subtitle": person.email, "form": form, **words}
    return render(request, "desk/support_action.html", context, status=422 if form.is_bound else 200)


def _done(request: HttpRequest, person: User, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("desk_reader", person.pk)


def _order(request: HttpRequest, person: User, form: forms.Form) -> StaffOrder:
    return StaffOrder(cast(User, request.user), person, form.cleaned_data["reason"])


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also if that is nothing; None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None


def _person(reader_id: int) -> User:
    return get_object_or_404(User, pk=reader_id)


def _held(person: User, subscription_id: int) -> Held:
    for held in load_subscriptions(person.pk, now=clock.now()):
        if held.row.pk == subscription_id:
            return held
    raise Http404
