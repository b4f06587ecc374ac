"""What readers do at the wall: open an article at once, open one of their own choice; and why they may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Greatest

from broadsheet.core.flows import EventKind, count_try, record_event
from broadsheet.core.keys import keyed_hash, network_of
from broadsheet.core.months import month_key
from broadsheet.library.store import ArticleAccess, find_article_access
from broadsheet.membership.entitlement import Entitlement
from broadsheet.membership.flows import change_rights
from broadsheet.membership.models import Grant
from broadsheet.paywall.exceptions import NoSuchArticle
from broadsheet.paywall.meter import OPEN_FOR, next_slot, unlock_end
from broadsheet.paywall.models import ErasedUnlock, InstantAccess, Unlock
from broadsheet.paywall.resolver import Asked, Decision, decide, may_be_opened
from broadsheet.publication.store import load_allowance, load_publication

# A PostgreSQL transaction that loses a slot to another begins again with the next one; each try takes a slot or ends.
MAX_TRIES = 60


class UnlockOutcome(StrEnum):
    OPENED = "opened"
    ALREADY_OPEN = "already_open"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class UnlockResult:
    """What became of a wish to open an article; `remaining` after it, `renews_on` for the page's words."""

    outcome: UnlockOutcome
    remaining: int
    month: str


class InstantOutcome(StrEnum):
    OPENED = "opened"
    ALREADY_OPEN = "already_open"
    BROWSER_USED = "browser_used"
    NETWORK_FULL = "network_full"


def unlock_article(reader_id: int, article_id: int, *, now: datetime) -> UnlockResult:
    """Open one metered article for one reader, spending a slot of the month unless it is open already.

    One transaction; the unlock table's keys refuse what parallel requests might try.

    Raises:
        NoSuchArticle: the article is not published, is under embargo, or is not metered.
    """
    _load_metered(article_id, now)
    for _ in range(MAX_TRIES):
        try:
            with transaction.atomic():
                return _unlock_once(reader_id, article_id, now)
        except IntegrityError:
            continue  # somebody else took the slot, or opened this article: look again
    raise RuntimeError(f"unlock of article {article_id} for reader {reader_id} lost {MAX_TRIES} races")


def open_instant(article_id: int, *, browser_key: str, network_address: str, now: datetime) -> InstantOutcome:
    """Open one metered article in one browser at once, within what a browser and a network may.

    Raises:
        NoSuchArticle: as for `unlock_article`.
    """
    _load_metered(article_id, now)
    live = InstantAccess.objects.filter(browser_key=browser_key, article_id=article_id, ends_at__gt=now)
    if live.exists():
        return InstantOutcome.ALREADY_OPEN
    publication = load_publication()
    month = month_key(now, settings.BROADSHEET.zone)
    try:
        with transaction.atomic():
            taken = list(InstantAccess.objects.filter(browser_key=browser_key, month=month).values_list("slot", flat=True))
            slot = next_slot(taken, publication.instant_per_month)
            if slot is None:
                return InstantOutcome.BROWSER_USED
            if not _network_has_room(network_address, publication.exempt_networks, publication.instant_per_network_per_day, now):
                return InstantOutcome.NETWORK_FULL
            InstantAccess.objects.create(
                browser_key=browser_key,
                month=month,
                slot=slot,
                allowance=publication.instant_per_month,
                article_id=article_id,
                opened_at=now,
                ends_at=now + OPEN_FOR,
            )
    except IntegrityError:  # the same browser, twice at once
        return InstantOutcome.ALREADY_OPEN if live.exists() else InstantOutcome.BROWSER_USED
    record_event(EventKind.EMAIL_LEFT, now=now, article_id=article_id)
    return InstantOutcome.OPENED


def keep_instants(reader_id: int, browser_key: str, *, now: datetime) -> None:
    """Give a reader who has just confirmed what this browser had opened at once, outside the three."""
    for instant in InstantAccess.objects.filter(browser_key=browser_key, ends_at__gt=now):
        Grant.objects.get_or_create(
            reader_id=reader_id,
            source=Grant.Source.INSTANT,
            article_id=instant.article_id,
            defaults={
                "starts_at": instant.opened_at,
                "ends_at": instant.ends_at,
                "reason": "opened at the wall",
                "created_at": now,
            },
        )


def remember_spent_slots(reader_id: int, address_key: str, *, now: datetime) -> None:
    """Before an account is erased: keep this month's spent slots under a keyed hash of its address."""
    month = month_key(now, settings.BROADSHEET.zone)
    for slot in Unlock.objects.filter(reader_id=reader_id, month=month).values_list("slot", flat=True):
        ErasedUnlock.objects.get_or_create(address_hash=_address_hash(address_key), month=month, slot=slot)


def restore_spent_slots(reader_id: int, address_key: str, *, now: datetime) -> None:
    """Give a new account the slots that an erased one with the same address had spent this month."""
    zone = settings.BROADSHEET.zone
    month = month_key(now, zone)
    allowance = load_allowance()
    for row in ErasedUnlock.objects.filter(address_hash=_address_hash(address_key), month=month):
        Unlock.objects.get_or_create(
            reader_id=reader_id,
            month=month,
            slot=row.slot,
            defaults={"allowance": max(allowance, row.slot), "opened_at": now, "ends_at": unlock_end(now, zone)},
        )


def merge_unlocks(source_id: int, target_id: int) -> None:
    """Give one reader what another has opened, oldest first, as far as each month's slots go: never a fourth."""
    for row in Unlock.objects.filter(reader_id=source_id).order_by("opened_at"):
        month = Unlock.objects.filter(reader_id=target_id, month=row.month)
        slot = next_slot(list(month.values_list("slot", flat=True)), row.allowance)
        if row.article_id is not None and month.filter(article_id=row.article_id).exists():
            month.filter(article_id=row.article_id).update(ends_at=Greatest("ends_at", row.ends_at))
        elif slot is not None:
            Unlock.objects.create(
                reader_id=target_id,
                month=row.month,
                slot=slot,
                article_id=row.article_id,
                allowance=row.allowance,
                opened_at=row.opened_at,
                ends_at=row.ends_at,
            )
    Unlock.objects.filter(reader_id=source_id).delete()


def forget_old_slots(*, now: datetime) -> int:
    """Delete the hashed slots of months that are over; returns how many."""
    deleted, _ = ErasedUnlock.objects.filter(month__lt=month_key(now, settings.BROADSHEET.zone)).delete()
    return deleted


def decide_article(entitlement: Entitlement, article_id: int, *, now: datetime) -> Decision | None:
    """The resolver's answer for one live article; None if there is no such article."""
    row = find_article_access(article_id, now=now)
    return decide_row(entitlement, row, now=now) if row is not None else None


def decide_row(entitlement: Entitlement, row: ArticleAccess, *, now: datetime) -> Decision:
    """The resolver's answer for an article whose access has been read already."""
    asked = Asked(row.article_id, row.access, row.embargo_until)
    return decide(entitlement, asked, allowance=load_allowance(), now=now)


def _unlock_once(reader_id: int, article_id: int, now: datetime) -> UnlockResult:
    zone = settings.BROADSHEET.zone
    month = month_key(now, zone)
    allowance = load_allowance()
    taken = list(Unlock.objects.filter(reader_id=reader_id, month=month).values_list("slot", flat=True))
    if Unlock.objects.filter(reader_id=reader_id, article_id=article_id, ends_at__gt=now).exists():
        return UnlockResult(UnlockOutcome.ALREADY_OPEN, max(0, allowance - len(taken)), month)
    slot = next_slot(taken, allowance)
    if slot is None:
        return UnlockResult(UnlockOutcome.SPENT, 0, month)
    Unlock.objects.create(
        reader_id=reader_id,
        month=month,
        slot=slot,
        article_id=article_id,
        allowance=allowance,
        opened_at=now,
        ends_at=unlock_end(now, zone),
    )
    change_rights(reader_id, now=now)
    record_event(EventKind.UNLOCKED, now=now, article_id=article_id, reader_id=reader_id, source=str(slot))
    return UnlockResult(UnlockOutcome.OPENED, allowance - len(taken) - 1, month)


def _load_metered(article_id: int, now: datetime) -> None:
    row = find_article_access(article_id, now=now)
    if row is None or not may_be_opened(Asked(article_id, row.access, row.embargo_until), now=now):
        raise NoSuchArticle(f"article {article_id} is not one that can be opened")


def _network_has_room(network_address: str, exempt: str, limit: int, now: datetime) -> bool:
    address = ip_address(network_address)
    if any(address in ip_network(text, strict=False) for text in exempt.split()):
        return True
    hashed = keyed_hash("network", network_of(network_address), secret_key=settings.BROADSHEET.secret_key)
    return count_try("instant", hashed, limit=limit, per=timedelta(days=1), now=now)


def _address_hash(address_key: str) -> str:
    return keyed_hash("erased", address_key, secret_key=settings.BROADSHEET.secret_key)
