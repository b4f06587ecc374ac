"""Letters about subscriptions: one for each new line of the ledger that calls for one, and those that come with time.

A letter that comes with time is itself a line of the ledger (`LineKind.LETTER`), so none is written twice, whoever
asks and however often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, TruncDate

from broadsheet.billing.days import show_day
from broadsheet.billing.invoice_provider_flows import NAME as INVOICE
from broadsheet.billing.law_store import load_laws
from broadsheet.billing.ledger import RUNNING, Line, LineKind, Standing, Status
from broadsheet.billing.models import LedgerLine, Plan, Price, PriceChange, Subscription
from broadsheet.billing.periods import next_period_end
from broadsheet.billing.price_change_flows import NOTICE, letter_name, takes_effect_at
from broadsheet.billing.student_flows import find_institution, number_of_year, words_due
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
# Before a year is renewed. California wants 15 to 45 days (docs/law.md); other laws are content with that.
RENEWAL_NOTICE = timedelta(days=21)
PAUSE_NOTICE = timedelta(days=7)
CARD_NOTICE = timedelta(days=30)
YEAR = timedelta(days=365)


def write_letter_of_line(
    subscription: Subscription, line: Line, standing: Standing, now: datetime, *, is_quiet: bool = False, **kwargs: Any
) -> None:
    """The letter that one new line calls for, if any; in the transaction that writes the line.

    What a gift's giver and an organisation's owner are told when it begins is written by `gift_flows` and `group_flows`.
    """
    kind = subscription.price.plan.kind
    if is_quiet:
        return
    if kind == Plan.Kind.GIFT and line.kind is not LineKind.REFUND:
        return
    if line.kind is LineKind.STARTED and kind != Plan.Kind.GROUP:
        _send(subscription, LetterKind.WELCOME, _welcome(subscription, standing), now=now)
    elif line.kind is LineKind.PAYMENT and line.cents and subscription.provider != INVOICE:
        _send(subscription, LetterKind.RECEIPT, _receipt(subscription, line, standing), now=now)
    elif line.kind is LineKind.REFUND and line.cents > 0:
        values = {
            "amount": price_text(line.cents, line.currency),
            "paid_on": show_day(_paid_at(subscription, line.detail) or line.at),
        }
        _send(subscription, LetterKind.REFUNDED, values, now=now)
    elif line.kind is LineKind.CANCEL and line.until is not None:
        _send(subscription, LetterKind.CANCELLED, {"access_until": show_day(line.until)}, now=now)
    elif line.kind is LineKind.CANCEL_UNDONE and standing.period_end is not None:
        _send(
            subscription, LetterKind.GOES_ON, {"renews_on": show_day(standing.period_end), "amount": _amount(subscription)}, now=now
        )
    elif line.kind is LineKind.PAUSE and line.until is not None and standing.period_end is not None:
        values = {"access_until": show_day(standing.period_end), "goes_on_at": show_day(line.until)}
        _send(subscription, LetterKind.PAUSED, values, now=now)
    elif line.kind is LineKind.STATUS and line.detail == Status.UNPAID and subscription.provider != INVOICE:
        _send(subscription, LetterKind.UNPAID, {"amount": _amount(subscription)}, now=now)
    elif line.kind is LineKind.STATUS and line.detail == Status.ENDED:
        _send(subscription, LetterKind.ENDED, {}, now=now)


def write_failure_letters(*, now: datetime) -> int:
    """Letters to those whose payment has failed: at once, after three and after ten days. Returns how many."""
    failing = Subscription.objects.filter(status=Status.PAST_DUE, failed_at__isnull=False).exclude(provider=INVOICE)
    written = 0
    for row, last in _with_last_letter(failing, "payment-failed"):
        due = _failure_letter(row, now)
        if due is None or _is_told(row, due[1], last):
            continue
        with transaction.atomic():
            row = _lock(row.pk)
            if row.status == Status.PAST_DUE and _failure_letter(row, now) == due and _once(row, due[0], now):
                values = {"amount": _amount(row), "access_until": show_day(_access_end(row)), "card_link": _link("/account/card/")}
                _send(row, due[1], values, now=now)
                written += 1
    return written


def forgo_failure_letter(subscription_id: int, *, now: datetime) -> None:
    """Count the letter about a failed payment that would be due by now as written: somebody else has written it."""
    with transaction.atomic():
        row = _lock(subscription_id)
        due = _failure_letter(row, now)
        if due is not None:
            _once(row, due[0], now)


def write_renewal_notices(*, now: datetime) -> int:
    """Three weeks before a year is renewed; a month's renewal is told by its receipt. Returns how many."""
    due = _going_on().filter(price__period=Plan.Period.YEAR, period_end__range=(now, now + RENEWAL_NOTICE))

    def values(row: Subscription) -> dict[str, str]:
        return {"renews_on": show_day(row.period_end), "amount": _amount(row)}

    return _write(due, LetterKind.RENEWS_SOON, lambda row: row.period_end.date().isoformat(), values, now)


def write_pause_notices(*, now: datetime) -> int:
    """A week before a pause is over. Returns how many."""
    due = Subscription.objects.filter(status=Status.PAUSED, paused_until__range=(now, now + PAUSE_NOTICE))

    def values(row: Subscription) -> dict[str, str]:
        return {"goes_on_at": show_day(row.paused_until or now), "amount": _amount(row)}

    return _write(due, LetterKind.PAUSE_ENDS, lambda row: (row.paused_until or now).date().isoformat(), values, now)


def write_card_notices(*, now: datetime) -> int:
    """A month before a card runs out that the next payment still needs. Returns how many."""
    today = now.astimezone(settings.BROADSHEET.zone).date()
    due = _going_on().filter(card_expires__range=(today, today + CARD_NOTICE), card_expires__lt=TruncDate("period_end"))

    def values(row: Subscription) -> dict[str, str]:
        return {"expires": f"at the end of {row.card_expires:%B %Y}", "card_link": _link("/account/card/")}

    return _write(due, LetterKind.CARD_EXPIRES, lambda row: f"{row.card_expires:%Y-%m}", values, now)


def write_price_letters(*, now: datetime) -> int:
    """To everybody whose price was announced to change, once each change. Returns how many."""
    written = 0
    for change in PriceChange.objects.filter(withdrawn_at=None).select_related("to_price"):
        due = Subscription.objects.filter(price=change.from_price, status__in=RUNNING, cancel_at__isnull=True)

        def values(row: Subscription, change: PriceChange = change) -> dict[str, str]:
            return {"new_price": _price(change.to_price, row.quantity), "from_day": show_day(_first_renewal(row, change, now))}

        written += _write(due, LetterKind.PRICE_CHANGES, partial(_number_of, change), values, now)
    return written


def write_yearly_reminders(*, now: datetime) -> int:
    """Once a year, to those who pay by the month, where the law wants it: what renews and how to end it. Returns how many."""
    if not load_laws().us_reminder:
        return 0
    due = _going_on().filter(price__period=Plan.Period.MONTH, started_at__lte=now - YEAR)

    def values(row: Subscription) -> dict[str, str]:
        return {"started_on": show_day(row.started_at), "renews_on": show_day(row.period_end), "amount": _amount(row)}

    return _write(due, LetterKind.YEARLY_REMINDER, lambda row: str((now - row.started_at) // YEAR), values, now)


def write_student_letters(*, now: datetime) -> int:
    """Once a year, to those who pay a student's price: whether they still study. Returns how many."""

    def values(row: Subscription) -> dict[str, str]:
        return {"institution": find_institution(row.reader_id or 0), "student_link": _link("/subscribe/student/")}

    return _write(words_due(now=now), LetterKind.STILL_STUDENT, lambda row: str(number_of_year(row, now=now)), values, now)


def _write(
    rows: QuerySet[Subscription],
    kind: LetterKind,
    occasion: Callable[[Subscription], str],
    values: Callable[[Subscription], Mapping[str, str]],
    now: datetime,
) -> int:
    """Write a letter to each of some subscriptions, once for each occasion; what no longer holds under the lock is left."""
    written = 0
    for row, last in _with_last_letter(rows, kind):
        if last == f"{kind}:{occasion(row)}":
            continue
        with transaction.atomic():
            held = _lock(row.pk)
            is_still_due = rows.filter(pk=row.pk).exists()
            if is_still_due and _once(held, f"{kind}:{occasion(held)}", now):
                _send(held, kind, values(held), now=now)
                written += 1
    return written


def _with_last_letter(rows: QuerySet[Subscription], prefix: str) -> Iterator[tuple[Subscription, str]]:
    """Each subscription with the name of its newest letter of one kind, by one query."""
    letters = LedgerLine.objects.filter(subscription=OuterRef("pk"), kind=LineKind.LETTER, detail__startswith=prefix)
    newest = letters.order_by("-id").values("detail")[:1]
    for row in rows.order_by("pk").annotate(last_letter=Coalesce(Subquery(newest), Value(""))):
        yield row, str(row.last_letter)


def _number_of(change: PriceChange, row: Subscription) -> str:
    return letter_name(change).partition(":")[2]


def _going_on() -> QuerySet[Subscription]:
    """Those that renew by themselves. Whoever pays by invoice is told by the invoice."""
    return Subscription.objects.filter(status__in=(Status.TRIAL, Status.ACTIVE), cancel_at__isnull=True).exclude(provider=INVOICE)


def _failure_letter(row: Subscription, now: datetime) -> tuple[str, LetterKind] | None:
    """The newest letter that is due: a server that was down sends one, not three at once."""
    failed_at = row.failed_at
    kinds = [kind for after, kind in FAILURE_LETTERS if failed_at is not None and failed_at + after <= now]
    if failed_at is None or not kinds:
        return None
    return _failure_name(row, kinds[-1]), kinds[-1]


def _failure_name(row: Subscription, kind: LetterKind) -> str:
    return f"{kind}:{row.failed_at.date().isoformat()}" if row.failed_at is not None else ""


def _is_told(row: Subscription, kind: LetterKind, last: str) -> bool:
    """Whether the newest letter about this failure is of that kind or a later one; a clock put back repeats none."""
    told = [known for _, known in FAILURE_LETTERS if _failure_name(row, known) == last]
    order = [known for _, known in FAILURE_LETTERS]
    return bool(told) and order.index(told[0]) >= order.index(kind)


def _first_renewal(row: Subscription, change: PriceChange, now: datetime) -> datetime:
    """The first renewal at the new price: on the day or after it, and not before there was a month to think."""
    earliest = max(takes_effect_at(change), now + NOTICE)
    if row.period_end >= earliest:
        return row.period_end
    return next_period_end(row.period_end, row.price.period, after=earliest - timedelta(microseconds=1))


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
    lines = row.price.plan.lines
    return {
        "holds": "\n".join(f"- {line}" for line in lines),
        "trial_line": _trial_line(row, standing),
        "next_payment_line": _next_payment_line(row, standing),
    }


def _trial_line(row: Subscription, standing: Standing) -> str:
    if standing.status is not Status.TRIAL or standing.period_end is None:
        return ""
    return f"The first days are free, until {show_day(standing.period_end)}. Cancel before then and nothing is taken."


def _next_payment_line(row: Subscription, standing: Standing) -> str:
    """What is taken next, with discounts, and when."""
    end = standing.period_end
    if end is None:
        return ""
    if standing.cancel_at is not None:
        return f"It runs until {show_day(standing.cancel_at)} and does not renew."
    if row.provider == INVOICE:
        return f"It runs until {show_day(end)}. A month before, we send the next invoice."
    return f"The next payment, {_amount(row)}, is on {show_day(end)}."


def _receipt(row: Subscription, line: Line, standing: Standing) -> dict[str, str]:
    until = standing.period_end
    return {
        "amount": price_text(line.cents, line.currency),
        "paid_on": show_day(line.at),
        "covers_until": show_day(until) if until else "",
        "number": line.detail,
    }


def _access_end(row: Subscription) -> datetime:
    return row.grant.ends_at if row.grant is not None and row.grant.ends_at is not None else row.period_end


def _paid_at(row: Subscription, payment_ref: str) -> datetime | None:
    return row.lines.filter(kind=LineKind.PAYMENT, detail=payment_ref).values_list("at", flat=True).first()


def _amount(row: Subscription) -> str:
    """What is taken next: the provider's own figure where it tells one, for it knows of discounts."""
    cents = row.price.cents * row.quantity if row.next_cents is None else row.next_cents
    return price_text(cents, row.price.currency)


def _price(price: Price, quantity: int) -> str:
    return f"{price_text(price.cents * quantity, price.currency)} a {price.period}"


def _link(path: str) -> str:
    return f"{settings.BROADSHEET.site_url}{path}"
