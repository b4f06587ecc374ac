"""Letters about subscriptions: one for each new line of the ledger that calls for one, and those that come with time.

A letter that comes with time is itself a line of the ledger (`LineKind.LETTER`), so none is written twice, whoever
asks and however often.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from broadsheet.billing.ledger import Line, LineKind, Standing, Status
from broadsheet.billing.models import Plan, Price, Subscription
from broadsheet.billing.subscription_flows import write_lines
from broadsheet.core.money import price_text
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.wordings import LetterKind
from broadsheet.publication.store import load_publication

# Days after the first failure, which alone fixes them: a retry moves nothing and repeats nothing.
FAILURE_LETTERS = (
    (timedelta(0), LetterKind.PAYMENT_FAILED),
    (timedelta(days=3), LetterKind.PAYMENT_FAILED_AGAIN),
    (timedelta(days=10), LetterKind.PAYMENT_FAILED_LAST),
)
# The law of several countries asks for a month's notice at most; ours comes a fortnight before a year is renewed.
RENEWAL_NOTICE = timedelta(days=14)
PAUSE_NOTICE = timedelta(days=7)
BATCH = 500


def write_letter_of_line(subscription: Subscription, line: Line, standing: Standing, now: datetime, **kwargs: Any) -> None:
    """The letter that one new line calls for, if any; in the transaction that writes the line.

    What a gift's giver and an organisation's owner are told when it begins is written by `gift_flows` and `group_flows`.
    """
    kind = subscription.price.plan.kind
    if kind == Plan.Kind.GIFT and line.kind is not LineKind.REFUND:
        return
    if line.kind is LineKind.STARTED and kind != Plan.Kind.GROUP:
        _send(subscription, LetterKind.WELCOME, _welcome(subscription, standing), now=now)
    elif line.kind is LineKind.PAYMENT and line.cents:
        _send(subscription, LetterKind.RECEIPT, _receipt(subscription, line, standing), now=now)
    elif line.kind is LineKind.REFUND:
        values = {"amount": price_text(line.cents, line.currency), "paid_on": _day(_paid_at(subscription, line.detail) or line.at)}
        _send(subscription, LetterKind.REFUNDED, values, now=now)
    elif line.kind is LineKind.CANCEL and line.until is not None:
        _send(subscription, LetterKind.CANCELLED, {"access_until": _day(line.until)}, now=now)
    elif line.kind is LineKind.CANCEL_UNDONE and standing.period_end is not None:
        _send(subscription, LetterKind.GOES_ON, {"renews_on": _day(standing.period_end)}, now=now)
    elif line.kind is LineKind.PAUSE and line.until is not None and standing.period_end is not None:
        values = {"access_until": _day(standing.period_end), "goes_on_at": _day(line.until)}
        _send(subscription, LetterKind.PAUSED, values, now=now)
    elif line.kind is LineKind.STATUS and line.detail == Status.UNPAID:
        _send(subscription, LetterKind.UNPAID, {"amount": _amount(subscription)}, now=now)
    elif line.kind is LineKind.STATUS and line.detail == Status.ENDED:
        _send(subscription, LetterKind.ENDED, {}, now=now)


def write_failure_letters(*, now: datetime) -> int:
    """Letters to those whose payment has failed: at once, after three and after ten days. Returns how many."""
    written = 0
    for pk in Subscription.objects.filter(status=Status.PAST_DUE, failed_at__isnull=False).values_list("pk", flat=True)[:BATCH]:
        with transaction.atomic():
            row = _lock(pk)
            if row.status != Status.PAST_DUE or row.failed_at is None:
                continue
            # A server that was down sends the newest that is due, not three at once.
            due = [(after, kind) for after, kind in FAILURE_LETTERS if row.failed_at + after <= now]
            if due and _once(row, f"{due[-1][1]}:{row.failed_at.date().isoformat()}", now):
                values = {"amount": _amount(row), "access_until": _day(_access_end(row)), "card_link": _link("/account/card/")}
                _send(row, due[-1][1], values, now=now)
                written += 1
    return written


def write_renewal_notices(*, now: datetime) -> int:
    """A fortnight before a year is renewed; a month's renewal is told by its receipt. Returns how many."""
    due = Subscription.objects.filter(
        status=Status.ACTIVE, cancel_at__isnull=True, price__period="year", period_end__range=(now, now + RENEWAL_NOTICE)
    )
    written = 0
    for pk in due.values_list("pk", flat=True)[:BATCH]:
        with transaction.atomic():
            row = _lock(pk)
            if _once(row, f"{LetterKind.RENEWS_SOON}:{row.period_end.date().isoformat()}", now):
                _send(row, LetterKind.RENEWS_SOON, {"renews_on": _day(row.period_end), "amount": _amount(row)}, now=now)
                written += 1
    return written


def write_pause_notices(*, now: datetime) -> int:
    """A week before a pause is over. Returns how many."""
    due = Subscription.objects.filter(status=Status.PAUSED, paused_until__range=(now, now + PAUSE_NOTICE))
    written = 0
    for pk in due.values_list("pk", flat=True)[:BATCH]:
        with transaction.atomic():
            row = _lock(pk)
            if row.paused_until is not None and _once(row, f"{LetterKind.PAUSE_ENDS}:{row.paused_until.date().isoformat()}", now):
                _send(row, LetterKind.PAUSE_ENDS, {"goes_on_at": _day(row.paused_until), "amount": _amount(row)}, now=now)
                written += 1
    return written


def _once(row: Subscription, name: str, now: datetime) -> bool:
    """Note in the ledger that a letter is written; False if it was before."""
    stored = [line.line() for line in row.lines.all()]
    key = f"{LineKind.LETTER}:{name}"
    if any(line.key == key for line in stored):
        return False
    write_lines(row, stored, (Line(LineKind.LETTER, key, now, detail=name),), now=now)
    return True


def _lock(pk: int) -> Subscription:
    return Subscription.objects.select_for_update(of=("self",)).select_related("price__plan", "reader", "grant").get(pk=pk)


def _send(row: Subscription, kind: LetterKind, values: Mapping[str, str], *, now: datetime) -> None:
    if row.reader is None:
        return  # an erased account gets no letters
    common = {
        "plan": row.price.plan.name,
        "price": _price(row.price, row.quantity),
        "account_link": _link("/account/"),
        "help_link": _link("/help/"),
        "subscribe_link": _link("/subscribe/"),
        "allowance": str(load_publication().articles_per_month),
    }
    queue_letter(kind, row.reader.email, {**common, **values}, now=now)


def _welcome(row: Subscription, standing: Standing) -> dict[str, str]:
    lines = [line.strip() for line in row.price.plan.holds.splitlines() if line.strip()]
    end = standing.period_end
    trial = (
        f"The first days are free, until {_day(end)}. Cancel before then and nothing is taken."
        if end and row.status == Status.TRIAL
        else ""
    )
    payment = f"The next payment, {_price(row.price, row.quantity)}, is on {_day(end)}." if end else ""
    return {"holds": "\n".join(f"- {line}" for line in lines), "trial_line": trial, "next_payment_line": payment}


def _receipt(row: Subscription, line: Line, standing: Standing) -> dict[str, str]:
    until = standing.period_end
    return {
        "amount": price_text(line.cents, line.currency),
        "paid_on": _day(line.at),
        "covers_until": _day(until) if until else "",
        "number": line.detail,
    }


def _access_end(row: Subscription) -> datetime:
    return row.grant.ends_at if row.grant is not None and row.grant.ends_at is not None else row.period_end


def _paid_at(row: Subscription, payment_ref: str) -> datetime | None:
    return row.lines.filter(kind=LineKind.PAYMENT, detail=payment_ref).values_list("at", flat=True).first()


def _amount(row: Subscription) -> str:
    return price_text(row.price.cents * row.quantity, row.price.currency)


def _price(price: Price, quantity: int) -> str:
    return f"{price_text(price.cents * quantity, price.currency)} a {price.period}"


def _day(at: datetime) -> str:
    local = at.astimezone(settings.BROADSHEET.zone)
    return f"{local.day} {local:%B %Y}"


def _link(path: str) -> str:
    return f"{settings.BROADSHEET.site_url}{path}"
