"""Each payment provider with the other side of it: who pays, whose card fails, how time passes there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from broadsheet.accounts.models import User
from broadsheet.billing import offline_flows
from broadsheet.billing.invoice_provider_flows import InvoiceProvider
from broadsheet.billing.models import OfflineEvent, OfflineSubscription, Order, Plan, Subscription
from broadsheet.billing.order_flows import order_of
from broadsheet.billing.provider import Provider
from broadsheet.billing.stripe_gateway import StripeGateway
from tests.billing import invoicing
from tests.billing.stripe_double.routes import pay_checkout
from tests.billing.stripe_double.server import SECRET_KEY, WEBHOOK_SECRET, StripeDouble


class OfflineWorld:
    """The offline provider, whose buttons are functions."""

    takes_cards = True

    def __init__(self) -> None:
        self.provider: Provider = offline_flows.OfflineProvider()

    def pay(self, order: Order, url: str, now: datetime) -> None:
        offline_flows.pay_order(order, order_of(order), now=now)

    def advance(self, now: datetime) -> None:
        offline_flows.advance(now=now)

    def break_card(self, ref: str) -> None:
        offline_flows.fail_next_payment(ref)

    def mend_card(self, ref: str, now: datetime) -> None:
        offline_flows.mend_card(ref, now=now)

    def dispute(self, ref: str, now: datetime) -> None:
        offline_flows.dispute_last_payment(ref, now=now)

    def events(self, now: datetime) -> list[tuple[dict[str, str], bytes]]:
        return [({}, json.dumps({"id": event.event_id}).encode()) for event in OfflineEvent.objects.all()]

    def credit(self, ref: str) -> int:
        """What the provider keeps for the customer's next payments."""
        return 0

    def subscriptions(self) -> int:
        return OfflineSubscription.objects.count()


class InvoiceWorld:
    """Invoices, which are paid when staff say so. There is no card that could fail, be changed or rest."""

    takes_cards = False

    def __init__(self) -> None:
        self.provider: Provider = InvoiceProvider()

    def buy(self, reader: User, plan: Plan) -> Subscription:
        """Ask for an invoice, be accepted, pay."""
        invoicing.set_up_invoices()
        invoice = invoicing.order_by_invoice(plan, email=reader.email)
        invoicing.pay(invoice)
        row = invoicing.subscription_of(invoice)
        assert row is not None
        return row

    def advance(self, now: datetime) -> None:
        """Nothing happens by itself on the other side."""


class StripeWorld:
    """Our gateway on the double."""

    takes_cards = True

    def __init__(self, double: StripeDouble) -> None:
        self.double = double
        self.provider: Provider = StripeGateway(SECRET_KEY, [WEBHOOK_SECRET], api_base=double.base)

    def pay(self, order: Order, url: str, now: datetime) -> None:
        self.advance(now)
        page = self.double.books.things.get(url.rpartition("/")[2])
        if page is not None:
            pay_checkout(self.double.books, page)

    def advance(self, now: datetime) -> None:
        self.double.books.advance(now)

    def break_card(self, ref: str) -> None:
        self.double.books.cards[self._subscription(ref)["customer"]] = "declines"

    def mend_card(self, ref: str, now: datetime) -> None:
        self.advance(now)
        self.double.books.mend_card(self._subscription(ref)["customer"])

    def dispute(self, ref: str, now: datetime) -> None:
        self.advance(now)
        customer = self._subscription(ref)["customer"]
        self.double.books.dispute(next(charge for charge in self.double.books.all("charge") if charge["customer"] == customer))

    def events(self, now: datetime) -> list[tuple[dict[str, str], bytes]]:
        return [self.double.sign(event, at=now) for event in self.double.books.events]

    def credit(self, ref: str) -> int:
        return -int(self.double.books.things[self._subscription(ref)["customer"]]["balance"])

    def subscriptions(self) -> int:
        return len(self.double.books.all("subscription"))

    def _subscription(self, ref: str) -> dict[str, Any]:
        return self.double.books.things[ref]


@contextmanager
def stripe_world(now: datetime) -> Iterator[StripeWorld]:
    with StripeDouble(now).running() as double:
        yield StripeWorld(double)
