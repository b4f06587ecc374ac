"""Gifts as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broadsheet.billing.gift_flows import code_of, link_of, offer_lines
from broadsheet.billing.models import Gift


class GiftState(StrEnum):
    """Where a gift stands, for whoever gave it and for the desk."""

    UNPAID = "not paid yet"
    SCHEDULED = "waits for its day"
    DELIVERED = "delivered, not opened yet"
    REDEEMED = "opened"
    STOPPED = "taken back"
    OVER = "not opened in time"


@dataclass(frozen=True, slots=True)
class ShownGift:
    """One gift; `code` and `link` open it, so that only the giver and the recipient's letter may show them."""

    number: int
    plan: str
    period: str
    lines: tuple[str, ...]
    address: str
    giver_name: str
    message: str
    state: GiftState
    deliver_at: datetime
    delivered_at: datetime | None
    redeem_by: datetime
    redeemed_at: datetime | None
    runs_until: datetime | None
    code: str
    link: str

    @property
    def may_change(self) -> bool:
        """Whether the giver may still change address, words and day."""
        return self.state in (GiftState.UNPAID, GiftState.SCHEDULED)

    @property
    def may_print(self) -> bool:
        """Whether a card makes sense: somebody can still open the gift."""
        return self.state in (GiftState.SCHEDULED, GiftState.DELIVERED)


def has_given(reader_id: int) -> bool:
    """Whether somebody has ever paid for a gift."""
    return Gift.objects.filter(subscription__reader_id=reader_id).exists()


def load_given(reader_id: int, *, now: datetime) -> tuple[ShownGift, ...]:
    """The gifts that somebody has paid for, the newest first."""
    rows = Gift.objects.filter(subscription__reader_id=reader_id).select_related("subscription__price__plan")
    return tuple(show(row, now=now) for row in rows)


def find_given(number: int, reader_id: int) -> Gift | None:
    """One gift, if this reader has paid for it."""
    rows = Gift.objects.select_related("subscription__price__plan")
    return rows.filter(pk=number, subscription__reader_id=reader_id).first()


def show(gift: Gift, *, now: datetime) -> ShownGift:
    """One gift as a page shows it."""
    price = gift.subscription.price
    return ShownGift(
        number=gift.pk,
        plan=price.plan.name,
        period=price.period,
        lines=offer_lines(price.plan),
        address=gift.address,
        giver_name=gift.giver_name,
        message=gift.message,
        state=state_of(gift, now=now),
        deliver_at=gift.deliver_at,
        delivered_at=gift.delivered_at,
        redeem_by=gift.redeem_by,
        redeemed_at=gift.redeemed_at,
        runs_until=gift.runs_until,
        code=code_of(gift),
        link=link_of(gift),
    )


def state_of(gift: Gift, *, now: datetime) -> GiftState:
    """Where a gift stands."""
    if gift.stopped_at is not None:
        return GiftState.STOPPED
    if gift.redeemed_at is not None:
        return GiftState.REDEEMED
    if not gift.is_paid:
        return GiftState.UNPAID
    if gift.redeem_by <= now:
        return GiftState.OVER
    return GiftState.DELIVERED if gift.delivered_at is not None else GiftState.SCHEDULED
