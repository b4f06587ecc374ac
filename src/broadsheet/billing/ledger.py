"""A subscription's ledger: lines that are only ever added, and the standing that they add up to. Pure.

Each line is a fact with a key of its own, so that the same fact told twice is one line. What the provider says now
(`Snapshot`) is compared with the standing, and the differences are the new lines: it makes no odds how often, in
which order or how late the provider spoke.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

# Retries end by themselves with every provider; whoever never hears of the end is not left reading for ever.
RETRY_WINDOW = timedelta(days=21)
# A renewal that is paid on the day is told of within hours; until then the reader goes on reading.
RENEWAL_GRACE = timedelta(days=2)


class Status(StrEnum):
    """Where a subscription stands."""

    TRIAL = "trial"
    ACTIVE = "active"
    PAST_DUE = "past_due"  # a payment failed; the provider tries again
    UNPAID = "unpaid"  # it has given up trying
    PAUSED = "paused"
    ENDED = "ended"


# It goes on, or could once it is paid; or it is over for good.
RUNNING = (Status.TRIAL, Status.ACTIVE, Status.PAST_DUE, Status.PAUSED)
OVER = (Status.ENDED, Status.UNPAID)


class LineKind(StrEnum):
    """What one line of the ledger tells."""

    STARTED = "started"
    STATUS = "status"  # detail: the new status
    PERIOD = "period"  # until: its end
    PAYMENT = "payment"  # cents, detail: the provider's number
    REFUND = "refund"  # cents given back, below nothing if that failed; detail: the payment's number
    DISPUTE = "dispute"  # detail: the payment's number
    DISPUTE_WON = "dispute_won"
    CANCEL = "cancel"  # until: when it will end
    CANCEL_UNDONE = "cancel_undone"
    PAUSE = "pause"  # until: when it goes on
    PRICE = "price"  # detail: the price's number
    QUANTITY = "quantity"  # detail: how many are paid for; one where no line says so
    MOVED = "moved"  # detail: from whom to whom
    LETTER = "letter"  # detail: which one; written once


@dataclass(frozen=True, slots=True)
class Line:
    """One fact. `key` is unique within its subscription."""

    kind: LineKind
    key: str
    at: datetime
    cents: int = 0
    currency: str = ""
    until: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PaidSum:
    """One payment as a provider tells it; amounts in the currency's smallest unit."""

    ref: str
    cents: int
    currency: str
    paid_at: datetime
    refunded_cents: int = 0
    is_disputed: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a provider says of one subscription at this moment.

    `price_ref` is the provider's or our own number of the price; `cancel_at` is set while an end is ordered,
    `paused_until` while it is paused, `failed_at` while the newest invoice is unpaid: when its first attempt failed.
    `order_ref` is our own number of the order it came of, where the provider keeps it. `next_cents` is what will be taken
    next, discounts taken off, and `card_expires` the last day of the card; None where the provider does not say.
    """

    ref: str
    status: Status
    started_at: datetime
    period_end: datetime
    price_ref: str
    quantity: int = 1
    cancel_at: datetime | None = None
    paused_until: datetime | None = None
    failed_at: datetime | None = None
    ended_at: datetime | None = None
    payments: tuple[PaidSum, ...] = ()
    customer_ref: str = ""
    reader_id: int | None = None
    email: str = ""
    order_ref: str = ""
    next_cents: int | None = None
    card_expires: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a ledger adds up to."""

    status: Status | None = None
    started_at: datetime | None = None
    period_end: datetime | None = None
    cancel_at: datetime | None = None
    paused_until: datetime | None = None
    failed_at: datetime | None = None
    ended_at: datetime | None = None
    price_ref: str = ""
    quantity: int = 1
    paid_cents: int = 0
    refunded_cents: int = 0
    disputed_at: datetime | None = None  # while the reader's bank holds a payment back
    held_back: frozenset[str] = frozenset()  # the numbers of those payments
    letters: frozenset[str] = frozenset()

    @property
    def kept_cents(self) -> int:
        """What came in and stayed."""
        return self.paid_cents - self.refunded_cents

    def access_ends_at(self) -> datetime | None:
        """When this subscription stops opening articles, as far as is known now; None before it has begun.

        A moment after it began at the soonest: a grant that holds no time at all cannot be stored.
        """
        if self.started_at is None or self.period_end is None:
            return None
        return max(self._open_until(self.period_end), self.started_at + timedelta(microseconds=1))

    def _open_until(self, period_end: datetime) -> datetime:
        over = [at for at in (self.ended_at, self.disputed_at) if at is not None]
        if over:
            return min(over)
        if self.status is Status.PAUSED:
            return period_end
        if self.status is Status.PAST_DUE and self.failed_at is not None:
            return self.failed_at + RETRY_WINDOW
        return self.cancel_at if self.cancel_at is not None else period_end + RENEWAL_GRACE


def fold(lines: Iterable[Line], *, onto: Standing | None = None) -> Standing:
    """What the lines add up to, in the order in which they were written; `onto` is what came before them."""
    standing = onto or Standing()
    for line in lines:
        standing = _add(standing, line)
    return standing


def differences(lines: Sequence[Line], snapshot: Snapshot, *, now: datetime) -> tuple[Line, ...]:
    """The lines that bring a ledger up to what the provider says; none if it says nothing new."""
    known = {line.key for line in lines}
    standing = fold(lines)
    found: list[Line] = []

    def tell(kind: LineKind, fact: str, line: Line) -> None:
        key = f"{kind}:{fact}"
        if key not in known:
            known.add(key)
            found.append(replace(line, kind=kind, key=key))

    def plain(*, at: datetime = now, until: datetime | None = None, detail: str = "") -> Line:
        return Line(LineKind.STARTED, "", at, until=until, detail=detail)

    tell(LineKind.STARTED, "", plain(at=snapshot.started_at))
    if standing.price_ref != snapshot.price_ref:
        tell(LineKind.PRICE, f"{snapshot.price_ref}@{len(lines)}", plain(detail=snapshot.price_ref))
    if standing.quantity != snapshot.quantity:
        tell(LineKind.QUANTITY, f"{snapshot.quantity}@{len(lines)}", plain(detail=str(snapshot.quantity)))
    if standing.period_end is None or snapshot.period_end != standing.period_end:
        tell(LineKind.PERIOD, f"{snapshot.period_end.isoformat()}@{len(lines)}", plain(until=snapshot.period_end))
    for payment in snapshot.payments:
        money = Line(LineKind.PAYMENT, "", now, currency=payment.currency, detail=payment.ref)
        tell(LineKind.PAYMENT, payment.ref, replace(money, at=payment.paid_at, cents=payment.cents))
        back = payment.refunded_cents - _refunded(lines, payment.ref)
        if back:  # below nothing: a refund did not arrive, and the money came back to us
            tell(LineKind.REFUND, f"{payment.ref}:{payment.refunded_cents}@{len(lines)}", replace(money, cents=back))
        if payment.is_disputed != (payment.ref in standing.held_back):
            kind = LineKind.DISPUTE if payment.is_disputed else LineKind.DISPUTE_WON
            is_again = f"{kind}:{payment.ref}" in known
            tell(kind, f"{payment.ref}@{len(lines)}" if is_again else payment.ref, money)
    # What is over needs no order any more, whatever a provider leaves standing there.
    if snapshot.cancel_at != standing.cancel_at and snapshot.status is not Status.ENDED:
        kind = LineKind.CANCEL if snapshot.cancel_at is not None else LineKind.CANCEL_UNDONE
        tell(kind, f"{len(lines)}", plain(until=snapshot.cancel_at))
    # A subscription that ends while it rests rests no more, whatever date the provider still holds.
    paused_until = snapshot.paused_until if snapshot.status is Status.PAUSED else None
    if paused_until is not None and paused_until != standing.paused_until:
        tell(LineKind.PAUSE, f"{paused_until.isoformat()}@{len(lines)}", plain(until=paused_until))
    # Paid and failed again while nobody listened: the new failure has its own days.
    failed_anew = snapshot.status is Status.PAST_DUE and fold([*lines, *found]).failed_at is None
    if snapshot.status is not standing.status or failed_anew:
        at = (snapshot.failed_at if snapshot.status is Status.PAST_DUE else snapshot.ended_at) or now
        tell(LineKind.STATUS, f"{snapshot.status}@{len(lines)}", plain(at=at, detail=snapshot.status))
    return tuple(found)


def _refunded(lines: Iterable[Line], payment_ref: str) -> int:
    return sum(line.cents for line in lines if line.kind is LineKind.REFUND and line.detail == payment_ref)


def _add(standing: Standing, line: Line) -> Standing:
    match line.kind:
        case LineKind.STARTED:
            return replace(standing, started_at=line.at)
        case LineKind.PERIOD:
            return replace(standing, period_end=line.until)
        case LineKind.PAYMENT:
            is_mended = standing.failed_at is not None and line.at > standing.failed_at
            failed_at = None if is_mended else standing.failed_at
            return replace(standing, paid_cents=standing.paid_cents + line.cents, failed_at=failed_at)
        case LineKind.REFUND:
            return replace(standing, refunded_cents=standing.refunded_cents + line.cents)
        case LineKind.DISPUTE:
            return replace(standing, disputed_at=standing.disputed_at or line.at, held_back=standing.held_back | {line.detail})
        case LineKind.DISPUTE_WON:
            held_back = standing.held_back - {line.detail}
            return replace(standing, disputed_at=standing.disputed_at if held_back else None, held_back=held_back)
        case LineKind.CANCEL | LineKind.CANCEL_UNDONE:
            return replace(standing, cancel_at=line.until)
        case LineKind.PAUSE:
            return replace(standing, paused_until=line.until)
        case LineKind.PRICE:
            return replace(standing, price_ref=line.detail)
        case LineKind.QUANTITY:
            return replace(standing, quantity=int(line.detail))
        case LineKind.STATUS:
            return _change_status(standing, Status(line.detail), line.at)
        case LineKind.LETTER:
            return replace(standing, letters=standing.letters | {line.detail})
        case LineKind.MOVED:
            return standing


def _change_status(standing: Standing, status: Status, at: datetime) -> Standing:
    """The first failure fixes the dates of the letters and of the end; it is forgotten when a payment comes through."""
    is_failing = status in (Status.PAST_DUE, Status.UNPAID)
    return replace(
        standing,
        status=status,
        failed_at=(standing.failed_at or at) if is_failing else None,
        ended_at=at if status in OVER else None,
        paused_until=standing.paused_until if status is Status.PAUSED else None,
    )
