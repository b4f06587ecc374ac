"""The paywall's queries."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.db import connection

from broadsheet.accounts.models import AddressProof, ProofPurpose
from broadsheet.core.months import month_key
from broadsheet.membership.entitlement import Entitlement, HeldGrant, HeldUnlock
from broadsheet.paywall.models import InstantAccess, Unlock
from broadsheet.publication.store import load_publication

# Plain SQL, because every page of a known reader asks these: Django's query builder costs six times the query itself.
_GRANTS = "SELECT source, article_id, starts_at, ends_at, reason, id FROM membership_grant WHERE reader_id = %s ORDER BY id"
_UNLOCKS = "SELECT article_id, ends_at, month, slot FROM paywall_unlock WHERE reader_id = %s AND (ends_at > %s OR month = %s)"
_INSTANTS = "SELECT article_id, ends_at, id FROM paywall_instantaccess WHERE browser_key = %s ORDER BY id"
_NETWORKS = (
    "SELECT n.network, i.name, i.id, i.starts_at, i.ends_at FROM membership_institutionnetwork n"
    " JOIN membership_institution i ON i.id = n.institution_id ORDER BY n.id"
)


def load_entitlement(
    *, reader_id: int | None, browser_key: str | None, network_address: str | None, is_staff: bool, now: datetime
) -> Entitlement:
    """Everything that one request's reader holds, grants that have yet to begin among it.

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
    try:
        address = ip_address(network_address)
    except ValueError:
        return None
    for network, name, number, starts_at, ends_at in _read(_NETWORKS):
        grant = HeldGrant("institution", None, _moment(starts_at), _end(ends_at), name, f"institution {number}")
        if grant.is_live(now) and address in ip_network(network, strict=False):
            return grant
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
    grants = (
        HeldGrant(source, article, _moment(starts_at), _end(ends_at), reason, f"grant {number} ({source}: {reason})")
        for source, article, starts_at, ends_at, reason, number in _read(_GRANTS, reader_id)
    )
    return tuple(grant for grant in grants if grant.ends_at is None or now < grant.ends_at)


def _load_unlocks(reader_id: int, now: datetime) -> tuple[tuple[HeldUnlock, ...], int]:
    """The unlocks that still stand, and how many slots of the present month are taken: one query for both."""
    month = month_key(now, settings.BROADSHEET.zone)
    rows = _read(_UNLOCKS, reader_id, connection.ops.adapt_datetimefield_value(now), month)
    unlocks = (HeldUnlock(article, _moment(ends_at), f"unlock {slot} of {name}") for article, ends_at, name, slot in rows)
    return tuple(unlock for unlock in unlocks if unlock.ends_at > now), sum(row[2] == month for row in rows)


def _load_instants(browser_key: str, now: datetime) -> tuple[HeldUnlock, ...]:
    rows = _read(_INSTANTS, browser_key)
    instants = (HeldUnlock(article, _moment(ends_at), f"instant {number} of this browser") for article, ends_at, number in rows)
    return tuple(instant for instant in instants if instant.ends_at > now)


def _read(sql: str, *values: str | int | None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _moment(value: datetime) -> datetime:
    """A moment as a plain query gives it: SQLite keeps it in UTC without saying so."""
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def _end(value: datetime | None) -> datetime | None:
    return None if value is None else _moment(value)


def _has_used_instant(browser_key: str, now: datetime) -> bool:
    month = month_key(now, settings.BROADSHEET.zone)
    used = InstantAccess.objects.filter(browser_key=browser_key, month=month).count()
    if used and used >= load_publication().instant_per_month:
        return True
    return find_waiting_proof(browser_key, now=now) is not None and not used
