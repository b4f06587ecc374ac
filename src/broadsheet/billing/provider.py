"""What every payment provider can do, and what it says. Pure.

Errors:

    ProviderError
    ├── ProviderAway          it does not answer; try again
    ├── Refused               it answered, and said no: the message is for the person who asked
    ├── NotOurs               it is about another product, or about a purchase that came to nothing
    └── UntrustedEvent        an event that is not from the provider, is too old or cannot be read
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from broadsheet.billing.ledger import Snapshot


class ProviderError(Exception):
    """Something went wrong with a payment provider."""


class ProviderAway(ProviderError):
    """The provider does not answer; nothing is known to have happened."""


class Refused(ProviderError):
    """The provider said no; the message tells the person who asked why."""


class NotOurs(ProviderError):
    """Nothing that this publication keeps: another product of the same account, or a purchase that was never paid."""


class UntrustedEvent(ProviderError):
    """An event with a wrong signature, too old, or that cannot be read."""


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody is about to buy.

    `order_ref` is our own number of the order: with it, asking twice buys once. `address` is the account's. `cents` is
    what one period costs now, for all seats; `full_cents` what it costs without the discount, 0 if there is none;
    `discount_periods` how many payments are lower, None if all are.
    """

    order_ref: str
    reader_id: int
    address: str
    price_id: int
    plan_name: str
    cents: int
    currency: str
    period: str
    trial_days: int = 0
    quantity: int = 1
    discount_percent: int = 0
    discount_periods: int | None = None
    full_cents: int = 0
    renews: bool = True


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the buyer goes next; `subscription_ref` is already known where the provider needs no page of its own."""

    redirect_url: str
    subscription_ref: str = ""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One event as it came in, proven to be the provider's."""

    event_id: str
    kind: str
    happened_at: datetime
    subscription_ref: str


class Provider(Protocol):
    """One way to be paid. All arguments named `ref` are the provider's own numbers."""

    name: str

    def start_checkout(self, order: Order, *, return_url: str, cancel_url: str, now: datetime) -> Checkout:
        """Begin a purchase."""

    def find_by_order(self, order_ref: str) -> str | None:
        """The subscription that an order has led to; None while it has not."""

    def fetch(self, ref: str, *, now: datetime) -> Snapshot:
        """What one subscription is at this moment."""

    def list_subscriptions(self, *, now: datetime) -> Iterator[Snapshot]:
        """All of them, a page at a time, in bounded memory."""

    def manage_url(self, ref: str, *, return_url: str) -> str | None:
        """Where the reader changes their card; None where there is nothing to change."""

    def cancel(self, ref: str, *, at_period_end: bool, now: datetime) -> None:
        """Order the end, or end it now."""

    def undo_cancel(self, ref: str, *, now: datetime) -> None:
        """Go on after all."""

    def pause(self, ref: str, *, until: datetime, now: datetime) -> None:
        """Take no money until then; access ends with the period that is paid."""

    def resume(self, ref: str, *, now: datetime) -> None:
        """Go on before a pause is over."""

    def change_price(self, ref: str, order: Order, *, at_renewal: bool = False, now: datetime) -> None:
        """Another plan from now on; the provider reckons up what is left of the old one.

        With `at_renewal` the period that is paid stays as it is, and the next one is of the other plan. `Refused` where
        the subscription is over.
        """

    def refund(self, ref: str, payment_ref: str, *, cents: int, now: datetime) -> None:
        """Give money back; never more than is left of the payment (`Refused`)."""

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderEvent:
        """Prove and read one event (`UntrustedEvent`)."""


@runtime_checkable
class PreviewsChange(Protocol):
    """A provider that can say what a change of plan takes at once; of others it is reckoned by time."""

    def preview_change(self, ref: str, order: Order, *, now: datetime) -> int:
        """What `change_price` would take now, in the currency's smallest unit."""


@runtime_checkable
class KeepsAddress(Protocol):
    """A provider that writes to readers itself, and so must hear of a new address."""

    def change_address(self, ref: str, address: str, *, now: datetime) -> None:
        """Write to another mailbox from now on."""
