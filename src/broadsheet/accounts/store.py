"""The accounts' queries: users by address, proofs by browser, code and link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from broadsheet.accounts.models import AddressProof, ProofPurpose, User
from broadsheet.core.keys import keyed_hash


@dataclass(frozen=True, slots=True)
class WaitingProof:
    """A letter that this browser asked for and nobody has answered, as its page shows it."""

    proof_id: int
    address: str
    asked_at: datetime
    code_ends_at: datetime
    has_code: bool
    article_id: int | None
    next_path: str
    newsletter: bool


def find_reader(address_key: str) -> User | None:
    """The user with this address, if there is one."""
    return User.objects.filter(address_key=address_key).first()


def find_waiting(browser_key: str | None, *, now: datetime) -> WaitingProof | None:
    """What this browser last asked for, if it is still unanswered."""
    if browser_key is None:
        return None
    row = AddressProof.objects.filter(
        browser_key=browser_key, purpose=ProofPurpose.CONFIRM, used_at__isnull=True, link_ends_at__gt=now
    ).first()
    return waiting_of(row, now=now) if row else None


def find_change(user_id: int, *, now: datetime) -> tuple[AddressProof, AddressProof] | None:
    """The newest change of address that somebody asked for and that is not yet complete: old mailbox, new mailbox."""
    new = AddressProof.objects.filter(
        user_id=user_id, purpose=ProofPurpose.CHANGE_NEW, link_ends_at__gt=now, user__isnull=False
    ).first()
    old = new and AddressProof.objects.filter(user_id=user_id, purpose=ProofPurpose.CHANGE_OLD, pair_key=new.pair_key).first()
    if new is None or old is None or (old.used_at and new.used_at):
        return None
    return old, new


def find_by_link(token: str, *, now: datetime) -> AddressProof | None:
    """The proof whose letter holds this link, used or not, while the link lives."""
    return AddressProof.objects.filter(link_hash=link_hash(token), link_ends_at__gt=now).first()


def waiting_of(row: AddressProof, *, now: datetime) -> WaitingProof:
    """A proof as its page shows it."""
    has_code = row.used_at is None and now < row.code_ends_at
    return WaitingProof(
        row.pk, row.address, row.asked_at, row.code_ends_at, has_code, row.article_id, row.next_path, row.newsletter
    )


def link_hash(token: str) -> str:
    """What is kept of a letter's link."""
    return keyed_hash("proof-link", token, secret_key=settings.BROADSHEET.secret_key)


def code_hash(browser_key: str, address_key: str, code: str) -> str:
    """What is kept of a letter's code: worth nothing for another browser or another address."""
    return keyed_hash("proof-code", f"{browser_key}:{address_key}:{code}", secret_key=settings.BROADSHEET.secret_key)


def tally_subject(address_key: str) -> str:
    """Under what name tries for one address are counted."""
    return keyed_hash("tries", address_key, secret_key=settings.BROADSHEET.secret_key)
