"""New objects as Stripe fills them in, and its errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Stripe400(Exception):
    """An error that Stripe answers with."""

    def __init__(
        self,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        status: int = 400,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, "code": code, "param": param}}


def new_subscription(
    customer: str, price: dict[str, Any], quantity: int, now: int, end: int, metadata: dict[str, str]
) -> dict[str, Any]:
    item = {
        "id": f"si_{customer}_{now}",
        "object": "subscription_item",
        "price": price,
        "quantity": quantity,
        "current_period_start": now,
        "current_period_end": end,
        "metadata": {},
    }
    return {
        "customer": customer,
        "status": "active",
        "currency": price["currency"],
        "start_date": now,
        "billing_cycle_anchor": now,
        "items": {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"},
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "ended_at": None,
        "trial_start": None,
        "trial_end": None,
        "pause_collection": None,
        "discounts": [],
        "default_payment_method": None,
        "latest_invoice": None,
        "metadata": metadata,
    }


def new_invoice(subscription: dict[str, Any], reason: str, total: int, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "customer": subscription["customer"],
        "currency": subscription["currency"],
        "status": "draft",
        "billing_reason": reason,
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": subscription["id"]}},
        "lines": {"object": "list", "data": lines, "has_more": False, "url": "/v1/invoices/lines"},
        "total": total,
        "amount_due": 0,
        "amount_paid": 0,
        "amount_remaining": 0,
        "starting_balance": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "next_payment_attempt": None,
        "payments": {"object": "list", "data": [], "has_more": False, "url": "/v1/invoice_payments"},
        "metadata": {},
    }


def lines_of(subscription: dict[str, Any], lines: list[tuple[int, int, int, bool]], numbers: Iterator[int]) -> list[dict[str, Any]]:
    item = subscription["items"]["data"][0]
    return [
        {
            "id": f"il_{next(numbers):06d}",
            "object": "line_item",
            "amount": cents,
            "currency": subscription["currency"],
            "period": {"start": start, "end": end},
            "quantity": item["quantity"],
            "parent": {
                "type": "subscription_item_details",
                "subscription_item_details": {
                    "subscription": subscription["id"],
                    "subscription_item": item["id"],
                    "proration": is_proration,
                },
            },
        }
        for cents, start, end, is_proration in lines
    ]
