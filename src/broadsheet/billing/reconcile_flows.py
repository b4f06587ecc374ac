"""Comparing our books with the providers', subscription by subscription, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from broadsheet.billing import providers
from broadsheet.billing.ledger import Snapshot, Status, differences, fold
from broadsheet.billing.models import Subscription
from broadsheet.billing.provider import Provider, ProviderError
from broadsheet.billing.subscription_flows import UnknownPrice, apply_snapshot
from broadsheet.core.money import amount_text

BATCH = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which our books and a provider's are not the same."""

    provider: str
    ref: str
    what: str


def find_differences(*, now: datetime) -> Iterator[Difference]:
    """Every difference between our books and those of all providers that are set up; changes nothing."""
    for provider in providers.load_providers().values():
        yield from _compare(provider, now)
    yield from _find_wrong_grants()


def mend(difference: Difference, *, now: datetime) -> bool:
    """Bring one subscription up to what its provider says; False if that cannot be done here."""
    provider = providers.find(difference.provider)
    try:
        apply_snapshot(difference.provider, provider.fetch(difference.ref, now=now), now=now)
    except (ProviderError, UnknownPrice):
        return False
    return True


def _compare(provider: Provider, now: datetime) -> Iterator[Difference]:
    snapshots = iter(provider.list_subscriptions(now=now))
    seen: set[int] = set()  # hashes, so that a hundred thousand take less than ten megabytes
    while batch := list(islice(snapshots, BATCH)):
        refs = [snapshot.ref for snapshot in batch]
        held = Subscription.objects.filter(provider=provider.name, ref__in=refs).select_related("price").prefetch_related("lines")
        rows = {row.ref: row for row in held}
        seen.update(hash(ref) for ref in refs)
        for snapshot in batch:
            yield from _compare_one(provider.name, snapshot, rows.get(snapshot.ref), now)
    ours = Subscription.objects.filter(provider=provider.name).exclude(status=Status.ENDED).values_list("pk", "ref")
    for pk, ref in ours.iterator(chunk_size=BATCH):
        if hash(ref) not in seen:
            yield Difference(provider.name, ref, f"we hold subscription {pk}, the provider has none of that number")


def _compare_one(provider: str, snapshot: Snapshot, row: Subscription | None, now: datetime) -> Iterator[Difference]:
    if row is None:
        if snapshot.status is Status.ENDED and not snapshot.order_ref:
            return  # it was over before the publication moved here
        yield Difference(provider, snapshot.ref, f"the provider has it ({snapshot.status}), we do not")
        return
    lines = [line.line() for line in row.lines.all()]
    for line in differences(lines, snapshot, now=now):
        amount = f" of {amount_text(line.cents, line.currency)} {line.currency}" if line.cents else ""
        yield Difference(
            provider, snapshot.ref, f"{line.kind.replace('_', ' ')}{amount} is missing here: {line.detail or line.until}"
        )
    paid = sum(payment.cents - payment.refunded_cents for payment in snapshot.payments)
    kept = fold(lines).kept_cents
    if paid != kept:
        currency = row.price.currency
        sums = f"the provider kept {amount_text(paid, currency)}, our books say {amount_text(kept, currency)}"
        yield Difference(provider, snapshot.ref, f"money: {sums}")


def _find_wrong_grants() -> Iterator[Difference]:
    """Subscriptions whose grant does not end when their ledger says: money in must equal what is open."""
    rows = Subscription.objects.select_related("grant").prefetch_related("lines").order_by("pk")
    for row in rows.iterator(chunk_size=BATCH):
        ends_at = fold(line.line() for line in row.lines.all()).access_ends_at()
        if row.grant is not None and ends_at is not None and row.grant.ends_at is not None and row.grant.ends_at != ends_at:
            yield Difference(row.provider, row.ref, f"grant {row.grant.pk} ends {row.grant.ends_at}, the ledger says {ends_at}")
