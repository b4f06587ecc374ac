"""Stripe's objects read as snapshots and events. Pure: plain dicts in, as JSON has them, records out.

Amounts are in the currency's smallest unit on both sides; times are seconds since 1970 there, aware UTC here.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from broadsheet.billing.ledger import PaidSum, Snapshot, Status
from broadsheet.billing.periods import next_period_end
from broadsheet.billing.provider import ProviderEvent

Thing = Mapping[str, Any]

STATUSES = {
    "trialing": Status.TRIAL,
    "active": Status.ACTIVE,
    "past_due": Status.PAST_DUE,
    "unpaid": Status.UNPAID,
    "paused": Status.PAUSED,
    "canceled": Status.ENDED,
}
# A purchase whose first payment has not come, or never came; there is nothing to keep of it.
UNBEGUN = ("incomplete", "incomplete_expired")
# The bank holds the money back, or has taken it for good. An inquiry (`warning_…`) takes nothing yet.
HELD_BACK = ("needs_response", "under_review", "lost")

# What we write on Stripe's objects. A number of ours, never an address.
ORDER, READER, PRICE, PERIOD = "broadsheet_order", "broadsheet_reader", "broadsheet_price", "broadsheet_period"
# While a subscription waits for its next payment on a day of ours (a pause, another plan from the renewal on), Stripe
# calls it a trial. These say what it waits for, and until when it is paid.
WAITS_FOR, PAID_UNTIL = "broadsheet_waits_for", "broadsheet_paid_until"
# What is held meanwhile: its items are those of the next payment already.
HELD_PRICE, HELD_QUANTITY = "broadsheet_held_price", "broadsheet_held_quantity"
PAUSE, CHANGE = "pause", "change"


@dataclass(frozen=True, slots=True)
class Papers:
    """Everything that Stripe holds about one subscription's money; newest first, as Stripe lists it."""

    invoices: Sequence[Thing] = ()
    charges: Sequence[Thing] = ()
    disputes: Sequence[Thing] = ()


def read_subscription(subscription: Thing, papers: Papers, *, known_prices: Collection[str] = ()) -> Snapshot:
    """One subscription; of several items the one whose price is among `known_prices` counts."""
    item = read_item(subscription, known_prices)
    status = _status(subscription)
    tries = _failed_tries(papers) if status in (Status.PAST_DUE, Status.UNPAID) else []
    written = subscription["metadata"]
    price_ref, quantity = read_held(subscription, item)
    return Snapshot(
        ref=subscription["id"],
        status=status,
        started_at=moment(subscription["start_date"]),
        period_end=_period_end(subscription, item, status, papers.invoices),
        price_ref=price_ref,
        quantity=quantity,
        cancel_at=_cancel_at(subscription, item),
        paused_until=_paused_until(subscription) if status is Status.PAUSED else None,
        failed_at=tries[0] if tries else None,
        ended_at=_ended_at(subscription, status, tries),
        payments=tuple(_payments(papers)),
        customer_ref=find_id(subscription["customer"]),
        reader_id=_number(written.get(READER)),
        email=_email(subscription["customer"]),
        order_ref=written.get(ORDER, ""),
        next_cents=_next_cents(subscription, item, status),
        card_expires=_card_expires(subscription),
    )


def read_present(intent: Thing, papers: Papers, *, now: datetime) -> Snapshot:
    """One payment that never renews (a gift): it holds for one period from the day it was paid."""
    charge = next((charge for charge in papers.charges if charge["status"] == "succeeded"), intent)
    paid_at = moment(charge["created"])
    written = intent["metadata"]
    end = next_period_end(paid_at, written.get(PERIOD, "year"), after=paid_at)
    return Snapshot(
        ref=intent["id"],
        status=Status.ACTIVE if now < end else Status.ENDED,
        started_at=paid_at,
        period_end=end,
        price_ref=written[PRICE],
        cancel_at=end,
        ended_at=None if now < end else end,
        payments=(_paid_sum(intent["id"], charge, papers.disputes),) if charge is not intent else (),
        customer_ref=find_id(intent.get("customer")),
        reader_id=_number(written.get(READER)),
        order_ref=written.get(ORDER, ""),
    )


def read_item(subscription: Thing, known_prices: Collection[str]) -> Thing:
    """The item that is about us: the first with a known price, or else the first."""
    items: Sequence[Thing] = subscription["items"]["data"]
    return next((item for item in items if item["price"]["id"] in known_prices), items[0])


def waits(subscription: Thing) -> bool:
    """Whether its next payment waits for a day of ours; Stripe's trial is none then."""
    return subscription["status"] == "trialing" and bool(subscription["metadata"].get(WAITS_FOR))


def read_held(subscription: Thing, item: Thing) -> tuple[str, int]:
    """The price, by Stripe's number, and the quantity that are paid for, though others may begin with the next payment."""
    written = subscription["metadata"]
    if waits(subscription) and written.get(HELD_PRICE):
        return written[HELD_PRICE], int(written[HELD_QUANTITY])
    return item["price"]["id"], item.get("quantity") or 1


def is_ours(subscription: Thing, known_prices: Collection[str]) -> bool:
    """Whether it is for this publication: bought here, or at a price that is known here."""
    return bool(subscription["metadata"].get(ORDER)) or any(
        item["price"]["id"] in known_prices for item in subscription["items"]["data"]
    )


def read_event(event: Thing) -> ProviderEvent:
    """An event, with the number of what it is about: a subscription, or a payment that may belong to one; "" for others."""
    return ProviderEvent(
        event_id=event["id"],
        kind=event["type"],
        happened_at=moment(event["created"]),
        subscription_ref=_subject(event["type"], event["data"]["object"]),
    )


def moment(seconds: int) -> datetime:
    """A time of Stripe's as ours."""
    return datetime.fromtimestamp(seconds, UTC)


def paid_until(invoices: Iterable[Thing]) -> datetime | None:
    """The end of the period that the newest paid invoice is for; None if none is. `invoices` come newest first.

    The newest, not the latest: a year that was given up for a month ends later than that month, and is credited.
    """
    for invoice in invoices:
        ends = [line["period"]["end"] for line in invoice["lines"]["data"] if not _is_proration(line)]
        if invoice["status"] == "paid" and ends:
            return moment(max(ends))
    return None


def find_subscription(invoice: Thing) -> str:
    """The number of the subscription that an invoice is of; "" if of none."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    return find_id(details.get("subscription"))


def find_id(value: Any) -> str:
    """The number of something that Stripe gives as a number or, if asked to, whole; "" for nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value["id"])


def _subject(kind: str, thing: Thing) -> str:
    family = kind.rpartition(".")[0]
    if family == "customer.subscription":
        return str(thing["id"])
    if family == "checkout.session":
        return find_id(thing.get("subscription")) or find_id(thing.get("payment_intent"))
    if family == "invoice":
        return find_subscription(thing)
    if kind == "charge.refunded" or family in ("charge.dispute", "refund"):
        return find_id(thing.get("payment_intent"))
    return ""


def _status(subscription: Thing) -> Status:
    status = STATUSES[subscription["status"]]
    if waits(subscription):
        return Status.PAUSED if subscription["metadata"][WAITS_FOR] == PAUSE else Status.ACTIVE
    if status in (Status.ACTIVE, Status.TRIAL) and subscription.get("pause_collection"):
        return Status.PAUSED
    return status


def _paused_until(subscription: Thing) -> datetime | None:
    paused = subscription.get("pause_collection") or {}
    seconds = paused.get("resumes_at") or subscription.get("trial_end")
    return moment(seconds) if seconds else None


def _period_end(subscription: Thing, item: Thing, status: Status, invoices: Sequence[Thing]) -> datetime:
    """The end of what is paid. Stripe moves a period on when its invoice is written, be it paid or not."""
    kept = _number(subscription["metadata"].get(PAID_UNTIL))
    if kept is not None and subscription["status"] == "trialing":
        return moment(kept)
    is_unpaid = status in (Status.PAST_DUE, Status.UNPAID)
    if not is_unpaid and invoices and invoices[0]["status"] in ("paid", "open"):
        return moment(item["current_period_end"])
    if not invoices:
        return moment(item["current_period_end"])
    return paid_until(invoices) or moment(subscription["start_date"])


def _cancel_at(subscription: Thing, item: Thing) -> datetime | None:
    if subscription.get("cancel_at"):
        return moment(subscription["cancel_at"])
    return moment(item["current_period_end"]) if subscription.get("cancel_at_period_end") else None


def _next_cents(subscription: Thing, item: Thing, status: Status) -> int | None:
    """What is taken at the end of the period, with the discounts that still run then; None if nothing will be."""
    if status is Status.ENDED or _cancel_at(subscription, item) is not None or item["price"].get("unit_amount") is None:
        return None
    full: int = item["price"]["unit_amount"] * (item.get("quantity") or 1)
    running = (
        discount["source"]["coupon"]
        for discount in subscription.get("discounts") or ()
        if not isinstance(discount, str) and (discount["end"] is None or discount["end"] > item["current_period_end"])
    )
    for coupon in running:
        full -= coupon.get("amount_off") or round(full * (coupon.get("percent_off") or 0) / 100)
    return max(full, 0)


def _card_expires(subscription: Thing) -> date | None:
    """The last day of the card that pays: the subscription's own, or else the customer's."""
    customer = subscription["customer"]
    own = {} if isinstance(customer, str) else customer.get("invoice_settings") or {}
    method = subscription.get("default_payment_method") or own.get("default_payment_method")
    card = None if method is None or isinstance(method, str) else method.get("card")
    if not card:
        return None
    return date(card["exp_year"], card["exp_month"], monthrange(card["exp_year"], card["exp_month"])[1])


def _ended_at(subscription: Thing, status: Status, tries: Sequence[datetime]) -> datetime | None:
    if status is Status.ENDED and subscription.get("ended_at"):
        return moment(subscription["ended_at"])
    return tries[-1] if status is Status.UNPAID and tries else None


def _failed_tries(papers: Papers) -> list[datetime]:
    """When the invoices that are due were tried in vain, oldest first; without charges, when the oldest was written."""
    due = [invoice for invoice in papers.invoices if invoice["status"] in ("open", "uncollectible")]
    numbers = {_payment_number(payment) for invoice in due for payment in _invoice_payments(invoice)}
    failed = [
        moment(charge["created"]) for charge in papers.charges if charge["status"] == "failed" and _charge_number(charge) in numbers
    ]
    return sorted(failed) or [moment(invoice["created"]) for invoice in due[-1:]]


def _payments(papers: Papers) -> Iterable[PaidSum]:
    """What came in, oldest first."""
    charges = {_charge_number(charge): charge for charge in papers.charges if charge["status"] == "succeeded"}
    for invoice in reversed(papers.invoices):
        for payment in _invoice_payments(invoice):
            if payment["status"] != "paid" or not payment["amount_paid"]:
                continue
            number = _payment_number(payment)
            charge = charges.get(number)
            if charge is not None:
                yield _paid_sum(number, charge, papers.disputes)
            else:  # paid in another way, which staff wrote down at Stripe
                paid_at = payment["status_transitions"]["paid_at"] or payment["created"]
                yield PaidSum(number, payment["amount_paid"], payment["currency"].upper(), moment(paid_at))


def _paid_sum(number: str, charge: Thing, disputes: Iterable[Thing]) -> PaidSum:
    return PaidSum(
        ref=number,
        cents=charge["amount_captured"],
        currency=charge["currency"].upper(),
        paid_at=moment(charge["created"]),
        refunded_cents=charge["amount_refunded"],
        is_disputed=any(find_id(held["charge"]) == charge["id"] and held["status"] in HELD_BACK for held in disputes),
    )


def _invoice_payments(invoice: Thing) -> Sequence[Thing]:
    found: Sequence[Thing] = (invoice.get("payments") or {}).get("data", ())
    return found


def _payment_number(payment: Thing) -> str:
    how = payment["payment"]
    return find_id(how.get("payment_intent")) or find_id(how.get("charge")) or str(payment["id"])


def _charge_number(charge: Thing) -> str:
    return find_id(charge.get("payment_intent")) or str(charge["id"])


def _is_proration(line: Thing) -> bool:
    details = (line.get("parent") or {}).get("subscription_item_details") or {}
    return bool(details.get("proration"))


def _email(customer: Any) -> str:
    return "" if isinstance(customer, str) or customer is None else customer.get("email") or ""


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
