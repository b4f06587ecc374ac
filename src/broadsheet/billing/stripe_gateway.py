"""Stripe, through its own client: Checkout, the customer portal, subscriptions and webhooks.

docs/decisions/0014-stripe.md says why it is used in this way, docs/operator/stripe.md how it is set up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import stripe

from broadsheet.billing import stripe_reading as reading
from broadsheet.billing.ledger import Snapshot
from broadsheet.billing.models import Plan, Price, StripeCheckout, Subscription
from broadsheet.billing.provider import Checkout, NotOurs, Order, ProviderEvent, Refused, UntrustedEvent
from broadsheet.billing.stripe_client import PAGE, list_all, make_client, once, translated
from broadsheet.billing.stripe_goods import NAME, StripeGoods, load_known_prices
from broadsheet.core.money import price_text

EVENT_AGE = timedelta(seconds=300)  # as Stripe's own clients allow
WAITS = (
    "Your next payment waits for its day because of a change or a pause that was ordered before. Until it is taken, nothing that "
    "costs more can begin. Write to us if you need it sooner; nothing has been taken."
)
LISTENERS = 8  # requests at a time while all are listed, far below Stripe's limit of 100 a second
# What is read of a subscription beside its own fields: whose it is, what it takes off, which card pays.
WHOLE = ("customer.invoice_settings.default_payment_method", "default_payment_method", "discounts.source.coupon")


class StripeGateway:
    """Subscriptions paid through Stripe."""

    name = NAME

    def __init__(self, secret_key: str, webhook_secrets: Sequence[str], *, tax: bool = False, api_base: str | None = None) -> None:
        """`tax`: let Stripe reckon VAT and sales tax; `api_base`: another address of the API, for tests."""
        self._client = make_client(secret_key, api_base)
        self.goods = StripeGoods(self._client)
        self._webhook_secrets = tuple(webhook_secrets)
        self._is_live = "_live_" in secret_key
        self._tax = tax

    def start_checkout(self, order: Order, *, return_url: str, cancel_url: str, now: datetime) -> Checkout:
        """A page of Stripe's for this order; asked again for the same order, the same page, or the way back if it was paid."""
        session = self._find_session(order.order_ref)
        if session is None:
            params: Any = self._checkout_params(order, return_url, cancel_url)
            with translated():
                session = self._client.checkout.sessions.create(params, once("checkout", order.order_ref)).to_dict()
            StripeCheckout.objects.get_or_create(
                order_ref=order.order_ref, defaults={"session_ref": session["id"], "created_at": now}
            )
        return Checkout(session["url"] or return_url, subscription_ref=_result(session))

    def find_by_order(self, order_ref: str) -> str | None:
        session = self._find_session(order_ref)
        return None if session is None else _result(session) or None

    def fetch(self, ref: str, *, now: datetime) -> Snapshot:
        """What Stripe says; `ref` may also be the number of a payment, which then belongs to a subscription or is a gift."""
        known = load_known_prices()
        with translated(ref):
            if ref.startswith("pi_"):
                return self._fetch_by_payment(ref, known, now)
            subscription = self._client.subscriptions.retrieve(ref, {"expand": [*WHOLE]}).to_dict()
            return self._read(subscription, known)

    def list_subscriptions(self, *, now: datetime) -> Iterator[Snapshot]:
        """Those at our prices or bought here; other products of the same account are passed over."""
        known = load_known_prices()
        ours = (
            subscription
            for subscription in self.list_everything()
            if reading.is_ours(subscription, known) and subscription["status"] not in reading.UNBEGUN
        )
        while page := list(islice(ours, PAGE)):
            yield from self.read_all(page, known)
        presents = Subscription.objects.filter(provider=NAME, ref__startswith="pi_").values_list("ref", flat=True)
        for ref in presents.iterator(chunk_size=PAGE):
            yield self.fetch(ref, now=now)

    def list_everything(self) -> Iterator[dict[str, Any]]:
        """Every subscription of the account as Stripe gives it, whosever product it is, with its customer."""
        with translated():
            params: Any = {"status": "all", "limit": PAGE, "expand": [f"data.{name}" for name in WHOLE]}
            for subscription in self._client.subscriptions.list(params).auto_paging_iter():
                yield subscription.to_dict()

    def read_all(self, subscriptions: Sequence[dict[str, Any]], known: frozenset[str]) -> Iterator[Snapshot]:
        """The snapshots of subscriptions that were listed, several asked about at a time."""
        with ThreadPoolExecutor(LISTENERS) as listeners:
            yield from listeners.map(lambda subscription: self._read_listed(subscription, known), subscriptions)

    def manage_url(self, ref: str, *, return_url: str) -> str | None:
        if ref.startswith("pi_"):
            return None
        with translated(ref):
            params = {"customer": self._customer_of(ref), "return_url": return_url}
            return str(self._client.billing_portal.sessions.create(params).url)

    def change_address(self, ref: str, address: str, *, now: datetime) -> None:
        """Where Stripe's own letters and receipts go."""
        with translated(ref):
            self._client.customers.update(self._customer_of(ref), {"email": address})

    def cancel(self, ref: str, *, at_period_end: bool, now: datetime) -> None:
        _refuse_presents(ref)
        with translated(ref):
            if at_period_end:
                self._client.subscriptions.update(ref, {"cancel_at_period_end": True})
            else:
                self._client.subscriptions.cancel(ref, {"prorate": False, "invoice_now": False})

    def undo_cancel(self, ref: str, *, now: datetime) -> None:
        _refuse_presents(ref)
        with translated(ref):
            subscription = self._find_running(ref)
            if subscription["cancel_at_period_end"]:
                self._client.subscriptions.update(ref, {"cancel_at_period_end": False})
            elif subscription["cancel_at"]:
                self._client.subscriptions.update(ref, {"cancel_at": ""})

    def pause(self, ref: str, *, until: datetime, now: datetime) -> None:
        """The next payment waits until that day; if it is not due before, Stripe only notes the pause."""
        _refuse_presents(ref)
        with translated(ref):
            subscription = self._find_running(ref)
            if subscription["status"] not in ("active", "trialing"):
                raise Refused("A payment is due. Pay it first, then the subscription can be paused.")
            paid_until = self._paid_until(subscription)
            if until > paid_until:
                params: Any = {"trial_end": _seconds(until), "proration_behavior": "none"}
                params["metadata"] = _waits_for(reading.PAUSE, paid_until, _held(subscription))
                self._client.subscriptions.update(ref, params)
            else:
                self._client.subscriptions.update(ref, {"pause_collection": {"behavior": "void", "resumes_at": _seconds(until)}})

    def resume(self, ref: str, *, now: datetime) -> None:
        _refuse_presents(ref)
        with translated(ref):
            subscription = self._find_running(ref)
            paid_until = self._paid_until(subscription)
            params: Any = {"proration_behavior": "none"}
            if subscription["status"] == "trialing" and subscription["metadata"].get(reading.WAITS_FOR) == reading.PAUSE:
                params |= {"trial_end": _seconds(paid_until) if paid_until > now else "now", "metadata": _waits_for_nothing()}
                if paid_until > now:
                    params["metadata"] = _waits_for(reading.CHANGE, paid_until, _held(subscription))
            if subscription["pause_collection"]:
                params["pause_collection"] = ""
                if paid_until <= now:
                    params["billing_cycle_anchor"] = {"type": "now"}
            self._client.subscriptions.update(ref, params)

    def change_price(self, ref: str, order: Order, *, at_renewal: bool = False, now: datetime) -> None:
        """What is left of the old period is taken off; what is left over then stays as the customer's credit at Stripe.

        While the next payment waits for a day of ours, only what it is for can change: Stripe takes nothing before it.
        """
        _refuse_presents(ref)
        with translated(ref):
            subscription = self._find_running(ref)
            if reading.waits(subscription) and not at_renewal:
                raise Refused(WAITS)
            item = reading.read_item(subscription, load_known_prices())
            coupon = self.goods.coupon(order)
            params: Any = {
                "items": [{"id": item["id"], "price": self.goods.publish_price(order.price_id), "quantity": order.quantity}],
                "discounts": [{"coupon": coupon}] if coupon else "",
                "payment_behavior": "error_if_incomplete",
            }
            is_paid = subscription["status"] == "active" and not subscription["pause_collection"]
            if at_renewal or not is_paid:
                paid_until = self._paid_until(subscription)
                params["proration_behavior"] = "none"
                if at_renewal and is_paid and paid_until > now:
                    params |= {
                        "trial_end": _seconds(paid_until),
                        "metadata": _waits_for(reading.CHANGE, paid_until, _held(subscription)),
                    }
            else:
                params |= {"proration_behavior": "always_invoice", "billing_cycle_anchor": {"type": "now"}}
            self._client.subscriptions.update(ref, params, once("change", ref, order.order_ref) if order.order_ref else {})

    def refund(self, ref: str, payment_ref: str, *, cents: int, now: datetime) -> None:
        with translated(payment_ref):
            by = "payment_intent" if payment_ref.startswith("pi_") else "charge"
            charge = self._find_charge(by, payment_ref)
            left = charge["amount_captured"] - charge["amount_refunded"]
            if cents > left:
                raise Refused(f"Only {price_text(left, charge['currency'])} of this payment are left to give back.")
            params: Any = {by: payment_ref, "amount": cents}
            # The same refund ordered twice at once is one; the next one starts from another sum.
            self._client.refunds.create(params, once("refund", payment_ref, charge["amount_refunded"], cents))

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderEvent:
        signature = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
        self._prove(signature, body)
        _refuse_age(signature, now)
        try:
            event = json.loads(body)
            read = reading.read_event(event)
            is_live = bool(event["livemode"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UntrustedEvent("This event of Stripe's cannot be read.") from None
        if is_live is not self._is_live:
            raise UntrustedEvent("This event is of Stripe's test mode and the key is not, or the other way round.")
        return read

    def prove(self) -> None:
        """Ask for something cheap, to see that Stripe answers and takes the key.

        Raises:
            ProviderError: it does not; the message says which.
        """
        with translated():
            self._client.prices.list({"limit": 1})

    def _find_session(self, order_ref: str) -> dict[str, Any] | None:
        row = StripeCheckout.objects.filter(order_ref=order_ref).first()
        if row is None:
            return None
        with translated(row.session_ref):
            return self._client.checkout.sessions.retrieve(row.session_ref).to_dict()

    def _checkout_params(self, order: Order, return_url: str, cancel_url: str) -> dict[str, Any]:
        written = {reading.ORDER: order.order_ref, reading.READER: str(order.reader_id), reading.PRICE: str(order.price_id)}
        params: dict[str, Any] = {
            "mode": "subscription" if order.renews else "payment",
            "line_items": [self._line_item(order)],
            "client_reference_id": order.order_ref,
            "metadata": written,
            "success_url": return_url,
            "cancel_url": cancel_url,
            **self._customer(order),
        }
        if self._tax:
            params |= {"automatic_tax": {"enabled": True}, "tax_id_collection": {"enabled": True}}
            if "customer" in params:
                params["customer_update"] = {"address": "auto", "name": "auto"}
        if not order.renews:
            return params | {"payment_intent_data": {"metadata": {**written, reading.PERIOD: order.period}}}
        params["subscription_data"] = {"metadata": written}
        if order.trial_days:
            params["subscription_data"]["trial_period_days"] = order.trial_days
        coupon = self.goods.coupon(order)
        return params | ({"discounts": [{"coupon": coupon}]} if coupon else {})

    def _line_item(self, order: Order) -> dict[str, Any]:
        if order.renews:
            return {"price": self.goods.publish_price(order.price_id), "quantity": order.quantity}
        product = {"name": order.plan_name}
        price = {
            "currency": order.currency.lower(),
            "unit_amount": order.cents,
            "product_data": product,
            "tax_behavior": "inclusive",
        }
        return {"price_data": price, "quantity": 1}

    def _customer(self, order: Order) -> dict[str, str]:
        """Who has paid through Stripe before stays the same customer there; seats, which may be handed over, have their own."""
        if not Price.objects.filter(pk=order.price_id, plan__kind=Plan.Kind.GROUP).exists():
            own = Subscription.objects.filter(provider=NAME, reader_id=order.reader_id).exclude(customer_ref="")
            before = own.exclude(price__plan__kind=Plan.Kind.GROUP).first()
            if before is not None:
                return {"customer": before.customer_ref}
        return {"customer_email": order.address} if order.address else {}

    def _read_listed(self, subscription: dict[str, Any], known: frozenset[str]) -> Snapshot:
        with translated(subscription["id"]):
            return self._read(subscription, known)

    def _read(self, subscription: dict[str, Any], known: frozenset[str]) -> Snapshot:
        if not reading.is_ours(subscription, known):
            raise NotOurs(f"Subscription {subscription['id']} of Stripe's is for another product.")
        if subscription["status"] in reading.UNBEGUN:
            raise NotOurs(f"Subscription {subscription['id']} of Stripe's has not been paid for.")
        return reading.read_subscription(subscription, self._papers(subscription), known_prices=known)

    def _papers(self, subscription: dict[str, Any]) -> reading.Papers:
        customer = reading.find_id(subscription["customer"])
        charges = list_all(self._client.charges, {"customer": customer})
        return reading.Papers(invoices=self._invoices(subscription["id"]), charges=charges, disputes=self._disputes(charges))

    def _invoices(self, ref: str) -> list[dict[str, Any]]:
        return list_all(self._client.invoices, {"subscription": ref, "expand": ["data.payments"]})

    def _disputes(self, charges: list[dict[str, Any]]) -> list[dict[str, Any]]:
        held = [charge["id"] for charge in charges if charge["disputed"]]
        return [dispute for charge in held for dispute in list_all(self._client.disputes, {"charge": charge})]

    def _fetch_by_payment(self, ref: str, known: frozenset[str], now: datetime) -> Snapshot:
        paid = self._client.invoice_payments.list(
            {"payment": {"type": "payment_intent", "payment_intent": ref}, "limit": 1}
        ).to_dict()["data"]
        if paid:
            invoice = self._client.invoices.retrieve(reading.find_id(paid[0]["invoice"])).to_dict()
            found = reading.find_subscription(invoice)
            if not found:
                raise NotOurs(f"Payment {ref} of Stripe's is for an invoice that belongs to no subscription.")
            return self._read(self._client.subscriptions.retrieve(found, {"expand": [*WHOLE]}).to_dict(), known)
        intent = self._client.payment_intents.retrieve(ref).to_dict()
        if not intent["metadata"].get(reading.ORDER) or intent["status"] != "succeeded":
            raise NotOurs(f"Payment {ref} of Stripe's was made for something else, or not made.")
        charges = list_all(self._client.charges, {"payment_intent": ref})
        return reading.read_present(intent, reading.Papers(charges=charges, disputes=self._disputes(charges)), now=now)

    def _find_charge(self, by: str, payment_ref: str) -> dict[str, Any]:
        if by == "charge":
            return self._client.charges.retrieve(payment_ref).to_dict()
        charges = list_all(self._client.charges, {"payment_intent": payment_ref})
        found = next((charge for charge in charges if charge["status"] == "succeeded"), None)
        if found is None:
            raise Refused(f"Nothing was paid with {payment_ref}, so nothing can be given back.")
        return found

    def _find_running(self, ref: str) -> dict[str, Any]:
        subscription = self._client.subscriptions.retrieve(ref).to_dict()
        if subscription["status"] in ("canceled", "incomplete_expired"):
            raise Refused("This subscription is over; begin a new one.")
        return subscription

    def _customer_of(self, ref: str) -> str:
        service = self._client.payment_intents if ref.startswith("pi_") else self._client.subscriptions
        return reading.find_id(service.retrieve(ref).to_dict()["customer"])

    def _paid_until(self, subscription: dict[str, Any]) -> datetime:
        return reading.read_subscription(subscription, reading.Papers(invoices=self._invoices(subscription["id"]))).period_end

    def _prove(self, signature: str, body: bytes) -> None:
        for secret in self._webhook_secrets:
            try:
                stripe.WebhookSignature.verify_header(body, signature, secret)
            except (stripe.SignatureVerificationError, ValueError):
                continue
            return
        raise UntrustedEvent("This event is not signed with a secret of BROADSHEET_STRIPE_WEBHOOK_SECRET.")


def _result(session: dict[str, Any]) -> str:
    """The subscription, or the one payment, that a page of Stripe's has led to; "" while it has not."""
    if session["status"] != "complete":
        return ""
    return reading.find_id(session["subscription"]) or reading.find_id(session["payment_intent"])


def _refuse_age(signature: str, now: datetime) -> None:
    signed_at = next((part[2:] for part in signature.split(",") if part.startswith("t=")), "")
    if abs(now - reading.moment(int(signed_at))) > EVENT_AGE:
        raise UntrustedEvent(
            f"This event was signed at {reading.moment(int(signed_at))}, which is not now; look at the server's clock."
        )


def _refuse_presents(ref: str) -> None:
    if ref.startswith("pi_"):
        raise Refused("This was paid once and ends by itself; there is nothing to change.")


def _held(subscription: dict[str, Any]) -> tuple[str, int]:
    return reading.read_held(subscription, reading.read_item(subscription, load_known_prices()))


def _waits_for(what: str, paid_until: datetime, held: tuple[str, int]) -> dict[str, str]:
    """What is written on a subscription whose next payment waits; `held` is what is paid for until then."""
    price_ref, quantity = held
    return {
        reading.WAITS_FOR: what,
        reading.PAID_UNTIL: str(_seconds(paid_until)),
        reading.HELD_PRICE: price_ref,
        reading.HELD_QUANTITY: str(quantity),
    }


def _waits_for_nothing() -> dict[str, str]:
    return dict.fromkeys((reading.WAITS_FOR, reading.PAID_UNTIL, reading.HELD_PRICE, reading.HELD_QUANTITY), "")


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
