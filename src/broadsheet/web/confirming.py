"""What follows when a mailbox is proven: the account, its consent, the articles this browser had opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from broadsheet.accounts.flows import (
    ChangeOutcome,
    ProvenAddress,
    Refusal,
    Settled,
    answer_code,
    answer_link,
    finish_address_change,
    settle_reader,
)
from broadsheet.accounts.merge_flows import PURPOSES as MERGE_PURPOSES
from broadsheet.accounts.merge_flows import MergeOutcome, finish_merge
from broadsheet.accounts.models import ProofPurpose, User
from broadsheet.billing.change_flows import follow_new_address, tell_new_address
from broadsheet.core.flows import EventKind, record_event
from broadsheet.library.store import find_article_access
from broadsheet.membership.flows import change_rights, forget_consents, give_consent
from broadsheet.paywall.flows import keep_instants, restore_spent_slots
from broadsheet.web.asker import network_key
from broadsheet.web.next_path import own_path


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Who is to be signed in, and where to go then."""

    user: User
    is_new: bool
    next_path: str


def confirm_by_code(
    browser_key: str | None, code: str, *, next_path: str, network_address: str, now: datetime
) -> Confirmed | Refusal:
    """A code was typed in this browser."""
    with transaction.atomic():
        proven = answer_code(browser_key, code, purpose=ProofPurpose.CONFIRM, now=now)
        if isinstance(proven, Refusal):
            return proven
        return _welcome(proven, next_path=next_path, network_address=network_address, now=now)


def confirm_by_link(token: str, *, network_address: str, now: datetime) -> Confirmed | ChangeOutcome | MergeOutcome | Refusal:
    """The button behind a letter's link was pressed: to sign in, or to agree to a change of address or a merge."""
    with transaction.atomic():
        proven = answer_link(token, now=now)
        if isinstance(proven, Refusal):
            return proven
        if proven.purpose is ProofPurpose.CONFIRM:
            return _welcome(proven, next_path="", network_address=network_address, now=now)
        outcome = _agree(proven, now)
    _tell_of_new_address(proven, outcome, now)
    return outcome


def agree_by_code(
    browser_key: str | None, code: str, *, purpose: ProofPurpose, pair_key: str, now: datetime
) -> ChangeOutcome | Refusal:
    """A code of one of the two letters about a change of address was typed."""
    with transaction.atomic():
        proven = answer_code(browser_key, code, purpose=purpose, pair_key=pair_key, now=now)
        if isinstance(proven, Refusal):
            return proven
        outcome = finish_address_change(proven, help_link=help_link(), now=now)
    _tell_of_new_address(proven, outcome, now)
    return outcome


def help_link() -> str:
    """Where letters send readers who are surprised by them."""
    return f"{settings.BROADSHEET.site_url}/help/"


def _agree(proven: ProvenAddress, now: datetime) -> ChangeOutcome | MergeOutcome:
    if proven.purpose in MERGE_PURPOSES:
        return finish_merge(proven, now=now)
    return finish_address_change(proven, help_link=help_link(), now=now)


def _tell_of_new_address(proven: ProvenAddress, outcome: ChangeOutcome | MergeOutcome, now: datetime) -> None:
    """Outside the transaction: a provider that is slow must not hold the database."""
    if outcome is ChangeOutcome.CHANGED and proven.user_id is not None:
        follow_new_address(proven.user_id, now=now)
    elif outcome is MergeOutcome.MERGED and proven.user_id is not None:
        tell_new_address(proven.user_id, now=now)


def _welcome(proven: ProvenAddress, *, next_path: str, network_address: str, now: datetime) -> Confirmed:
    settled = settle_reader(proven, now=now)
    if settled.is_new:
        _start(settled, proven, network_address, now)
    keep_instants(settled.user.pk, proven.browser_key, now=now)
    change_rights(settled.user.pk, now=now)
    wanted = own_path(next_path) or own_path(proven.next_path) or _article_path(proven.article_id, now) or "/account/"
    return Confirmed(settled.user, settled.is_new, wanted)


def _start(settled: Settled, proven: ProvenAddress, network_address: str, now: datetime) -> None:
    """Everything that begins with the first proof, and nothing that is older."""
    reader_id = settled.user.pk
    forget_consents(reader_id)
    if proven.newsletter:
        source = f"article {proven.article_id}" if proven.article_id else "sign-in"
        give_consent(reader_id, text=proven.consent_text, network_key=network_key(network_address), source=source, now=now)
    restore_spent_slots(reader_id, settled.user.address_key, now=now)
    record_event(EventKind.CONFIRMED, now=now, article_id=proven.article_id, reader_id=reader_id)


def _article_path(article_id: int | None, now: datetime) -> str:
    row = find_article_access(article_id, now=now) if article_id else None
    return f"/articles/{row.article_id}/{row.slug}/#continue" if row else ""
