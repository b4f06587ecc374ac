"""What is sold, at Stripe: our prices and the coupons of our discounts, each made there when it is first used."""

from __future__ import annotations

from typing import Any

import stripe

from broadsheet.billing import stripe_reading as reading
from broadsheet.billing.models import Price
from broadsheet.billing.periods import MONTHS
from broadsheet.billing.provider import Order
from broadsheet.billing.stripe_client import once, translated

NAME = "stripe"


class StripeGoods:
    """Prices and coupons of one account; `client` is Stripe's."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def publish_price(self, price_id: int) -> str:
        """The number of one of our prices at Stripe, where it is made at its first use."""
        price = Price.objects.select_related("plan").get(pk=price_id)
        known = price.provider_refs.get(NAME)
        if known:
            return str(known)
        with translated():
            ref = self._find_price(price) or self._create_price(price)
        price.provider_refs[NAME] = ref
        price.save(update_fields=["provider_refs"])
        return ref

    def load_price(self, ref: str) -> dict[str, Any]:
        """A price as Stripe holds it, with its product."""
        with translated(ref):
            held: dict[str, Any] = self._client.prices.retrieve(ref, {"expand": ["product"]}).to_dict()
            return held

    def coupon(self, order: Order) -> str:
        """The coupon of an order's discount, made at its first use; "" if there is none. A sum: rounding is ours alone."""
        off = order.full_cents - order.cents
        if off <= 0:
            return ""
        months = discount_months(order)
        ref = f"broadsheet-{order.currency}-{off}-{months or 'always'}".lower()
        length = {"duration": "repeating", "duration_in_months": months} if months else {"duration": "forever"}
        params = {"id": ref, "amount_off": off, "currency": order.currency.lower(), "name": f"-{order.discount_percent}%", **length}
        try:
            self._client.coupons.retrieve(ref)
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            self._client.coupons.create(params, once("coupon", params))
        return ref

    def _find_price(self, price: Price) -> str | None:
        for found in self._client.prices.list({"lookup_keys": [_lookup_key(price)], "active": True}).data:
            is_same = (found.unit_amount, found.currency.upper()) == (price.cents, price.currency)
            if is_same and found.recurring is not None and found.recurring.interval == price.period:
                return str(found.id)
        return None

    def _create_price(self, price: Price) -> str:
        params: dict[str, Any] = {
            "currency": price.currency.lower(),
            "unit_amount": price.cents,
            "recurring": {"interval": price.period},
            "tax_behavior": "inclusive",  # readers are told what they pay, tax and all
            "lookup_key": _lookup_key(price),
            "transfer_lookup_key": True,
            "metadata": {reading.PRICE: str(price.pk)},
        }
        sibling = next((other for other in price.plan.prices.all() if other.provider_refs.get(NAME)), None)
        if sibling is not None:
            params["product"] = reading.find_id(self.load_price(sibling.provider_refs[NAME])["product"])
        else:
            params["product_data"] = {"name": price.plan.name}
        return str(self._client.prices.create(params, once("price", params)).id)


def load_known_prices() -> frozenset[str]:
    """The numbers that our prices have at Stripe."""
    refs = Price.objects.values_list("provider_refs", flat=True)
    return frozenset(ref[NAME] for ref in refs if ref.get(NAME))


def discount_months(order: Order) -> int:
    """For how many months Stripe takes a discount off, from the first day on; 0: always.

    Free days count too there, so that a month is added for each begun one: in doubt a payment more is lower.
    """
    if order.discount_periods is None:
        return 0
    free = order.trial_days // 28 + 1 if order.trial_days else 0
    return MONTHS[order.period] * (order.discount_periods - 1) + 1 + free


def _lookup_key(price: Price) -> str:
    return f"broadsheet_price_{price.pk}"
