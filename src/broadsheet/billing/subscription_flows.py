"""Following a subscription: what a provider says becomes lines in its ledger, a grant, letters and events.

Return page, webhook, button, nightly comparison: all of them end in `apply_snapshot`.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime

from django.db import transaction
from django.dispatch import Signal

from broadsheet.accounts.models import User
from broadsheet.billing.ledger import OVER, Line, LineKind, Snapshot, Standing, differences, fold
from broadsheet.billing.models import FOR_OTHERS, Alert, LedgerLine, Order, Price, Subscription
from broadsheet.core.flows import EventKind, record_event
from broadsheet.membership.models import Grant

logger = logging.getLogger(__name__)

# Sent inside the transaction, once for each new line: (subscription, line, standing, is_first, is_quiet, now). Letters listen.
line_written = Signal()


class UnknownPrice(Exception):
    """A provider tells of a subscription whose price nobody here has set; staff are told."""


class Overtaken(Exception):
    """While the provider was asked, somebody else wrote down what it said; what we heard may be older."""


def apply_snapshot(
    provider: str,
    snapshot: Snapshot,
    *,
    order: Order | None = None,
    seen_lines: int | None = None,
    is_quiet: bool = False,
    now: datetime,
) -> Subscription:
    """Bring one subscription up to what its provider says; saying it again changes nothing.

    `seen_lines` is how many lines its ledger had before the provider was asked; `is_quiet`: nobody gets a letter, and
    nothing counts as having happened just now.

    Raises:
        UnknownPrice: nothing is known of what is being paid for.
        Overtaken: the ledger has other lines by now; ask again.
    """
    with transaction.atomic():
        row = Subscription.objects.select_for_update().filter(provider=provider, ref=snapshot.ref).first()
        if row is not None and seen_lines is not None and row.lines.count() != seen_lines:
            raise Overtaken
        if order is None and snapshot.order_ref:
            order = Order.objects.filter(ref=snapshot.order_ref, provider=provider).first()
        if row is None:
            row = _begin(provider, snapshot, order, now)
        _fill_in(row, snapshot, order)
        stored = [line.line() for line in row.lines.all()]
        fresh = differences(stored, snapshot, now=now)
        write_lines(row, stored, fresh, is_quiet=is_quiet, now=now)
        row.checked_at = now
        row.save()
    return row


def write_lines(
    row: Subscription, stored: list[Line], fresh: tuple[Line, ...], *, is_quiet: bool = False, now: datetime
) -> Standing:
    """Add lines to a ledger, and make grant, columns and events follow; call it inside a transaction that holds the row."""
    LedgerLine.objects.bulk_create(LedgerLine.of(line, row, written_at=now) for line in fresh)
    standing = fold([*stored, *fresh])
    _copy(standing, row)
    _follow_with_grant(row, standing, now)
    for line in fresh:
        if not is_quiet:
            _record(row, line, bool(stored), now)
        line_written.send(None, subscription=row, line=line, standing=standing, is_first=not stored, is_quiet=is_quiet, now=now)
    return standing


def note_move(row: Subscription, detail: str, *, now: datetime) -> None:
    """Write into a subscription's ledger that it goes on under another account or address; names nobody."""
    stored = [line.line() for line in row.lines.all()]
    write_lines(row, stored, (Line(LineKind.MOVED, f"{LineKind.MOVED}:{len(stored)}", now, detail=detail),), now=now)
    row.save()


def raise_alert(key: str, text: str, *, subscription: Subscription | None = None, now: datetime) -> None:
    """Put something before the staff, once."""
    Alert.objects.get_or_create(key=key, defaults={"text": text, "subscription": subscription, "raised_at": now})


def _begin(provider: str, snapshot: Snapshot, order: Order | None, now: datetime) -> Subscription:
    price = _find_price(provider, snapshot.price_ref)
    row, _ = Subscription.objects.get_or_create(
        provider=provider,
        ref=snapshot.ref,
        defaults={
            "reader_id": _find_reader(snapshot, order),
            "price": price,
            "status": snapshot.status,
            "started_at": snapshot.started_at,
            "period_end": snapshot.period_end,
            "checked_at": now,
        },
    )
    return Subscription.objects.select_for_update().get(pk=row.pk)


def _find_reader(snapshot: Snapshot, order: Order | None) -> int | None:
    """Whose it is: our order knows best, for accounts are merged and erased while somebody pays."""
    if order is not None or snapshot.reader_id is None:
        return order.reader_id if order is not None else None
    return User.objects.filter(pk=snapshot.reader_id).values_list("pk", flat=True).first()


def _fill_in(row: Subscription, snapshot: Snapshot, order: Order | None) -> None:
    row.customer_ref = snapshot.customer_ref or row.customer_ref
    row.quantity = snapshot.quantity
    row.next_cents, row.card_expires = snapshot.next_cents, snapshot.card_expires
    row.price = _find_price(row.provider, snapshot.price_ref)
    if order is not None and order.subscription_id is None:
        order.subscription = row
        order.save(update_fields=["subscription"])


def _find_price(provider: str, ref: str) -> Price:
    if ref.isdigit():
        price = Price.objects.filter(pk=int(ref)).first()
    else:
        price = next((price for price in Price.objects.all() if price.provider_refs.get(provider) == ref), None)
    if price is None:
        raise UnknownPrice(f"{provider} tells of a subscription at the price {ref!r}; set that number on a price of a plan.")
    return price


def _copy(standing: Standing, row: Subscription) -> None:
    row.status = standing.status or row.status
    row.started_at = standing.started_at or row.started_at
    row.period_end = standing.period_end or row.period_end
    row.cancel_at, row.paused_until = standing.cancel_at, standing.paused_until
    row.failed_at, row.ended_at = standing.failed_at, standing.ended_at
    row.kept_cents = standing.kept_cents


def _follow_with_grant(row: Subscription, standing: Standing, now: datetime) -> None:
    """Make the subscription's own grant end when access ends. Other grants of the reader are none of its business."""
    ends_at = standing.access_ends_at()
    if ends_at is None or standing.started_at is None:
        return
    if row.grant is None:
        if row.reader_id is None or ends_at <= now or row.price.plan.kind in FOR_OTHERS:
            return
        row.grant = Grant.objects.create(
            reader_id=row.reader_id,
            source=Grant.Source.SUBSCRIPTION,
            starts_at=standing.started_at,
            ends_at=ends_at,
            reason=f"{row.price.plan.name}, subscription {row.pk}",
            created_at=now,
        )
    elif row.grant.ends_at != ends_at:
        row.grant.ends_at = ends_at
        row.grant.save(update_fields=["ends_at"])


def article_of(path: str) -> int | None:
    """The number of the article at one of our own paths."""
    match = re.match(r"/articles/([1-9][0-9]{0,17})/", path)
    return int(match[1]) if match else None


def _record(row: Subscription, line: Line, has_lines: bool, now: datetime) -> None:
    """Events for the figures: where a subscriber came from when it begins, the plan later on."""
    kind = None
    if line.kind is LineKind.STARTED:
        order = row.orders.first()
        article_id, campaign = (article_of(order.next_path), order.campaign) if order else (None, "")
        record_event(EventKind.SUBSCRIBED, now=now, reader_id=row.reader_id, article_id=article_id, source=campaign)
    elif line.kind is LineKind.PERIOD and has_lines:
        kind = EventKind.RENEWED
    elif line.kind is LineKind.STATUS and line.detail in OVER:
        kind = EventKind.ENDED
    if kind is not None:
        record_event(kind, now=now, reader_id=row.reader_id, source=row.price.plan.slug)
