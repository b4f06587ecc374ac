"""More or fewer seats for an organisation: what it costs is shown first, and then ordered from the provider."""

from __future__ import annotations

from datetime import datetime

from broadsheet.billing.change_flows import CHANGE_OF_SEATS, find_waiting_order, order_change, preview_change
from broadsheet.billing.changes import Change
from broadsheet.billing.ledger import Status
from broadsheet.billing.models import Organisation, Seat, Subscription
from broadsheet.billing.provider import Refused


def preview_seats(organisation: Organisation, seats: int, *, now: datetime) -> Change:
    """What another number of seats would take, and when: more begins now, fewer with the next period.

    Raises:
        Refused: the number cannot be had; the message says why.
        ProviderAway: the provider does not answer.
    """
    row = organisation.subscription
    _check(organisation, seats)
    return preview_change(row, row.price, seats=seats, now=now)


def change_seats(organisation: Organisation, seats: int, *, agreed_text: str, shown_cents: int, now: datetime) -> Subscription:
    """Have more or fewer seats; what was agreed to is kept as an order.

    Args:
        shown_cents: what the page said is taken now; if it would be more by now, nothing happens and `Refused` says so.

    Raises:
        Refused: nothing has changed; the message says why.
        ProviderAway: nothing is known to have happened.
    """
    row = organisation.subscription
    change = preview_seats(organisation, seats, now=now)
    if change.due_cents > shown_cents:
        raise Refused("The amount has changed since you looked. Look at it again; nothing has been taken.")
    at_renewal = change.is_at_renewal
    return order_change(
        row, row.price, seats=seats, source=CHANGE_OF_SEATS, agreed_text=agreed_text, at_renewal=at_renewal, now=now
    )


def _check(organisation: Organisation, seats: int) -> None:
    row, plan = organisation.subscription, organisation.subscription.price.plan
    if row.status not in (Status.TRIAL, Status.ACTIVE) or row.cancel_at is not None:
        raise Refused("Seats can be changed while the subscription is paid and goes on.")
    if not plan.min_seats <= seats <= plan.max_seats:
        raise Refused(f"This plan has between {plan.min_seats} and {plan.max_seats} seats. For more, write to us.")
    if seats == row.quantity and find_waiting_order(row) is None:
        raise Refused(f"You have {seats} seats already.")
    used = Seat.objects.filter(organisation=organisation).count()
    if seats < used:
        raise Refused(f"{used} seats are in use. Free some first, or choose {used} or more.")
