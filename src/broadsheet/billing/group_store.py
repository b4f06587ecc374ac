"""Organisations as their owners, members and the desk see them: seats and addresses, never what anybody reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from broadsheet.billing.gift_flows import offer_lines
from broadsheet.billing.ledger import RUNNING
from broadsheet.billing.models import Organisation, Seat


@dataclass(frozen=True, slots=True)
class ShownSeat:
    """One seat in use: whose address, and since when it is promised or taken."""

    number: int
    address: str
    is_taken: bool
    is_owner: bool
    since: datetime | None


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """One organisation; `seats` are paid for, `used` are promised or taken.

    `offered_to` is the address on the seat of who is asked to take over; their account's may be a private one.
    """

    number: int
    name: str
    plan: str
    period: str
    lines: tuple[str, ...]
    seats: int
    used: tuple[ShownSeat, ...]
    domains: tuple[tuple[int, str], ...]
    status: str
    period_end: datetime
    cancel_at: datetime | None
    paused_until: datetime | None
    owner: str
    owner_id: int | None
    offered_to: str

    @property
    def free(self) -> int:
        """Seats that nobody sits on and nobody is promised."""
        return max(0, self.seats - len(self.used))

    @property
    def goes_on(self) -> bool:
        """Whether the subscription is running at all."""
        return self.status in RUNNING

    @property
    def owner_sits(self) -> bool:
        """Whether the owner has a seat, too."""
        return any(seat.is_owner for seat in self.used)


@dataclass(frozen=True, slots=True)
class HeldSeat:
    """A seat of one's own."""

    number: int
    organisation: str
    taken_at: datetime | None


def has_seats(reader_id: int) -> bool:
    """Whether somebody sits on a seat, looks after some, or is asked to."""
    mine = Q(owner_id=reader_id) | Q(offered_to_id=reader_id) | Q(seats__reader_id=reader_id)
    return Organisation.objects.filter(mine).exists()


def load_owned(reader_id: int) -> tuple[Organisation, ...]:
    """The organisations that somebody looks after."""
    return tuple(_all().filter(owner_id=reader_id))


def load_offered(reader_id: int) -> tuple[Organisation, ...]:
    """The organisations that somebody is asked to look after."""
    return tuple(_all().filter(offered_to_id=reader_id))


def load_seats(reader_id: int) -> tuple[HeldSeat, ...]:
    """The seats that somebody sits on."""
    rows = Seat.objects.filter(reader_id=reader_id).select_related("organisation")
    return tuple(HeldSeat(row.pk, row.organisation.name, row.taken_at) for row in rows)


def find_owned(number: int, reader_id: int) -> Organisation | None:
    """One organisation, if this reader looks after it."""
    return _all().filter(pk=number, owner_id=reader_id).first()


def find_organisation(number: int) -> Organisation | None:
    """One organisation, for the desk."""
    return _all().filter(pk=number).first()


def show(organisation: Organisation) -> ShownGroup:
    """One organisation as a page shows it."""
    row = organisation.subscription
    plan = row.price.plan
    seats = tuple(Seat.objects.filter(organisation=organisation))
    return ShownGroup(
        number=organisation.pk,
        name=organisation.name,
        plan=plan.name,
        period=row.price.period,
        lines=offer_lines(plan),
        seats=row.quantity,
        used=tuple(
            ShownSeat(
                number=seat.pk,
                address=seat.address,
                is_taken=seat.reader_id is not None,
                is_owner=seat.reader_id is not None and seat.reader_id == organisation.owner_id,
                since=seat.taken_at or seat.invited_at,
            )
            for seat in seats
        ),
        domains=tuple(organisation.domains.values_list("pk", "domain")),
        status=row.status,
        period_end=row.period_end,
        cancel_at=row.cancel_at,
        paused_until=row.paused_until,
        owner=organisation.owner.email if organisation.owner else "",
        owner_id=organisation.owner_id,
        offered_to=_asked(organisation, seats),
    )


def _asked(organisation: Organisation, seats: tuple[Seat, ...]) -> str:
    if organisation.offered_to_id is None:
        return ""
    held = (seat.address for seat in seats if seat.reader_id == organisation.offered_to_id)
    return next(held, "somebody who has no seat any more")


def _all() -> QuerySet[Organisation]:
    return Organisation.objects.select_related("subscription__price__plan", "owner", "offered_to")
