"""What a reader holds, what it costs and what was paid, as the pages about their subscriptions show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from broadsheet.billing import change_flows, providers
from broadsheet.billing.change_flows import Target
from broadsheet.billing.changes import PeriodPrice
from broadsheet.billing.invoice_provider_flows import NAME as INVOICE
from broadsheet.billing.law_store import load_laws
from broadsheet.billing.ledger import OVER, RUNNING, LineKind, Standing, Status, fold
from broadsheet.billing.models import LedgerLine, Plan, SaveOffer, Subscription
from broadsheet.core.money import price_text
from broadsheet.membership.store import whole_grants


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment: the provider's number, what came in, what went back."""

    ref: str
    paid_at: datetime
    amount: str
    refunded: str
    is_disputed: bool


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """A plan to change to: what is taken now, if anything, and what from when."""

    price_id: int
    name: str
    summary: str
    price: str
    is_now: bool
    due_cents: int
    due: str
    credit: str
    next_at: datetime

    @property
    def agreement(self) -> str:
        """What the reader agrees to by pressing the button; kept with the order."""
        if self.is_now:
            return f"Change to {self.name} now. {self.due} is taken at once, then {self.price} until I cancel."
        return f"Change to {self.name} with the renewal. From then on {self.price} is taken until I cancel."


@dataclass(frozen=True, slots=True)
class HeldSubscription:
    """One subscription as its reader sees it. Times are instants; the template sets them in the publication's zone.

    `state` is one of trial, active, cancelled, past_due, paused, disputed, unpaid, ended; `price` is what is paid now,
    `new_price` what others pay today, where that is another; `next_amount` is taken at `period_end`, empty if nothing is.
    """

    number: int
    plan: str
    kind: str
    seats: int
    state: str
    price: str
    new_price: str
    started_at: datetime
    period_end: datetime
    access_until: datetime | None
    next_amount: str
    next_price: str
    next_plan: str
    cancel_at: datetime | None
    paused_until: datetime | None
    failed_at: datetime | None
    ended_at: datetime | None
    has_card: bool
    is_by_invoice: bool
    is_renewing: bool
    may_cancel: bool
    may_undo: bool
    may_pause: bool
    may_change: bool
    may_withdraw: bool
    last_day_to_withdraw: datetime
    ends_at_once: bool
    payments: tuple[Payment, ...]


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A right to everything that no subscription of the reader's own pays for."""

    name: str
    reason: str
    starts_at: datetime
    ends_at: datetime | None


def load_subscriptions(reader_id: int, *, now: datetime) -> tuple[HeldSubscription, ...]:
    """A reader's subscriptions, those that run first."""
    found = [compose_subscription(row, now=now) for row in _rows().filter(reader_id=reader_id)]
    return tuple(sorted(found, key=lambda row: row.state in OVER))


def load_other_rights(reader_id: int, *, now: datetime) -> tuple[HeldGrant, ...]:
    """Gifts, seats, complimentary access and the like that are live now."""
    own = Subscription.objects.filter(reader_id=reader_id, grant__isnull=False).values("grant")
    rows = whole_grants(reader_id, now=now).exclude(pk__in=own)
    return tuple(HeldGrant(row.get_source_display().capitalize(), row.reason, row.starts_at, row.ends_at) for row in rows)


def find_own(reader_id: int, number: int) -> Subscription | None:
    """One subscription, if it is the reader's."""
    return _rows().filter(reader_id=reader_id, pk=number).first()


def compose_subscription(row: Subscription, *, now: datetime) -> HeldSubscription:
    """One subscription in words and amounts."""
    lines = [line.line() for line in row.lines.all()]
    standing, held = fold(lines), change_flows.terms_held(row)
    upcoming, ordered = change_flows.next_payment(row, now=now), change_flows.find_ordered_change(row)
    newest = row.price.plan.prices.first()
    is_dearer = newest is not None and (newest.cents, newest.period) != (row.price.cents, row.price.period)
    laws = load_laws()
    return HeldSubscription(
        number=row.pk,
        plan=row.price.plan.name,
        kind=row.price.plan.kind,
        seats=row.quantity,
        state=_state(row, standing),
        price=_price(held, laws.price_words),
        new_price=f"{price_text(newest.cents, newest.currency)} a {newest.period}" if newest and is_dearer else "",
        started_at=row.started_at,
        period_end=row.period_end,
        access_until=row.grant.ends_at if row.grant else None,
        next_amount=price_text(upcoming.cents, upcoming.currency) if upcoming else "",
        next_price=_price(upcoming, laws.price_words) if upcoming and upcoming != held else "",
        next_plan=ordered.plan.name if ordered else "",
        cancel_at=row.cancel_at,
        paused_until=row.paused_until,
        failed_at=row.failed_at,
        ended_at=row.ended_at,
        has_card=has_card(row),
        is_by_invoice=row.provider == INVOICE,
        is_renewing=upcoming is not None,
        may_cancel=change_flows.may_cancel(row),
        may_undo=change_flows.may_undo(row, now=now),
        may_pause=change_flows.may_pause(row),
        may_change=change_flows.may_change(row),
        may_withdraw=laws.eu_withdrawal and row.status not in OVER and change_flows.may_withdraw(row, declared_at=now),
        last_day_to_withdraw=change_flows.withdraw_until(row) - timedelta(days=1),
        ends_at_once=change_flows.ends_at_once(row, now=now),
        payments=load_payments(row),
    )


def load_payments(row: Subscription) -> tuple[Payment, ...]:
    """What was paid for one subscription, the newest first."""
    lines = [line.line() for line in row.lines.all()]
    back: dict[str, int] = {}
    disputed: set[str] = set()
    for line in lines:
        if line.kind is LineKind.REFUND:
            back[line.detail] = back.get(line.detail, 0) + line.cents
        elif line.kind is LineKind.DISPUTE:
            disputed.add(line.detail)
        elif line.kind is LineKind.DISPUTE_WON:
            disputed.discard(line.detail)
    paid = (line for line in reversed(lines) if line.kind is LineKind.PAYMENT and line.cents)
    return tuple(
        Payment(
            line.detail,
            line.at,
            price_text(line.cents, line.currency),
            price_text(back[line.detail], line.currency) if back.get(line.detail) else "",
            line.detail in disputed,
        )
        for line in paid
    )


def load_choices(row: Subscription, *, now: datetime) -> tuple[PlanChoice, ...]:
    """The plans that one subscription can change to."""
    words = load_laws().price_words
    return tuple(_choice(target, words) for target in change_flows.find_targets(row, now=now))


def find_save_offer(row: Subscription, *, now: datetime) -> PlanChoice | str:
    """The one thing that is offered before somebody cancels: a cheaper plan, the word `pause`, or nothing."""
    laws = load_laws()
    if laws.save_offer is SaveOffer.PAUSE and change_flows.may_pause(row):
        return "pause"
    cheaper = change_flows.find_cheaper(row, now=now) if laws.save_offer is SaveOffer.CHEAPER else None
    return _choice(cheaper, laws.price_words) if cheaper else ""


def has_card(row: Subscription) -> bool:
    """Whether there is a card to change; asks no provider, as a page must not wait for one."""
    is_there = row.provider in providers.load_providers() and row.provider != INVOICE
    return is_there and row.status not in OVER and row.price.plan.kind != Plan.Kind.GIFT


def find_card_url(row: Subscription) -> str | None:
    """Where the reader changes the card of one subscription, at its provider's; None where there is no such place."""
    provider = providers.load_providers().get(row.provider)
    if provider is None:
        return None
    return provider.manage_url(row.ref, return_url=f"{settings.BROADSHEET.site_url}/account/subscription/")


def find_card_subscription(reader_id: int) -> Subscription | None:
    """The subscription whose card is most likely meant: one that could not be paid, else the newest that runs."""
    rows = list(_rows().filter(reader_id=reader_id, status__in=RUNNING))
    return min(rows, key=lambda row: row.status != Status.PAST_DUE, default=None)


def find_payment(reader_id: int, ref: str) -> tuple[Subscription, Payment] | None:
    """One payment of a reader's, by the provider's number."""
    lines = LedgerLine.objects.filter(subscription__reader_id=reader_id, kind=LineKind.PAYMENT, detail=ref)
    row = _rows().filter(pk__in=lines.values("subscription")).first()
    return next(((row, payment) for payment in load_payments(row) if payment.ref == ref), None) if row else None


def _rows() -> QuerySet[Subscription]:
    return Subscription.objects.select_related("price__plan", "grant", "reader").prefetch_related("lines")


def _state(row: Subscription, standing: Standing) -> str:
    if row.status in OVER:
        return row.status
    if standing.disputed_at is not None:
        return "disputed"
    if row.cancel_at is not None and row.price.plan.kind != Plan.Kind.GIFT:
        return "cancelled"
    return row.status


def _choice(target: Target, words: str) -> PlanChoice:
    price, change = target.price, target.change
    return PlanChoice(
        price_id=price.pk,
        name=price.plan.name,
        summary=price.plan.summary,
        price=_price(change.terms, words),
        is_now=not change.is_at_renewal,
        due_cents=change.due_cents,
        due=price_text(change.due_cents, price.currency),
        credit=price_text(change.credit_cents, price.currency) if change.credit_cents else "",
        next_at=change.next_at,
    )


def _price(terms: PeriodPrice, words: str) -> str:
    return f"{price_text(terms.cents, terms.currency)} a {terms.period}{f' ({words})' if words else ''}"
