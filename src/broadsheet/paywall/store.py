"""The paywall's queries."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db.models import Q

from broadsheet.accounts.models import AddressProof, ProofPurpose
from broadsheet.core.months import month_key
from broadsheet.membership.entitlement import Entitlement, HeldGrant, HeldUnlock
from broadsheet.membership.models import Grant, InstitutionNetwork
from broadsheet.paywall.models import InstantAccess, Unlock
from broadsheet.publication.store import load_publication


def load_entitlement(
    *, reader_id: int | None, browser_key: str | None, network_address: str | None, is_staff: bool, now: datetime
) -> Entitlement:
    """Everything that one request's reader holds.

    Args:
        reader_id: the signed-in reader, if any.
        browser_key: hash of the browser's cookie, if it has one.
        network_address: the client's IP address as trusted proxies tell it.
        is_staff: signed in as staff, with a second factor.
    """
    instants = _load_instants(browser_key, now) if browser_key else ()
    unlocks, spent = _load_unlocks(reader_id, now) if reader_id else ((), 0)
    return Entitlement(
        reader_id=reader_id,
        is_staff=is_staff,
        institution=find_institution_grant(network_address, now=now) if network_address else None,
        grants=_load_grants(reader_id, now) if reader_id else (),
        unlocks=unlocks,
        instants=instants,
        spent=spent,
        awaits_confirmation=bool(browser_key) and reader_id is None and _has_used_instant(str(browser_key), now),
    )


def count_spent(reader_id: int, *, now: datetime) -> int:
    """How many slots of the present month the reader has used."""
    return Unlock.objects.filter(reader_id=reader_id, month=month_key(now, settings.BROADSHEET.zone)).count()


def find_institution_grant(network_address: str, *, now: datetime) -> HeldGrant | None:
    """The live institution that this IP address belongs to."""
    rows = InstitutionNetwork.objects.filter(
        Q(institution__ends_at__isnull=True) | Q(institution__ends_at__gt=now), institution__starts_at__lte=now
    ).select_related("institution")
    try:
        address = ip_address(network_address)
    except ValueError:
        return None
    for row in rows:
        if address in ip_network(row.network, strict=False):
            held = row.institution
            return HeldGrant("institution", None, held.starts_at, held.ends_at, held.name, f"institution {held.pk}")
    return None


def find_waiting_proof(browser_key: str, *, now: datetime) -> AddressProof | None:
    """The newest letter that this browser asked for and nobody has answered."""
    return (
        AddressProof.objects.filter(
            browser_key=browser_key, purpose=ProofPurpose.CONFIRM, used_at__isnull=True, link_ends_at__gt=now
        )
        .order_by("-asked_at", "-id")
        .first()
    )


def _load_grants(reader_id: int, now: datetime) -> tuple[HeldGrant, ...]:
    rows = Grant.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now), reader_id=reader_id, starts_at__lte=now)
    return tuple(
        HeldGrant(
            row.source, row.article_id, row.starts_at, row.ends_at, row.reason, f"grant {row.pk} ({row.source}: {row.reason})"
        )
        for row in rows
    )


def _load_unlocks(reader_id: int, now: datetime) -> tuple[tuple[HeldUnlock, ...], int]:
    """The unlocks that still stand, and how many slots of the present month are taken: one query for both."""
    month = month_key(now, settings.BROADSHEET.zone)
    rows = Unlock.objects.filter(Q(ends_at__gt=now) | Q(month=month), reader_id=reader_id).values_list(
        "article_id", "ends_at", "month", "slot"
    )
    unlocks = tuple(HeldUnlock(article, ends, f"unlock {slot} of {name}") for article, ends, name, slot in rows if ends > now)
    return unlocks, sum(name == month for _, _, name, _ in rows)


def _load_instants(browser_key: str, now: datetime) -> tuple[HeldUnlock, ...]:
    rows = InstantAccess.objects.filter(browser_key=browser_key, ends_at__gt=now).values_list("article_id", "ends_at", "pk")
    return tuple(HeldUnlock(article, ends, f"instant {pk} of this browser") for article, ends, pk in rows)


def _has_used_instant(browser_key: str, now: datetime) -> bool:
    month = month_key(now, settings.BROADSHEET.zone)
    used = InstantAccess.objects.filter(browser_key=browser_key, month=month).count()
    if used and used >= load_publication().instant_per_month:
        return True
    return find_waiting_proof(browser_key, now=now) is not None and not used
