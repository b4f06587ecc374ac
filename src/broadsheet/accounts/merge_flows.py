"""Two accounts of one person become one: staff begin it, and both mailboxes must agree.

What moves is what each package says in the register of personal tables.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db import transaction

from broadsheet.accounts.addresses import parse_address
from broadsheet.accounts.flows import ProvenAddress, Wish, erase_user, forget_proofs, request_proof
from broadsheet.accounts.models import AccountMerge, AddressProof, ProofPurpose, User
from broadsheet.accounts.personal_store import person_of
from broadsheet.core.keys import new_token
from broadsheet.core.personal import merge_person
from broadsheet.mail.flows import queue_letter
from broadsheet.mail.wordings import LetterKind

PURPOSES = (ProofPurpose.MERGE_KEPT, ProofPurpose.MERGE_CLOSED)


class MergeRefused(Exception):
    """These two accounts cannot become one, or not now; the message tells staff why."""


class MergeOutcome(StrEnum):
    """What became of a merge after one more mailbox agreed."""

    WAITING = "waiting"
    MERGED = "merged"
    OVER = "over"


def start_merge(keep_id: int, merge_id: int, *, by: User, now: datetime) -> AccountMerge:
    """Write to both mailboxes; nothing moves until both have agreed. A merge of either that waits is given up.

    Args:
        keep_id: the account that stays, with its address.
        merge_id: the account that is taken in and closed.

    Raises:
        MergeRefused: nothing was begun, and no letter written.
    """
    people = {user.pk: user for user in User.objects.filter(pk__in=(keep_id, merge_id))}
    if len(people) != 2:
        raise MergeRefused("Name two different accounts that are there.")
    kept, closed = people[keep_id], people[merge_id]
    for user in (kept, closed):
        if user.is_staff:
            raise MergeRefused(f"Account {user.pk} belongs to the staff. Take its roles away first.")
        if user.confirmed_at is None or not user.is_active:
            raise MergeRefused(f"Account {user.pk} is closed or was never confirmed, so nobody can agree for it.")
    with transaction.atomic():
        _give_up_waiting((keep_id, merge_id))
        row = AccountMerge.objects.create(
            kept=kept, closed=closed, closed_number=closed.pk, started_by=by, pair_key=secrets.token_hex(16), started_at=now
        )
        for user, purpose in zip((kept, closed), PURPOSES, strict=True):
            _ask(user, purpose, row, now)
    return row


def find_waiting_merge(user_id: int) -> AccountMerge | None:
    """The merge of an account that waits for a mailbox to agree."""
    rows = AccountMerge.objects.filter(finished_at__isnull=True, closed__isnull=False)
    return (rows.filter(kept_id=user_id) | rows.filter(closed_id=user_id)).first()


def give_up_merge(row: AccountMerge) -> None:
    """Forget a merge that waits; the letters' buttons do nothing then."""
    with transaction.atomic():
        AddressProof.objects.filter(pair_key=row.pair_key, purpose__in=PURPOSES).delete()
        AccountMerge.objects.filter(pk=row.pk, finished_at__isnull=True).delete()


def finish_merge(proven: ProvenAddress, *, now: datetime) -> MergeOutcome:
    """Bring the accounts together if both mailboxes have agreed; call it inside the transaction that answers the proof."""
    row = AccountMerge.objects.select_for_update(of=("self",)).filter(pair_key=proven.pair_key, finished_at__isnull=True).first()
    proofs = {proof.purpose: proof for proof in AddressProof.objects.filter(pair_key=proven.pair_key, purpose__in=PURPOSES)}
    if row is None or len(proofs) != len(PURPOSES):
        return MergeOutcome.OVER
    if any(proof.used_at is None for proof in proofs.values()):
        return MergeOutcome.WAITING
    numbers = (row.kept_id or 0, row.closed_id or 0)
    people = {user.pk: user for user in User.objects.select_for_update().filter(pk__in=numbers).order_by("pk")}
    kept, closed = (people.get(number) for number in numbers)
    if kept is None or closed is None or not _still_theirs(kept, closed, proofs):
        return MergeOutcome.OVER
    _merge(kept, closed, now)
    AccountMerge.objects.filter(pk=row.pk).update(finished_at=now)
    return MergeOutcome.MERGED


def _merge(kept: User, closed: User, now: datetime) -> None:
    person = person_of(closed)
    merge_person(person, person_of(kept), now=now)
    forget_proofs(AddressProof.objects.filter(user__in=(kept, closed), purpose__in=PURPOSES))
    forget_proofs(AddressProof.objects.filter(address_key=closed.address_key))
    erase_user(closed)
    site = settings.BROADSHEET.site_url
    values = {
        "kept_address": kept.email,
        "closed_address": person.address,
        "account_link": f"{site}/account/",
        "help_link": f"{site}/help/",
    }
    for address in (kept.email, person.address):
        queue_letter(LetterKind.MERGED, address, values, now=now)


def _still_theirs(kept: User, closed: User, proofs: dict[str, AddressProof]) -> bool:
    """Whether what the mailboxes agreed to is still so: an address may have changed, or somebody may have joined the staff."""
    keys = (proofs[ProofPurpose.MERGE_KEPT].address_key, proofs[ProofPurpose.MERGE_CLOSED].address_key)
    return (kept.address_key, closed.address_key) == keys and not (kept.is_staff or closed.is_staff)


def _ask(user: User, purpose: ProofPurpose, row: AccountMerge, now: datetime) -> None:
    address = parse_address(user.email)
    if address is None or row.kept is None or row.closed is None:
        raise MergeRefused(f"Account {user.pk} has no address that letters reach.")
    words = {
        "kept_address": row.kept.email,
        "closed_address": row.closed.email,
        "help_link": f"{settings.BROADSHEET.site_url}/help/",
    }
    # No browser waits for the code, so only the letter's button counts.
    wish = Wish(browser_key=new_token(), purpose=purpose, user_id=row.kept_id, pair_key=row.pair_key, words=words)
    request_proof(address, wish, now=now)
    if not AddressProof.objects.filter(pair_key=row.pair_key, purpose=purpose).exclude(code_hash="").exists():
        raise MergeRefused(
            f"Account {user.pk} had a letter a moment ago, or too many today. Begin again in ten minutes, or tomorrow."
        )


def _give_up_waiting(user_ids: tuple[int, int]) -> None:
    for user_id in user_ids:
        while (row := find_waiting_merge(user_id)) is not None:
            give_up_merge(row)
