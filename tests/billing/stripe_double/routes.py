"""The calls of Stripe's API that the double answers, each with the type its parameters must fit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from stripe import params as shapes
from stripe.params import billing_portal, checkout

from tests.billing.stripe_double.books import Books
from tests.billing.stripe_double.things import Stripe400

Params = dict[str, Any]
Answer = dict[str, Any]


def create_price(books: Books, params: Params, base: str) -> Answer:
    if "product" in params:
        product = books.get(params["product"], "product")
    else:
        product = books.keep("prod", "product", name=params["product_data"]["name"], metadata={}, active=True)
    key = params.get("lookup_key")
    for other in books.all("price"):
        if key and other["lookup_key"] == key:
            if params.get("transfer_lookup_key") != "true":
                raise Stripe400(f"A price already uses the lookup key `{key}`.", param="lookup_key")
            other["lookup_key"] = None
    recurring = params.get("recurring")
    return books.keep(
        "price",
        "price",
        active=True,
        currency=params["currency"],
        unit_amount=int(params["unit_amount"]),
        product=product["id"],
        recurring={"interval": recurring["interval"], "interval_count": int(recurring.get("interval_count", 1))}
        if recurring
        else None,
        type="recurring" if recurring else "one_time",
        tax_behavior=params.get("tax_behavior", "unspecified"),
        lookup_key=key,
        metadata=params.get("metadata", {}),
    )


def create_coupon(books: Books, params: Params, base: str) -> Answer:
    if params.get("id") in books.things:
        raise Stripe400("Coupon already exists.", code="resource_already_exists")
    return books.keep(
        "coupon",
        "coupon",
        id=params.get("id"),
        amount_off=int(params["amount_off"]),
        currency=params["currency"],
        duration=params["duration"],
        duration_in_months=int(params["duration_in_months"]) if "duration_in_months" in params else None,
        name=params.get("name"),
        metadata={},
    )


def create_checkout(books: Books, params: Params, base: str) -> Answer:
    for item in params["line_items"]:
        if "price" in item:
            price = books.get(item["price"], "price")
            if (params["mode"] == "subscription") != (price["recurring"] is not None):
                raise Stripe400("You must provide at least one recurring price in `subscription` mode.")
    if "customer" in params:
        books.get(params["customer"], "customer")
    if params["mode"] == "payment" and "subscription_data" in params:
        raise Stripe400("You can not pass `subscription_data` in `payment` mode.", param="subscription_data")
    session = books.keep(
        "cs_test",
        "checkout.session",
        mode=params["mode"],
        status="open",
        payment_status="unpaid",
        client_reference_id=params.get("client_reference_id"),
        customer=params.get("customer"),
        customer_email=params.get("customer_email"),
        subscription=None,
        payment_intent=None,
        success_url=params["success_url"],
        cancel_url=params.get("cancel_url"),
        metadata=params.get("metadata", {}),
        expires_at=books.now + 86_400,
    )
    session["url"] = f"{base}/c/pay/{session['id']}"
    books.things[f"{session['id']}:params"] = {"object": "params", **params}
    return session


def pay_checkout(books: Books, session: Answer, card: str = "works") -> bool:
    """Press Pay on the page. A card that declines leaves the page as it is; one that `delays` fails only later."""
    if session["status"] != "open" or card == "declines":
        return session["status"] == "complete"
    params = books.things[f"{session['id']}:params"]
    customer = session["customer"] or books.customer(session["customer_email"], card)["id"]
    books.cards[customer] = card
    item = params["line_items"][0]
    if session["mode"] == "payment":
        price = item["price_data"]
        metadata = params["payment_intent_data"]["metadata"]
        intent = books.keep(
            "pi",
            "payment_intent",
            amount=int(price["unit_amount"]),
            currency=price["currency"],
            customer=customer,
            status="processing",
            metadata=metadata,
        )
        books.charge(intent, works=True)
        session["payment_intent"] = intent["id"]
    else:
        terms = params.get("subscription_data", {})
        discounts = params.get("discounts", [])
        subscription = books.subscribe(
            customer,
            item["price"],
            quantity=int(item.get("quantity", 1)),
            trial_days=int(terms.get("trial_period_days", 0)),
            coupon=discounts[0]["coupon"] if discounts else "",
            metadata=dict(terms.get("metadata", {})),
        )
        session["subscription"] = subscription["id"]
    session |= {"status": "complete", "payment_status": "paid", "customer": customer, "url": None}
    books.tell("checkout.session.completed", session)
    return True


def create_portal(books: Books, params: Params, base: str) -> Answer:
    books.get(params["customer"], "customer")
    session = books.keep("bps", "billing_portal.session", customer=params["customer"], return_url=params.get("return_url"))
    session["url"] = f"{base}/p/session/{session['id']}"
    return session


def create_refund(books: Books, params: Params, base: str) -> Answer:
    if "payment_intent" in params:
        books.get(params["payment_intent"], "payment_intent")
        charges = [each for each in books.all("charge") if each["payment_intent"] == params["payment_intent"] and each["paid"]]
        charge = charges[0]
    else:
        charge = books.get(params["charge"], "charge")
    return books.refund(charge, int(params["amount"]) if "amount" in params else charge["amount"] - charge["amount_refunded"])


def retrieve(kind: str) -> Callable[..., Answer]:
    return lambda books, params, base, number: _expanded(books, books.get(number, kind), _expansions(params))


def list_all(kind: str, keep: Callable[[Books, Answer, Params], bool]) -> Callable[..., Answer]:
    """A page of things, newest first."""

    def answer(books: Books, params: Params, base: str) -> Answer:
        found = [thing for thing in books.all(kind) if keep(books, thing, params)]
        if "starting_after" in params:
            numbers = [thing["id"] for thing in found]
            found = found[numbers.index(params["starting_after"]) + 1 :]
        limit = int(params.get("limit", 10))
        if not 1 <= limit <= 100:
            raise Stripe400("Invalid integer: limit", param="limit")
        names = [name.removeprefix("data.") for name in _expansions(params)]
        return {
            "object": "list",
            "url": f"/v1/{kind}s",
            "has_more": len(found) > limit,
            "data": [_expanded(books, thing, names) for thing in found[:limit]],
        }

    return answer


def _expansions(params: Params) -> list[str]:
    names: list[str] = params.get("expand", [])
    return names


def _expanded(books: Books, thing: Answer, names: list[str]) -> Answer:
    """The thing as it is answered: numbers unless something is asked for whole; payments of invoices only if asked for."""
    shown: Answer = json.loads(json.dumps(thing))
    if thing["object"] == "invoice" and "payments" not in names:
        del shown["payments"]
    for name in names:
        if name.count(".") > 3:
            raise Stripe400("You cannot expand more than 4 levels of a property.", param="expand")
        _expand(books, shown, name.split("."))
    return shown


def _expand(books: Books, place: Answer, steps: list[str]) -> None:
    first, *rest = steps
    if first not in place:
        raise Stripe400(f"This property cannot be expanded ({first}).", param="expand")
    if isinstance(place[first], str):
        place[first] = json.loads(json.dumps(books.things[place[first]]))
    inner = place[first] if isinstance(place[first], list) else [place[first]]
    for each in inner:
        if rest and each is not None:
            _expand(books, each, rest)


def _same(*names: str) -> Callable[[Books, Answer, Params], bool]:
    return lambda books, thing, params: all(thing.get(name) == params[name] for name in names if name in params)


def _is_price(books: Books, price: Answer, params: Params) -> bool:
    return "lookup_keys" not in params or price["lookup_key"] in params["lookup_keys"]


def _is_invoice(books: Books, invoice: Answer, params: Params) -> bool:
    return "subscription" not in params or invoice["parent"]["subscription_details"]["subscription"] == params["subscription"]


def _is_subscription(books: Books, subscription: Answer, params: Params) -> bool:
    return params.get("status") == "all" or subscription["status"] != "canceled"


def _is_invoice_payment(books: Books, payment: Answer, params: Params) -> bool:
    wanted = params.get("payment", {}).get("payment_intent")
    return wanted is None or payment["payment"]["payment_intent"] == wanted


def _update(books: Books, params: Params, base: str, number: str) -> Answer:
    return books.update(books.get(number, "subscription"), params)


def _update_customer(books: Books, params: Params, base: str, number: str) -> Answer:
    customer = books.get(number, "customer")
    customer["email"] = params.get("email", customer["email"])
    return customer


def _cancel(books: Books, params: Params, base: str, number: str) -> Answer:
    return books.cancel(books.get(number, "subscription"))


NUMBER = r"([A-Za-z0-9_-]+)"
ROUTES: tuple[tuple[str, str, type, Callable[..., Answer]], ...] = (
    ("GET", "/v1/prices", shapes.PriceListParams, list_all("price", _is_price)),
    ("POST", "/v1/prices", shapes.PriceCreateParams, create_price),
    ("GET", f"/v1/prices/{NUMBER}", shapes.PriceRetrieveParams, retrieve("price")),
    ("POST", "/v1/coupons", shapes.CouponCreateParams, create_coupon),
    ("GET", f"/v1/coupons/{NUMBER}", shapes.CouponRetrieveParams, retrieve("coupon")),
    ("POST", "/v1/checkout/sessions", checkout.SessionCreateParams, create_checkout),
    ("GET", f"/v1/checkout/sessions/{NUMBER}", checkout.SessionRetrieveParams, retrieve("checkout.session")),
    ("POST", "/v1/billing_portal/sessions", billing_portal.SessionCreateParams, create_portal),
    ("POST", f"/v1/customers/{NUMBER}", shapes.CustomerUpdateParams, _update_customer),
    ("GET", "/v1/subscriptions", shapes.SubscriptionListParams, list_all("subscription", _is_subscription)),
    ("GET", f"/v1/subscriptions/{NUMBER}", shapes.SubscriptionRetrieveParams, retrieve("subscription")),
    ("POST", f"/v1/subscriptions/{NUMBER}", shapes.SubscriptionUpdateParams, _update),
    ("DELETE", f"/v1/subscriptions/{NUMBER}", shapes.SubscriptionCancelParams, _cancel),
    ("GET", "/v1/invoices", shapes.InvoiceListParams, list_all("invoice", _is_invoice)),
    ("GET", f"/v1/invoices/{NUMBER}", shapes.InvoiceRetrieveParams, retrieve("invoice")),
    ("GET", "/v1/invoice_payments", shapes.InvoicePaymentListParams, list_all("invoice_payment", _is_invoice_payment)),
    ("GET", f"/v1/payment_intents/{NUMBER}", shapes.PaymentIntentRetrieveParams, retrieve("payment_intent")),
    ("GET", "/v1/charges", shapes.ChargeListParams, list_all("charge", _same("customer", "payment_intent"))),
    ("GET", f"/v1/charges/{NUMBER}", shapes.ChargeRetrieveParams, retrieve("charge")),
    ("GET", "/v1/disputes", shapes.DisputeListParams, list_all("dispute", _same("charge", "payment_intent"))),
    ("POST", "/v1/refunds", shapes.RefundCreateParams, create_refund),
)


def find_route(method: str, path: str) -> tuple[type, Callable[..., Answer], tuple[str, ...]]:
    for verb, pattern, shape, answer in ROUTES:
        match = re.fullmatch(pattern, path)
        if verb == method and match:
            return shape, answer, match.groups()
    raise Stripe400(f"Unrecognized request URL ({method}: {path}).", status=404)
