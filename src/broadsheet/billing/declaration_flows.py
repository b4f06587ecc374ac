"""Declarations that need no sign-in: withdrawing from a contract, cancelling it; and what staff make of them.

Taking one does the same work whatever is known of the address, and answers the same: only its mailbox learns more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from broadsheet.accounts.addresses import Address
from broadsheet.accounts.models import User
from broadsheet.billing import change_flows
from broadsheet.billing.ledger import OVER
from broadsheet.billing.models import Alert, Declaration, Subscription
from broadsheet.billing.personal_store import CLAIM_YEARS
from broadsheet.billing.provider import Refused
from broadsheet.billing.subscription_flows import raise_alert
from broadsheet.core.text import day_text
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.wordings import LetterKind
from broadsheet.publication.store import load_publication

_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is read for another


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody declares. `ends_on` is the day they name, None for as soon as it can end; `reason` may be empty."""

    kind: Declaration.Kind
    name: str
    address: Address
    contract: str
    network_key: str
    is_extraordinary: bool = False
    reason: str = ""
    ends_on: date | None = None


def declare(statement: Statement, *, now: datetime) -> Declaration:
    """Keep a declaration with its time, send the receipt to the address it names, and tell the publisher at once."""
    with transaction.atomic():
        row = Declaration.objects.create(
            ref="".join(secrets.choice(_SIGNS) for _ in range(8)),
            kind=statement.kind,
            name=statement.name,
            email=statement.address.typed,
            address_key=statement.address.key,
            contract=statement.contract,
            is_extraordinary=statement.is_extraordinary,
            reason=statement.reason,
            ends_on=statement.ends_on,
            network_key=statement.network_key,
            created_at=now,
        )
        is_withdrawal = statement.kind is Declaration.Kind.WITHDRAWAL
        receipt = LetterKind.WITHDRAWAL_RECEIVED if is_withdrawal else LetterKind.CANCELLATION_RECEIVED
        queue_letter(receipt, row.email, _receipt(row), now=now)
        what = f"{row.get_kind_display()} {row.ref} has come in and waits for an answer."
        raise_alert(_alert_key(row), what, now=now)
        publication, site = load_publication(), settings.BROADSHEET.site_url
        publisher = publication.money_alerts_to or publication.help_address or settings.BROADSHEET.support_address
        queue_letter(LetterKind.MONEY_ALERT, publisher, {"what": what, "link": f"{site}/desk/declarations/{row.pk}/"}, now=now)
    return row


def received_words(row: Declaration) -> str:
    """When it came in, to the minute, in the publication's zone, such as `17 February 2026, 10:30 CET`."""
    local = row.created_at.astimezone(settings.BROADSHEET.zone)
    return f"{local.day} {local:%B %Y, %H:%M %Z}"


def find_subscriptions(row: Declaration) -> tuple[Subscription, ...]:
    """The subscriptions of the account with the declared address, those that run first; for staff only."""
    rows = Subscription.objects.filter(reader__address_key=row.address_key).select_related("price__plan", "grant", "reader")
    return tuple(sorted(rows, key=lambda held: held.status in OVER))


def may_settle(row: Declaration, held: Subscription) -> bool:
    """Whether the declaration can be carried out on one subscription: it runs, and a withdrawal came in time."""
    if row.state != Declaration.State.NEW or held.status in OVER:
        return False
    return row.kind == Declaration.Kind.CANCELLATION or change_flows.may_withdraw(held, declared_at=row.created_at)


def settle(row: Declaration, held: Subscription, *, by: User, now: datetime) -> Subscription:
    """Carry a declaration out: withdraw, end now for a good reason, or cancel to the end of what is paid.

    Raises:
        Refused, ProviderAway: nothing is settled; the message says why.
    """
    if held.reader is None or held.reader.address_key != row.address_key or not may_settle(row, held):
        raise Refused("This declaration is settled already, or does not fit that subscription.")
    if row.kind == Declaration.Kind.WITHDRAWAL:
        held, outcome = change_flows.withdraw(held, now=now), "withdrawn, everything given back"
    elif row.is_extraordinary:
        held, outcome = change_flows.end_now(held, now=now), "ended at once"
    elif held.cancel_at is None:
        held, outcome = change_flows.cancel(held, now=now), "cancelled"
    else:
        outcome = "was cancelled already"
    close(row, Declaration.State.SETTLED, f"Subscription {held.pk}: {outcome}.", by=by, now=now)
    return held


def close(row: Declaration, state: Declaration.State, outcome: str, *, by: User, now: datetime) -> None:
    """Note what became of a declaration, and take it off the list of what waits."""
    with transaction.atomic():
        Declaration.objects.filter(pk=row.pk).update(state=state, outcome=outcome[:300], settled_at=now, settled_by=by)
        Alert.objects.filter(key=_alert_key(row), settled_at__isnull=True).update(settled_at=now, settled_by=by)


def forget_old_declarations(*, now: datetime) -> int:
    """Delete declarations from which nobody can claim anything any more; returns how many."""
    year = now.astimezone(settings.BROADSHEET.zone).year - CLAIM_YEARS
    before = datetime(year, 1, 1, tzinfo=settings.BROADSHEET.zone)
    return int(Declaration.objects.filter(created_at__lt=before).exclude(state=Declaration.State.NEW).delete()[0])


def _receipt(row: Declaration) -> dict[str, str]:
    manner = "extraordinary cancellation, for a good reason" if row.is_extraordinary else "ordinary cancellation"
    return {
        "number": row.ref,
        "received_at": received_words(row),
        "person": row.name,
        "email": row.email,
        "contract": row.contract,
        "manner": manner,
        "ends": day_text(row.ends_on) if row.ends_on else "as soon as it can",
        "reason_line": f"Reason: {row.reason}" if row.reason else "",
        "help_link": f"{settings.BROADSHEET.site_url}/help/",
    }


def _alert_key(row: Declaration) -> str:
    return f"declaration:{row.ref}"
