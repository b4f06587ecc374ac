"""Seats of organisations: what a purchase leads to, who sits, and what becomes of the seats when the subscription changes.

The owner sees addresses and states, never what anybody reads. A seat is promised and taken under a lock on its
organisation, and the table refuses what the lock might miss.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction

from broadsheet.accounts.models import User
from broadsheet.billing import groups
from broadsheet.billing.change_flows import tell_new_address
from broadsheet.billing.days import show_day
from broadsheet.billing.gift_flows import offer_lines
from broadsheet.billing.groups import Pasted
from broadsheet.billing.ledger import OVER, Line, LineKind, Standing, fold
from broadsheet.billing.models import Order, Organisation, OrganisationDomain, Plan, Seat, Subscription
from broadsheet.billing.provider import Refused
from broadsheet.billing.subscription_flows import note_move, raise_alert
from broadsheet.core.flows import EventKind, count_try, record_event
from broadsheet.core.keys import keyed_hash, new_token
from broadsheet.core.money import price_text
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.wordings import LetterKind
from broadsheet.membership.flows import end_grant
from broadsheet.membership.models import Grant
from broadsheet.publication.store import load_publication

# Letters that one organisation may have written to addresses it typed, in a day: seats are few, typing is free.
INVITATIONS_A_DAY = 1000
INVITATIONS_AGAIN_A_DAY = 3
DAY = timedelta(days=1)
# A long list is written in several transactions, so that nobody waits behind five hundred letters.
AT_ONCE = 25


class SeatOutcome(StrEnum):
    """What became of a wish to sit down."""

    TAKEN = "taken"
    ALREADY = "already"
    FULL = "full"
    OVER = "over"  # the organisation does not pay just now
    NOT_YOURS = "not yours"


class DomainProblem(StrEnum):
    """Why a domain can't fill seats."""

    UNREADABLE = "unreadable"
    PUBLIC = "public"
    NOT_OWN = "not own"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class ListProblem:
    """One entry of a pasted list that got no invitation, and why."""

    number: int
    typed: str
    problem: str


@dataclass(frozen=True, slots=True)
class Invited:
    """How many of a pasted list were invited, and which were not."""

    written: int
    problems: tuple[ListProblem, ...]


def follow_group(subscription: Subscription, line: Line, standing: Standing, now: datetime, **kwargs: Any) -> None:
    """What one new line of an organisation's subscription means for its seats; in the transaction that writes the line."""
    if subscription.price.plan.kind != Plan.Kind.GROUP or line.kind is LineKind.LETTER:
        return
    organisation = Organisation.objects.filter(subscription=subscription).first() or _begin(subscription, now)
    if line.kind is LineKind.STARTED:
        _write_begun(organisation, standing, now)
    has_ended = line.kind is LineKind.STATUS and line.detail in OVER
    _follow_seats(organisation, standing, now, tells=has_ended)


def invite(organisation_id: int, pasted: Iterable[Pasted], *, now: datetime) -> Invited:
    """Set a seat aside for each address and write to it; what can't be invited is said entry by entry.

    Raises:
        Refused: the organisation does not pay just now.
    """
    entries = list(pasted)
    written, problems = 0, []
    for start in range(0, len(entries), AT_ONCE):
        with transaction.atomic():
            organisation = _lock(organisation_id)
            if not _pays(organisation, now):
                raise Refused("The subscription is not running, so nobody can be invited.")
            seats = list(Seat.objects.filter(organisation=organisation).select_related("reader"))
            for entry in entries[start : start + AT_ONCE]:
                problem = _invite_one(organisation, entry, seats, now)
                if problem:
                    problems.append(ListProblem(entry.number, entry.typed, problem))
                else:
                    written += 1
    return Invited(written, tuple(problems))


def invite_again(seat: Seat, *, now: datetime) -> bool:
    """Write once more to somebody who has not come; the old link ends. False if they have, or had three letters today."""
    with transaction.atomic():
        token = new_token()
        if not count_try("seat-letter", str(seat.pk), limit=INVITATIONS_AGAIN_A_DAY, per=DAY, now=now):
            return False
        if not Seat.objects.filter(pk=seat.pk, reader__isnull=True).update(token_hash=_token_hash(token), invited_at=now):
            return False
        _write_invitation(seat.organisation, seat.address, token, now)
    return True


def find_invitation(token: str) -> Seat | None:
    """The seat that a letter's link leads to, while nobody sits on it."""
    found = Seat.objects.select_related("organisation__subscription__price__plan")
    return found.filter(token_hash=_token_hash(token), reader__isnull=True).first()


def accept_invitation(token: str, reader: User, *, now: datetime) -> SeatOutcome:
    """Take the seat that the letter's link stands for, into whichever account its holder is signed in to."""
    with transaction.atomic():
        seat = find_invitation(token)
        if seat is None:
            return SeatOutcome.NOT_YOURS
        organisation = _lock(seat.organisation_id)
        if not _pays(organisation, now):
            return SeatOutcome.OVER
        if Seat.objects.filter(organisation=organisation, reader=reader).exists():
            return SeatOutcome.ALREADY
        if _is_full(organisation):
            return SeatOutcome.FULL
        if not Seat.objects.filter(pk=seat.pk, reader__isnull=True).update(reader=reader, taken_at=now):
            return SeatOutcome.NOT_YOURS
        _sit(Seat.objects.get(pk=seat.pk), organisation, reader, now)
    return SeatOutcome.TAKEN


def join_by_domain(organisation_id: int, reader: User, *, now: datetime) -> SeatOutcome:
    """Take a free seat because the account's confirmed address is of one of the organisation's domains."""
    if reader.confirmed_at is None or not find_organisations_of_domain(reader).filter(pk=organisation_id).exists():
        return SeatOutcome.NOT_YOURS
    return _take_free_seat(organisation_id, reader, now)


def take_own_seat(organisation: Organisation, owner: User, *, now: datetime) -> SeatOutcome:
    """Let the owner sit, too."""
    return _take_free_seat(organisation.pk, owner, now) if organisation.owner_id == owner.pk else SeatOutcome.NOT_YOURS


def free_seat(seat: Seat, *, tells: bool, now: datetime) -> None:
    """Withdraw an invitation, or end somebody's seat; with `tells` the member is written to."""
    with transaction.atomic():
        organisation = _lock(seat.organisation_id)
        fresh = Seat.objects.select_related("reader", "organisation").filter(pk=seat.pk).first()
        if fresh is None:
            return
        fresh.delete()
        if fresh.grant_id is not None and end_grant(fresh.grant_id, now=now) and tells and fresh.reader is not None:
            _write_ended(fresh.organisation, fresh.reader, now)
        # Who sat beyond the seats paid for may sit within them now.
        _follow_seats(organisation, _standing(organisation), now, tells=False)


def add_domain(organisation: Organisation, text: str, *, by: User, is_staff: bool = False, now: datetime) -> DomainProblem | None:
    """Let everybody with an address of a domain sit; an owner may add the domain of their own confirmed address only."""
    domain = groups.read_domain(text)
    if not domain:
        return DomainProblem.UNREADABLE
    if groups.is_public(domain):
        return DomainProblem.PUBLIC
    if not is_staff and (by.confirmed_at is None or groups.domain_of(by.address_key) != domain):
        return DomainProblem.NOT_OWN
    _, is_new = OrganisationDomain.objects.get_or_create(
        organisation=organisation, domain=domain, defaults={"added_by": by, "created_at": now}
    )
    return None if is_new else DomainProblem.KNOWN


def find_organisations_of_domain(reader: User) -> Any:
    """The organisations whose domains an account's address belongs to."""
    domain = groups.domain_of(reader.address_key)
    return Organisation.objects.filter(domains__domain=domain).select_related("subscription__price__plan")


def offer_ownership(organisation: Organisation, seat: Seat, *, now: datetime) -> bool:
    """Ask a member to look after the seats; nothing changes until they agree."""
    reader = seat.reader
    if reader is None or reader.pk == organisation.owner_id or seat.organisation_id != organisation.pk:
        return False
    with transaction.atomic():
        Organisation.objects.filter(pk=organisation.pk).update(offered_to=reader)
        values = {**_words(organisation), "link": _site("/account/group/")}
        queue_letter(LetterKind.GROUP_OFFERED, reader.email, values, now=now)
    return True


def answer_offer(organisation: Organisation, reader: User, *, agrees: bool, now: datetime) -> bool:
    """Take over what was offered, or decline; False if it was not offered to this reader."""
    with transaction.atomic():
        if not Organisation.objects.filter(pk=organisation.pk, offered_to=reader).update(offered_to=None):
            return False
        if agrees:
            hand_over(organisation, reader, now=now)
    return True


def hand_over(organisation: Organisation, reader: User, *, now: datetime) -> None:
    """Give an organisation another owner: seats and subscription are theirs from now on, with a line in the ledger."""
    with transaction.atomic():
        organisation = _lock(organisation.pk)
        old, row = organisation.owner, Subscription.objects.select_for_update().get(pk=organisation.subscription_id)
        if old is not None and old.pk == reader.pk:
            return
        detail = f"account {row.reader_id} to account {reader.pk}"
        row.reader = reader
        note_move(row, detail, now=now)
        organisation.owner, organisation.offered_to = reader, None
        organisation.save(update_fields=["owner", "offered_to"])
        if old is not None:
            values = {"organisation": organisation.name, "link": _site("/help/"), "help_link": _site("/help/")}
            queue_letter(LetterKind.GROUP_HANDED_OVER, old.email, values, now=now)
        # Not before the change is kept: a provider that is slow must not hold the database.
        transaction.on_commit(lambda: tell_new_address(reader.pk, now=now))


def _begin(subscription: Subscription, now: datetime) -> Organisation:
    """Make the organisation that an order named; what was typed moves from the order to it."""
    order = Order.objects.filter(subscription=subscription).exclude(details={}).first()
    name = str(order.details.get("organisation", "")) if order else ""
    if order is not None:
        order.details = {}
        order.save(update_fields=["details"])
    if not name:
        name = f"Organisation of subscription {subscription.pk}"
        text = f"Subscription {subscription.pk} is for an organisation that nobody has named. Name it in the desk."
        raise_alert(f"group:{subscription.pk}:name", text, subscription=subscription, now=now)
    return Organisation.objects.create(name=name, subscription=subscription, owner=subscription.reader, created_at=now)


def _follow_seats(organisation: Organisation, standing: Standing, now: datetime, *, tells: bool) -> None:
    """Let every seat end when the subscription's access does; those beyond the seats paid for end now."""
    ends_at = standing.access_ends_at()
    if ends_at is None:
        return
    seats = Seat.objects.select_related("grant", "reader").filter(organisation=organisation, grant__isnull=False)
    for place, seat in enumerate(seats.order_by("number"), start=1):
        _end_at(seat, ends_at if place <= standing.quantity else now, now)
        if tells and seat.reader is not None:
            _write_ended(organisation, seat.reader, now)


def _end_at(seat: Seat, ends_at: datetime, now: datetime) -> None:
    grant = seat.grant
    if grant is None or grant.ends_at is None:
        return
    wanted = max(ends_at, grant.starts_at + timedelta(microseconds=1))
    if grant.ends_at == wanted or (wanted <= now and grant.ends_at <= now):
        return
    grant.ends_at = wanted
    grant.save(update_fields=["ends_at"])


def _lock(organisation_id: int) -> Organisation:
    """Hold an organisation and its subscription: the number of seats stays what it is meanwhile."""
    found = Organisation.objects.select_for_update(of=("self", "subscription"))
    return found.select_related("subscription__price__plan", "owner").get(pk=organisation_id)


def _standing(organisation: Organisation) -> Standing:
    return fold(line.line() for line in organisation.subscription.lines.all())


def _access_end(organisation: Organisation) -> datetime | None:
    return _standing(organisation).access_ends_at()


def _pays(organisation: Organisation, now: datetime) -> bool:
    ends_at = _access_end(organisation)
    return ends_at is not None and ends_at > now


def _take_free_seat(organisation_id: int, reader: User, now: datetime) -> SeatOutcome:
    with transaction.atomic():
        organisation = _lock(organisation_id)
        if not _pays(organisation, now):
            return SeatOutcome.OVER
        seats = list(Seat.objects.filter(organisation=organisation))
        if any(seat.reader_id == reader.pk for seat in seats):
            return SeatOutcome.ALREADY
        if _is_full(organisation):
            return SeatOutcome.FULL
        seat = next((seat for seat in seats if seat.address_key == reader.address_key and seat.reader_id is None), None)
        if seat is None:
            seat = _set_aside(organisation, seats, reader.email, reader.address_key, token=new_token(), now=None)
        if seat is None:
            return SeatOutcome.FULL
        seat.reader, seat.taken_at = reader, now
        seat.save(update_fields=["reader", "taken_at"])
        _sit(seat, organisation, reader, now)
    return SeatOutcome.TAKEN


def _is_full(organisation: Organisation) -> bool:
    """Whether as many sit as are paid for now: of what was promised before there were fewer seats, some is not kept."""
    return Seat.objects.filter(organisation=organisation, reader__isnull=False).count() >= organisation.subscription.quantity


def _set_aside(
    organisation: Organisation, seats: list[Seat], address: str, address_key: str, *, token: str, now: datetime | None
) -> Seat | None:
    paid = organisation.subscription.quantity
    number = groups.next_seat({seat.number for seat in seats}, paid)
    if number is None:
        return None
    return Seat.objects.create(
        organisation=organisation,
        number=number,
        paid_seats=paid,
        address=address,
        address_key=address_key,
        token_hash=_token_hash(token),
        invited_at=now,
    )


def _invite_one(organisation: Organisation, entry: Pasted, seats: list[Seat], now: datetime) -> str:
    """Invite one address of a list, and add its seat to those in use; empty, or why not."""
    if entry.number > groups.MOST_AT_ONCE:
        return f"A list holds {groups.MOST_AT_ONCE} addresses at most; paste the rest afterwards."
    if entry.address is None:
        return "This is no email address. Is a letter missing, or one too many?"
    if any(entry.address.key in (seat.address_key, seat.reader.address_key if seat.reader else "") for seat in seats):
        return "This address has a seat already, or an invitation to one."
    if groups.next_seat({seat.number for seat in seats}, organisation.subscription.quantity) is None:
        return "No seat is free. Add seats, or free one first."
    if not count_try("seat-invitations", str(organisation.pk), limit=INVITATIONS_A_DAY, per=DAY, now=now):
        return "Too many invitations for one day. Go on tomorrow, or write to us."
    token = new_token()
    seat = _set_aside(organisation, seats, entry.address.typed, entry.address.key, token=token, now=now)
    seats.extend([seat] if seat else [])
    _write_invitation(organisation, entry.address.typed, token, now)
    return ""


def _sit(seat: Seat, organisation: Organisation, reader: User, now: datetime) -> None:
    """Give whoever has just sat down what the seat opens."""
    ends_at = _access_end(organisation)
    seat.grant = Grant.objects.create(
        reader=reader,
        source=Grant.Source.SEAT,
        starts_at=now,
        ends_at=ends_at,
        reason=f"seat of {organisation.name}",
        created_at=now,
    )
    seat.save(update_fields=["grant"])
    plan = organisation.subscription.price.plan
    record_event(EventKind.SEAT_TAKEN, now=now, reader_id=reader.pk, source=plan.slug)
    values = {**_words(organisation), "holds": _holds(plan), "link": _site("/account/")}
    queue_letter(LetterKind.SEAT_TAKEN, reader.email, values, now=now)


def _words(organisation: Organisation) -> dict[str, str]:
    row = organisation.subscription
    return {
        "plan": row.price.plan.name,
        "organisation": organisation.name,
        "seats": str(row.quantity),
        "price": f"{price_text(row.price.cents * row.quantity, row.price.currency)} a {row.price.period}",
        "help_link": _site("/help/"),
    }


def _write_begun(organisation: Organisation, standing: Standing, now: datetime) -> None:
    if organisation.owner is None or standing.period_end is None:
        return
    values = {**_words(organisation), "renews_on": show_day(standing.period_end), "link": _site("/account/group/")}
    queue_letter(LetterKind.GROUP_BEGUN, organisation.owner.email, values, now=now)


def _write_invitation(organisation: Organisation, address: str, token: str, now: datetime) -> None:
    plan = organisation.subscription.price.plan
    values = {**_words(organisation), "holds": _holds(plan), "link": _site(f"/group/join/{token}/")}
    queue_letter(LetterKind.SEAT_INVITED, address, values, now=now)


def _write_ended(organisation: Organisation, reader: User, now: datetime) -> None:
    values = {
        "organisation": organisation.name,
        "allowance": str(load_publication().articles_per_month),
        "link": _site("/subscribe/"),
    }
    queue_letter(LetterKind.SEAT_ENDED, reader.email, values, now=now)


def _holds(plan: Plan) -> str:
    return "\n".join(f"- {line}" for line in offer_lines(plan))


def _token_hash(token: str) -> str:
    return keyed_hash("seat", token, secret_key=settings.BROADSHEET.secret_key)


def _site(path: str) -> str:
    return f"{settings.BROADSHEET.site_url}{path}"
