"""What staff do for a reader. Each leaves a line in the audit log, also when the provider refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import get_random_string

from broadsheet.accounts.addresses import Address, parse_address
from broadsheet.accounts.flows import PROOF_LETTERS, Wish, request_proof, start_address_change
from broadsheet.accounts.merge_flows import MergeRefused, start_merge
from broadsheet.accounts.models import AddressProof, User
from broadsheet.billing import change_flows
from broadsheet.billing.models import Subscription
from broadsheet.billing.order_flows import finish_order, follow_subscription
from broadsheet.billing.provider import ProviderError
from broadsheet.billing.refund_flows import refund
from broadsheet.billing.subscription_flows import UnknownPrice
from broadsheet.desk.models import AuditAction, AuditLine
from broadsheet.desk.support_store import load_unfinished
from broadsheet.mail.flows import send_again
from broadsheet.mail.models import OutboxLetter
from broadsheet.membership.flows import end_grant, give_grant, sign_out_everywhere
from broadsheet.membership.models import Grant
from broadsheet.membership.store import whole_grants
from broadsheet.pages.site import in_words
from broadsheet.publication.store import load_publication

# Support extends by this at most, and once in this time; beyond it is the publisher's to give.
SUPPORT_EXTENDS_BY = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class StaffOrder:
    """Who of the staff does something for whom, and why."""

    staff: User
    reader: User
    reason: str


# Stands in a letter that support sends, in the place of the article that somebody was reading.
SENT_BY_SUPPORT = (
    "Our readers’ desk sends you this letter because you asked for help. Press its button; the code counts in no browser."
)
NO_ACCOUNT = 0  # in the place of a reader's number


class NotDone(Exception):
    """Nothing has happened; the message says why, in words for the staff."""


def note(order: StaffOrder, action: AuditAction, detail: str = "", *, now: datetime) -> None:
    """Add a line about an order to the audit log, as `write_line` does."""
    write_line(order.staff, order.reader.pk, action, order.reason, detail, now=now)


def write_line(staff: User, reader_id: int | None, action: AuditAction, reason: str, detail: str = "", *, now: datetime) -> None:
    """Add a line to the audit log; call it inside the transaction that does it, or before what no transaction holds."""
    AuditLine.objects.create(
        staff=staff, reader_id=reader_id or NO_ACCOUNT, action=action, reason=reason[:300], detail=detail[:300], at=now
    )


def give(order: StaffOrder, source: Grant.Source, *, ends_at: datetime | None, now: datetime) -> None:
    """Let a reader read everything until `ends_at`; None is for ever."""
    with transaction.atomic():
        grant = give_grant(order.reader.pk, source, reason=order.reason, ends_at=ends_at, now=now)
        note(order, AuditAction.GIVE, f"grant {grant.pk} ({source})", now=now)


def extend(order: StaffOrder, days: int, *, is_publisher: bool, now: datetime) -> datetime:
    """Let a reader read everything for some days more than now; returns until when.

    The days come on top of what is held, as a grant of their own: the subscription and its money stay as they are.

    Raises:
        NotDone: it has no end anyway, or is more than support may give.
    """
    if not is_publisher and timedelta(days=days) > SUPPORT_EXTENDS_BY:
        raise NotDone(f"Support extends by {SUPPORT_EXTENDS_BY.days} days at most; ask the publisher for more.")
    with transaction.atomic():
        list(User.objects.select_for_update(no_key=True).filter(pk=order.reader.pk).values_list("pk"))  # two at once extend once
        lately = AuditLine.objects.filter(
            reader_id=order.reader.pk, action=AuditAction.EXTEND, at__gt=now - SUPPORT_EXTENDS_BY
        ).first()
        if lately is not None and not is_publisher:
            raise NotDone("This reader’s access was extended less than a month ago; ask the publisher to do it again.")
        ends = list(whole_grants(order.reader.pk, now=now).values_list("ends_at", flat=True))
        if None in ends:
            raise NotDone("This reader reads everything without an end already.")
        until = max([end for end in ends if end is not None], default=now) + timedelta(days=days)
        grant = give_grant(order.reader.pk, Grant.Source.COMPLIMENTARY, reason=order.reason, ends_at=until, now=now)
        note(order, AuditAction.EXTEND, f"{days} days, grant {grant.pk}", now=now)
    return until


def end(order: StaffOrder, grant: Grant, *, now: datetime) -> bool:
    """End one grant now; False if it was over already."""
    with transaction.atomic():
        is_ended = end_grant(grant.pk, now=now)
        if is_ended:
            note(order, AuditAction.END_GRANT, f"grant {grant.pk} ({grant.source})", now=now)
    return is_ended


def send_letter_again(order: StaffOrder, letter: OutboxLetter, *, now: datetime) -> None:
    """Send a letter once more, to the address that the account has now.

    Raises:
        NotDone: its code or link would be old.
    """
    if letter.kind in PROOF_LETTERS:
        raise NotDone("A letter with a code is not sent again; send a new sign-in letter.")
    with transaction.atomic():
        note(order, AuditAction.RESEND, f"letter {letter.kind}", now=now)
        send_again(letter, order.reader.email, now=now)


def send_sign_in_letter(order: StaffOrder, *, now: datetime) -> None:
    """Write a letter whose link signs in; its code counts in no browser, because none has asked for it."""
    address = _address_of(order.reader.email)
    with transaction.atomic():
        note(order, AuditAction.SIGN_IN_LETTER, now=now)
        request_proof(address, Wish(browser_key=get_random_string(32), words={"article_line": SENT_BY_SUPPORT}), now=now)


def send_confirmation(staff: User, reason: str, asked: AddressProof, *, now: datetime) -> None:
    """Write again to an address that was left and never confirmed; what was asked for with it still follows."""
    words = {
        "article_line": SENT_BY_SUPPORT,
        "newsletter_line": "You also asked for our free newsletter; it begins then." if asked.newsletter else "",
        "allowance": in_words(load_publication().articles_per_month),
    }
    wish = Wish(
        browser_key=get_random_string(32),
        article_id=asked.article_id,
        next_path=asked.next_path,
        newsletter=asked.newsletter,
        consent_text=asked.consent_text,
        words=words,
    )
    with transaction.atomic():
        write_line(staff, None, AuditAction.CONFIRMATION, reason, now=now)
        request_proof(Address(asked.address, asked.address_key), wish, now=now)


def sign_out(order: StaffOrder, *, now: datetime) -> None:
    """Sign a reader out in every browser."""
    with transaction.atomic():
        note(order, AuditAction.SIGN_OUT, now=now)
        sign_out_everywhere(order.reader, now=now)


def change_address(order: StaffOrder, typed: str, *, now: datetime) -> None:
    """Write to both mailboxes; the address changes once both have agreed.

    Raises:
        NotDone: that is no address, or the one the account has.
    """
    address = _address_of(typed)
    if address.key == order.reader.address_key:
        raise NotDone("That is the address this account has.")
    with transaction.atomic():
        note(order, AuditAction.CHANGE_ADDRESS, now=now)
        start_address_change(order.reader, address, browser_key=get_random_string(32), now=now)


def merge_into(order: StaffOrder, other: User, *, now: datetime) -> None:
    """Ask both mailboxes whether the other account's things may move into this reader's, and it be closed.

    Raises:
        NotDone: these two can't become one, or not now.
    """
    try:
        with transaction.atomic():
            note(order, AuditAction.MERGE, f"takes in account {other.pk}", now=now)
            start_merge(order.reader.pk, other.pk, by=order.staff, now=now)
    except MergeRefused as error:
        raise NotDone(str(error)) from error


def change_subscription(
    order: StaffOrder, row: Subscription, action: AuditAction, do: Callable[[Subscription], object], *, now: datetime
) -> None:
    """Order something from a provider.

    Raises:
        NotDone: the provider refused, or did not answer.
    """
    note(order, action, f"subscription {row.pk}", now=now)
    try:
        do(row)
    except ProviderError as error:
        note(order, action, f"subscription {row.pk}, not done: {error}", now=now)
        raise NotDone(str(error)) from error


def give_back(
    order: StaffOrder, row: Subscription, payment_ref: str, cents: int, *, left_cents: int, ends_now: bool, now: datetime
) -> None:
    """Give money back. Raises `NotDone` as above; `left_cents` is what was left when the page was made."""

    def do(subscription: Subscription) -> object:
        return refund(subscription.pk, payment_ref, cents, ends_now=ends_now, by=order.staff, now=now, left_cents=left_cents)

    change_subscription(order, row, AuditAction.REFUND, do, now=now)


def pause(order: StaffOrder, row: Subscription, months: int, *, now: datetime) -> None:
    """Pause for some months after the period that is paid."""
    change_subscription(order, row, AuditAction.PAUSE, lambda each: change_flows.pause(each, months, now=now), now=now)


def ask_provider(order: StaffOrder, *, now: datetime) -> list[str]:
    """Ask about every subscription and every order that led to nothing; returns what was found, in words."""
    note(order, AuditAction.ASK_PROVIDER, now=now)
    found = []
    for row in Subscription.objects.filter(reader=order.reader):
        lines = row.lines.count()
        try:
            follow_subscription(row.provider, row.ref, now=now)
        except (ProviderError, UnknownPrice) as error:
            found.append(f"Subscription {row.pk}: {error}")
        else:
            is_new = row.lines.count() > lines
            found.append(f"Subscription {row.pk}: {'the provider had news, which count now' if is_new else 'nothing new'}.")
    for unfinished in load_unfinished(order.reader.pk, now=now):
        try:
            made = finish_order(unfinished, now=now)
        except (ProviderError, UnknownPrice) as error:
            found.append(f"Order of {unfinished.price.plan.name}: {error}")
        else:
            led = f"paid; it is subscription {made.pk} now" if made else "the provider knows of no payment"
            found.append(f"Order of {unfinished.price.plan.name}: {led}.")
    return found or ["There is nothing to ask about: no subscription, and no order that led to nothing."]


SIMPLE_CHANGES: dict[str, tuple[AuditAction, Callable[[Subscription, datetime], object]]] = {
    "cancel": (AuditAction.CANCEL, lambda row, now: change_flows.cancel(row, now=now)),
    "end": (AuditAction.END, lambda row, now: change_flows.end_now(row, now=now)),
    "undo-cancel": (AuditAction.UNDO_CANCEL, lambda row, now: change_flows.undo_cancel(row, now=now)),
    "resume": (AuditAction.RESUME, lambda row, now: change_flows.resume(row, now=now)),
}


def change_simply(order: StaffOrder, row: Subscription, change: str, *, now: datetime) -> None:
    """Cancel, end, take a cancellation back, or end a pause."""
    action, do = SIMPLE_CHANGES[change]
    change_subscription(order, row, action, lambda each: do(each, now), now=now)


def _address_of(typed: str) -> Address:
    address = parse_address(typed)
    if address is None:
        raise NotDone("That is not an address. Is a letter missing?")
    return address
