"""What Stripe would keep: customers, subscriptions, invoices, payments, and a clock that can be moved.

Written from Stripe's documentation and the types of its client, not from our gateway. It proves our view of Stripe only.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.billing.stripe_double.things import Stripe400, lines_of, new_invoice, new_subscription

HOUR, DAY = 3600, 86_400
RETRY_DAYS = (3, 5, 7)  # after each failure, the days until the next try
DRAFT_S = HOUR  # a renewal's invoice stays a draft for an hour


class Books:
    """One Stripe account in test mode. All times are seconds since 1970."""

    def __init__(self, now: datetime) -> None:
        self.now = int(now.timestamp())
        self.things: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.cards: dict[str, str] = {}  # customer: "works", "declines"
        self.after_retries = "unpaid"  # or "canceled": what the account's settings say
        self._numbers = count(1)
        self._tries: dict[str, int] = {}

    # What it holds

    def keep(self, prefix: str, kind: str, **fields: Any) -> dict[str, Any]:
        number = fields.pop("id", None) or f"{prefix}_{next(self._numbers):06d}"
        thing = {"id": number, "object": kind, "livemode": False, "created": self.now, **fields}
        self.things[number] = thing
        return thing

    def get(self, number: str, kind: str) -> dict[str, Any]:
        thing = self.things.get(number)
        if thing is None or thing["object"] != kind:
            raise Stripe400(f"No such {kind}: '{number}'", code="resource_missing", status=404)
        return thing

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Newest first, as Stripe lists."""
        return [thing for thing in reversed(self.things.values()) if thing["object"] == kind]

    def tell(self, kind: str, thing: dict[str, Any]) -> None:
        event = self.keep("evt", "event", type=kind, data={"object": dict(thing)}, api_version=None)
        del self.things[event["id"]]
        self.events.append(event)

    def customer(self, email: str | None, card: str = "works") -> dict[str, Any]:
        settings = {"default_payment_method": None}
        customer = self.keep("cus", "customer", email=email, balance=0, metadata={}, invoice_settings=settings)
        self.cards[customer["id"]] = card
        return customer

    # Subscriptions

    def subscribe(
        self,
        customer: str,
        price: str,
        *,
        quantity: int = 1,
        trial_days: int = 0,
        coupon: str = "",
        metadata: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """A subscription begins; its first payment is made unless it begins with free days."""
        held = self.get(price, "price")
        end = self.now + trial_days * DAY if trial_days else add_months(self.now, held, self.now)
        subscription = self.keep("sub", "subscription", **new_subscription(customer, held, quantity, self.now, end, metadata or {}))
        method = self.keep(
            "pm", "payment_method", type="card", customer=customer, card={"exp_month": 2, "exp_year": 2028}, metadata={}
        )
        subscription["default_payment_method"] = method["id"]
        if coupon:
            subscription["discounts"] = [self._discount(coupon)]
        if trial_days:
            subscription |= {"status": "trialing", "trial_start": self.now, "trial_end": end, "billing_cycle_anchor": end}
        self.tell("customer.subscription.created", subscription)
        amount = 0 if trial_days else self.price_of(subscription)
        invoice = self._write_invoice(subscription, "subscription_create", [(amount, self.now, end, False)])
        self._finalize(invoice)
        return subscription

    def price_of(self, subscription: dict[str, Any]) -> int:
        """What the current period costs, after discounts that still run."""
        item = subscription["items"]["data"][0]
        full: int = item["price"]["unit_amount"] * item["quantity"]
        for discount in subscription["discounts"]:
            if discount["end"] is None or discount["end"] > self.now:
                full -= self.things[discount["source"]["coupon"]]["amount_off"]
        return max(full, 0)

    def update(self, subscription: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        if subscription["status"] == "canceled":
            raise Stripe400("A canceled subscription can only update its cancellation_details and metadata.")
        if "items" in params:
            self._change_items(subscription, params)
        for name, value in params.get("metadata", {}).items():
            if value == "":
                subscription["metadata"].pop(name, None)
            else:
                subscription["metadata"][name] = value
        item = subscription["items"]["data"][0]
        if "cancel_at_period_end" in params:
            is_ordered = params["cancel_at_period_end"] == "true"
            subscription["cancel_at_period_end"] = is_ordered
            subscription["cancel_at"] = item["current_period_end"] if is_ordered else None
            subscription["canceled_at"] = self.now if is_ordered else None
        if "cancel_at" in params:
            subscription["cancel_at"] = int(params["cancel_at"]) if params["cancel_at"] else None
        if "pause_collection" in params:
            paused = params["pause_collection"]
            resumes_at = int(paused["resumes_at"]) if paused and "resumes_at" in paused else None
            subscription["pause_collection"] = {"behavior": paused["behavior"], "resumes_at": resumes_at} if paused else None
        if "trial_end" in params:
            self._move_trial(subscription, params["trial_end"])
        elif params.get("billing_cycle_anchor", {}).get("type") == "now" and "items" not in params:
            self._begin_period(subscription, self.now, "subscription_update", is_at_once=True)
        self.tell("customer.subscription.updated", subscription)
        return subscription

    def cancel(self, subscription: dict[str, Any], *, at: int | None = None) -> dict[str, Any]:
        if subscription["status"] == "canceled":
            raise Stripe400(f"No such subscription: '{subscription['id']}'", code="resource_missing", status=404)
        ended_at = at or self.now
        subscription |= {"status": "canceled", "ended_at": ended_at, "canceled_at": subscription["canceled_at"] or ended_at}
        for invoice in self.invoices_of(subscription):
            invoice["auto_advance"] = False
            invoice["next_payment_attempt"] = None
        self.tell("customer.subscription.deleted", subscription)
        return subscription

    def invoices_of(self, subscription: dict[str, Any]) -> list[dict[str, Any]]:
        """Newest first."""
        return [
            invoice
            for invoice in self.all("invoice")
            if invoice["parent"] and invoice["parent"]["subscription_details"]["subscription"] == subscription["id"]
        ]

    def _change_items(self, subscription: dict[str, Any], params: dict[str, Any]) -> None:
        item = subscription["items"]["data"][0]
        wanted = params["items"][0]
        if wanted.get("id") != item["id"]:
            raise Stripe400("Subscription items are changed by their id.", param="items")
        price = self.get(wanted["price"], "price")
        is_reset = params.get("billing_cycle_anchor", {}).get("type") == "now" or price["recurring"] != item["price"]["recurring"]
        credit = 0
        if params.get("proration_behavior", "create_prorations") == "always_invoice":
            credit = self._unused(subscription)
            declines = self.cards[subscription["customer"]] != "works"
            if declines and params.get("payment_behavior") == "error_if_incomplete":
                raise Stripe400("Your card was declined.", kind="card_error", code="card_declined", status=402)
        item |= {"price": price, "quantity": int(wanted.get("quantity", 1))}
        if "discounts" in params:
            subscription["discounts"] = [self._discount(each["coupon"]) for each in params["discounts"] or ()]
        if is_reset and "trial_end" not in params and subscription["status"] != "trialing":
            self._begin_period(subscription, self.now, "subscription_update", is_at_once=True, credit=credit)

    def _unused(self, subscription: dict[str, Any]) -> int:
        """What the rest of the period that was paid is worth, to the cent."""
        item = subscription["items"]["data"][0]
        whole = item["current_period_end"] - item["current_period_start"]
        left = item["current_period_end"] - self.now
        return round(self.price_of(subscription) * left / whole)

    def _move_trial(self, subscription: dict[str, Any], wanted: str) -> None:
        item = subscription["items"]["data"][0]
        if wanted == "now":
            subscription |= {"trial_end": self.now, "status": "active"}
            self._begin_period(subscription, self.now, "subscription_update", is_at_once=True)
            return
        end = int(wanted)
        if end <= self.now:
            raise Stripe400("Invalid timestamp: must be in the future.", param="trial_end")
        subscription |= {"status": "trialing", "trial_start": self.now, "trial_end": end, "billing_cycle_anchor": end}
        if subscription["cancel_at_period_end"]:
            subscription["cancel_at"] = end
        item |= {"current_period_start": self.now, "current_period_end": end}
        self._finalize(self._write_invoice(subscription, "subscription_update", [(0, self.now, end, False)]))

    def _begin_period(
        self, subscription: dict[str, Any], at: int, reason: str, *, is_at_once: bool = False, credit: int = 0
    ) -> dict[str, Any]:
        item = subscription["items"]["data"][0]
        if is_at_once:
            subscription["billing_cycle_anchor"] = at
        end = add_months(subscription["billing_cycle_anchor"], item["price"], at)
        old_end = item["current_period_end"]
        item |= {"current_period_start": at, "current_period_end": end}
        lines = [(self.price_of(subscription), at, end, False)]
        if credit:
            lines.insert(0, (-credit, at, old_end, True))
        invoice = self._write_invoice(subscription, reason, lines)
        if is_at_once:
            self._finalize(invoice)
        return invoice

    # Invoices and payments

    def _discount(self, coupon: str) -> dict[str, Any]:
        held = self.get(coupon, "coupon")
        months = held["duration_in_months"]
        end = months_later(self.now, months) if months else None
        number = f"di_{next(self._numbers):06d}"
        return {"id": number, "object": "discount", "source": {"type": "coupon", "coupon": coupon}, "start": self.now, "end": end}

    def _write_invoice(self, subscription: dict[str, Any], reason: str, lines: list[tuple[int, int, int, bool]]) -> dict[str, Any]:
        total = sum(cents for cents, *_ in lines)
        fields = new_invoice(subscription, reason, total, lines_of(subscription, lines, self._numbers))
        invoice = self.keep("in", "invoice", **fields, automatically_finalizes_at=self.now + DRAFT_S)
        subscription["latest_invoice"] = invoice["id"]
        return invoice

    def _finalize(self, invoice: dict[str, Any]) -> None:
        subscription = self.things[invoice["parent"]["subscription_details"]["subscription"]]
        customer = self.things[invoice["customer"]]
        invoice |= {"automatically_finalizes_at": None, "starting_balance": customer["balance"]}
        if subscription["pause_collection"] and subscription["pause_collection"]["behavior"] == "void":
            invoice |= {"status": "void", "auto_advance": False}
            return
        due = invoice["total"] + customer["balance"]
        customer["balance"] = min(due, 0)
        invoice |= {"status": "open", "amount_due": max(due, 0), "amount_remaining": max(due, 0)}
        if due <= 0:
            self._settle(invoice, 0)
            return
        intent = self.keep(
            "pi",
            "payment_intent",
            amount=due,
            currency=invoice["currency"],
            customer=customer["id"],
            status="processing",
            metadata={},
        )
        payment = self.keep(
            "inpay",
            "invoice_payment",
            invoice=invoice["id"],
            amount_requested=due,
            amount_paid=None,
            currency=invoice["currency"],
            is_default=True,
            status="open",
            status_transitions={"paid_at": None, "canceled_at": None},
            payment={"type": "payment_intent", "payment_intent": intent["id"]},
        )
        invoice["payments"] = {"object": "list", "data": [payment], "has_more": False, "url": "/v1/invoice_payments"}
        if self.cards[customer["id"]] != "delays":
            self.attempt(invoice)

    def attempt(self, invoice: dict[str, Any]) -> bool:
        """Try to take an invoice's money."""
        payment = invoice["payments"]["data"][0]
        intent = self.things[payment["payment"]["payment_intent"]]
        works = self.cards[invoice["customer"]] == "works"
        invoice["attempt_count"] += 1
        invoice["attempted"] = True
        self.charge(intent, works=works)
        if works:
            payment |= {"status": "paid", "amount_paid": intent["amount"]}
            payment["status_transitions"]["paid_at"] = self.now
            self._settle(invoice, intent["amount"])
        else:
            self._fail(invoice)
        return works

    def charge(self, intent: dict[str, Any], *, works: bool) -> dict[str, Any]:
        charge = self.keep(
            "ch",
            "charge",
            amount=intent["amount"],
            amount_captured=intent["amount"] if works else 0,
            amount_refunded=0,
            currency=intent["currency"],
            customer=intent["customer"],
            payment_intent=intent["id"],
            status="succeeded" if works else "failed",
            paid=works,
            disputed=False,
            refunded=False,
            failure_code=None if works else "card_declined",
            metadata={},
        )
        intent["status"] = "succeeded" if works else "requires_payment_method"
        self.tell("charge.succeeded" if works else "charge.failed", charge)
        return charge

    def _settle(self, invoice: dict[str, Any], cents: int) -> None:
        invoice |= {"status": "paid", "amount_paid": cents, "amount_remaining": 0, "next_payment_attempt": None}
        self.tell("invoice.paid", invoice)
        subscription = self.things[invoice["parent"]["subscription_details"]["subscription"]]
        if subscription["status"] in ("past_due", "unpaid", "incomplete"):
            subscription["status"] = "active"
            self.tell("customer.subscription.updated", subscription)

    def _fail(self, invoice: dict[str, Any]) -> None:
        subscription = self.things[invoice["parent"]["subscription_details"]["subscription"]]
        tries = self._tries[invoice["id"]] = self._tries.get(invoice["id"], 0) + 1
        self.tell("invoice.payment_failed", invoice)
        if tries <= len(RETRY_DAYS):
            invoice["next_payment_attempt"] = self.now + RETRY_DAYS[tries - 1] * DAY
            subscription["status"] = "past_due"
            self.tell("customer.subscription.updated", subscription)
            return
        invoice["next_payment_attempt"] = None
        if self.after_retries == "canceled":
            self.cancel(subscription)
        else:
            subscription["status"] = "unpaid"
            self.tell("customer.subscription.updated", subscription)

    def refund(self, charge: dict[str, Any], cents: int) -> dict[str, Any]:
        left = charge["amount_captured"] - charge["amount_refunded"]
        if not left:
            raise Stripe400(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
        if cents > left:
            raise Stripe400(f"Refund amount ({cents}) is greater than unrefunded amount on charge ({left})")
        charge["amount_refunded"] += cents
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        refund = self.keep(
            "re", "refund", amount=cents, currency=charge["currency"], charge=charge["id"], status="succeeded", metadata={}
        )
        refund["payment_intent"] = charge["payment_intent"]
        del refund["livemode"]  # the one kind without it
        self.tell("charge.refunded", charge)
        return refund

    def dispute(self, charge: dict[str, Any]) -> dict[str, Any]:
        """The customer's bank takes a payment back."""
        charge["disputed"] = True
        dispute = self.keep(
            "dp",
            "dispute",
            charge=charge["id"],
            payment_intent=charge["payment_intent"],
            amount=charge["amount"],
            status="needs_response",
            metadata={},
        )
        self.tell("charge.dispute.created", dispute)
        return dispute

    def close_dispute(self, dispute: dict[str, Any], status: str) -> None:
        dispute["status"] = status
        self.tell("charge.dispute.closed", dispute)

    def mend_card(self, customer: str, card: str = "works") -> None:
        """The customer gives another card on the portal page, and pays what is due."""
        self.cards[customer] = card
        if card == "works":
            for invoice in reversed(self.all("invoice")):
                if invoice["customer"] == customer and invoice["status"] == "open":
                    self.attempt(invoice)

    # Time

    def advance(self, to: datetime) -> None:
        """Let everything happen that falls due until then, in its order."""
        end = int(to.timestamp())
        while (step := self._next_step(end)) is not None:
            self.now = max(self.now, step[0])
            step[1](step[2])
        self.now = end

    def _next_step(self, end: int) -> Any:
        steps = [*self._steps_of_subscriptions(), *self._steps_of_invoices()]
        return min((step for step in steps if step[0] <= end), key=lambda step: (step[0], step[3]), default=None)

    def _steps_of_subscriptions(self) -> Any:
        for subscription in self.all("subscription"):
            if subscription["status"] in ("canceled", "incomplete_expired"):
                continue
            paused = subscription["pause_collection"]
            if paused and paused["resumes_at"]:
                yield paused["resumes_at"], self._unpause, subscription, 0
            if subscription["cancel_at"]:
                yield subscription["cancel_at"], self.cancel, subscription, 1
            yield subscription["items"]["data"][0]["current_period_end"], self._renew, subscription, 2

    def _steps_of_invoices(self) -> Any:
        for invoice in self.all("invoice"):
            if invoice["status"] == "draft" and invoice["automatically_finalizes_at"]:
                yield invoice["automatically_finalizes_at"], self._finalize, invoice, 3
            if invoice["status"] == "open" and invoice["next_payment_attempt"]:
                yield invoice["next_payment_attempt"], self.attempt, invoice, 4

    def _unpause(self, subscription: dict[str, Any]) -> None:
        subscription["pause_collection"] = None
        self.tell("customer.subscription.updated", subscription)

    def _renew(self, subscription: dict[str, Any]) -> None:
        if subscription["status"] == "trialing":
            subscription["status"] = "active"
        invoice = self._begin_period(subscription, subscription["items"]["data"][0]["current_period_end"], "subscription_cycle")
        if subscription["status"] == "unpaid":
            invoice["automatically_finalizes_at"] = None  # stays a draft
        self.tell("customer.subscription.updated", subscription)


def add_months(anchor: int, price: dict[str, Any], after: int) -> int:
    """The first end of a period later than `after`, counted from the anchor."""
    step = (12 if price["recurring"]["interval"] == "year" else 1) * int(price["recurring"].get("interval_count", 1))
    number = step
    while (end := months_later(anchor, number)) <= after:
        number += step
    return end


def months_later(seconds: int, months: int) -> int:
    start = datetime.fromtimestamp(seconds, UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return int(start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1])).timestamp())
