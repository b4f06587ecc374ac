"""What staff have to look at: telling the publisher, saying what to do, and ticking it off."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from broadsheet.accounts.models import User
from broadsheet.billing.ledger import Line, LineKind, Status
from broadsheet.billing.models import Alert, LedgerLine, Subscription
from broadsheet.core.money import price_text
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.wordings import LetterKind
from broadsheet.publication.store import load_publication

# What to do, by the first word of an alert's key.
ADVICE = {
    "dispute": "Answer it in your payment provider's dashboard before its deadline: say what was bought, when, and that it was "
    "read. The subscription opens nothing while the bank holds the money, and goes on by itself if you win.",
    "event": "Read the reason. If a price is unknown, set the provider's number on a price of a plan, then press “Send again” for "
    "the event in the provider's dashboard; broadsheet reconcile --mend does it too.",
    "order": "Somebody paid and has nothing yet. Set the provider's number on a price of a plan, then run broadsheet reconcile "
    "--mend, or pay the money back in the provider's dashboard.",
    "price": "Change the price of this subscription in the provider's dashboard, or leave it at the old one.",
    "invoice": "Note the payment if it came in, or cancel the invoice; both are on its page under Invoices.",
    "invoice-back": "Pay it back by transfer; our books count it as given back already.",
    "invoice-settings": "Fill in Settings > Invoices; the invoice is written within the hour.",
    "refund": "Ask the reader for another way, such as a bank account, and pay it back by hand.",
    "two": "Ask the reader which one they want; end the other on the reader's page and give its last payment back.",
    "no-account": "Find out whose it is, from the provider's dashboard, and let them sign in once with that address. Then run "
    "broadsheet reconcile --mend.",
    "gift": "Give the money back on the giver's page, or send the gift again under Gifts.",
    "group": "Give the organisation its name under Organisations.",
    "address": "Change the address in the provider's dashboard, so that its receipts arrive.",
    "declaration": "Open it under Withdrawals and press its button; the law counts the days from when it came in.",
    "refund-end": "Open the reader and end the subscription there.",
    "failed-payments": "There is nothing to do: the provider tries again for two weeks, and the readers have been written to.",
}
OTHERWISE = "Open the subscription's reader and see what was meant; then tick this off."
# A server that was down tells of the days it slept through, up to a week.
DIGEST_DAYS = 7


def advice_of(alert: Alert) -> str:
    """What to do about an alert."""
    return ADVICE.get(alert.key.partition(":")[0], OTHERWISE)


def settle_alert(alert_id: int, *, by: User | None, now: datetime) -> bool:
    """Tick one alert off; False if somebody has already."""
    return bool(Alert.objects.filter(pk=alert_id, settled_at__isnull=True).update(settled_at=now, settled_by=by))


def report_dispute(subscription: Subscription, line: Line, now: datetime, *, is_quiet: bool = False, **kwargs: Any) -> None:
    """A bank holds money back: an alert, and a letter at once; in the transaction that writes the line."""
    if line.kind is not LineKind.DISPUTE:
        return
    text = f"A payment for subscription {subscription.pk} is disputed ({line.detail}); access has ended."
    key = f"dispute:{subscription.pk}:{line.key.partition(':')[2]}"
    _, is_new = Alert.objects.get_or_create(key=key[:120], defaults={"text": text, "subscription": subscription, "raised_at": now})
    if is_new and not is_quiet:
        _tell(text, ADVICE["dispute"], now)


def report_failed_payments(*, now: datetime) -> int:
    """Once a day, to the publisher: how many payments failed the day before, and how many subscriptions ended so."""
    today = now.astimezone(settings.BROADSHEET.zone).date()
    days = [today - timedelta(days=back) for back in range(DIGEST_DAYS, 0, -1)]
    return sum(_report_day(day, now) for day in days)


def _report_day(day: date, now: datetime) -> bool:
    """A day on which nothing failed is not written about; the note of one that was keeps it from being told twice."""
    key = f"failed-payments:{day.isoformat()}"
    if Alert.objects.filter(key=key).exists():
        return False
    words = _words_of(day)
    if not words:
        return False
    with transaction.atomic():
        _, is_new = Alert.objects.get_or_create(key=key, defaults={"text": words, "raised_at": now, "settled_at": now})
        if is_new:
            _tell(words, ADVICE["failed-payments"], now)
    return is_new


def _words_of(day: date) -> str:
    zone = settings.BROADSHEET.zone
    bounds = [datetime.combine(start, time(), zone) for start in (day, day + timedelta(days=1))]
    lines = LedgerLine.objects.filter(kind=LineKind.STATUS, written_at__gte=bounds[0], written_at__lt=bounds[1])
    found = lines.filter(Q(detail=Status.PAST_DUE) | Q(detail=Status.UNPAID)).select_related("subscription__price")
    failed = [line.subscription for line in found if line.detail == Status.PAST_DUE]
    ended = [line for line in found if line.detail == Status.UNPAID]
    if not failed and not ended:
        return ""
    sums: dict[str, int] = {}
    for row in failed:
        cents = row.price.cents * row.quantity if row.next_cents is None else row.next_cents
        sums[row.price.currency] = sums.get(row.price.currency, 0) + cents
    amounts = " and ".join(price_text(cents, currency) for currency, cents in sorted(sums.items()))
    words = [f"{_count(len(failed), 'payment')} failed on {day.day} {day:%B}" + (f", {amounts} in all" if amounts else "")]
    if ended:
        words.append(f"{_count(len(ended), 'subscription')} ended unpaid")
    return "; ".join(words)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _tell(what: str, advice: str, now: datetime) -> None:
    publication, installation = load_publication(), settings.BROADSHEET
    address = publication.money_alerts_to or publication.help_address or installation.support_address
    values = {"what": what, "advice": advice, "link": f"{installation.site_url}/desk/alerts/"}
    queue_letter(LetterKind.MONEY_ALERT, address, values, now=now)
