"""What an invoice says, and the sums on it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal

from broadsheet.billing.ledger import RETRY_WINDOW, Status
from broadsheet.core.money import amount_text, price_text
from broadsheet.core.text import day_text

# Long enough for an accounting department, and for a reminder before the period is over.
RENEWAL_LEAD = timedelta(days=30)
FIRST_REMINDER = timedelta(days=7)
LAST_REMINDER = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class Paper:
    """An invoice or a credit note as it is printed; amounts in the currency's smallest unit, with the tax in them."""

    title: str
    number: str
    issued_on: date
    due_on: date | None
    recipient: tuple[str, ...]
    issuer: tuple[str, ...]
    what: str
    period: str
    quantity: int
    cents: int
    tax_cents: int
    tax_percent: Decimal
    currency: str
    words: tuple[str, ...]
    credited_number: str = ""
    state: str = ""

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """The sums below the line: net and tax where tax is shown, and the total."""
        total = ("Total", f"{amount_text(self.cents, self.currency)} {self.currency}")
        if not self.tax_percent:
            return (total,)
        net = ("Net", amount_text(self.cents - self.tax_cents, self.currency))
        return net, (f"Tax, {percent_text(self.tax_percent)}", amount_text(self.tax_cents, self.currency)), total

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Number and dates, as they stand beside the recipient."""
        found = [(f"{self.title} no.", self.number), ("Date", day_text(self.issued_on))]
        if self.credited_number:
            found.append(("For invoice", self.credited_number))
        if self.due_on is not None:
            found.append(("Payable by", day_text(self.due_on)))
        return tuple(found)

    @property
    def sum(self) -> str:
        """The total as it stands in the column."""
        return amount_text(self.cents, self.currency)

    @property
    def amount(self) -> str:
        """The total as it is spoken of."""
        return price_text(self.cents, self.currency)


def tax_within(cents: int, percent: Decimal) -> int:
    """The tax that an amount holds, rounded half up: 9.60 at 20% hold 1.60."""
    return int((Decimal(cents) * percent / (100 + percent)).quantize(Decimal(1), ROUND_HALF_UP))


def percent_text(percent: Decimal) -> str:
    """`7%`, `5.5%`."""
    return f"{percent.normalize():f}%"


def fill_prefix(prefix: str, issued_on: date) -> str:
    """The prefix of a number; `{year}` is the year of the invoice."""
    return prefix.replace("{year}", str(issued_on.year))


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The moment at which a day of the publication is over."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def due_day(issued_at: datetime, days: int, zone: tzinfo) -> date:
    """The last day on which an invoice can be paid in time."""
    return issued_at.astimezone(zone).date() + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Debt:
    """One open invoice: when its day to pay is over, and the start of the period that it asks for.

    `opens` says that the period was opened before it is paid.
    """

    issued_at: datetime
    due_at: datetime
    period_start: datetime | None
    opens: bool


def failing_since(debts: Iterable[Debt]) -> datetime | None:
    """When the first of some debts began to count against a subscription, past or to come; None if none ever does.

    What was opened on trust counts once it is overdue; a renewal once the period begins that nobody has paid.
    """
    moments = [
        debt.due_at if debt.opens else max(debt.period_start, debt.issued_at) for debt in debts if debt.period_start is not None
    ]
    return min(moments, default=None)


def status_at(now: datetime, *, failed_at: datetime | None, ended_at: datetime | None) -> tuple[Status, datetime | None]:
    """Where an agreement stands, and since when it is over, if it is."""
    if ended_at is not None and ended_at <= now:
        return Status.ENDED, ended_at
    if failed_at is None or failed_at > now:
        return Status.ACTIVE, None
    gave_up_at = failed_at + RETRY_WINDOW
    return (Status.PAST_DUE, None) if now < gave_up_at else (Status.UNPAID, gave_up_at)
