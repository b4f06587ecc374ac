"""Proving that a mailbox is somebody's: the letter with its code and link, the answer, the account that comes of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import IntegrityError, models, transaction

from broadsheet.accounts import store
from broadsheet.accounts.addresses import Address, parse_address
from broadsheet.accounts.models import AddressProof, ProofPurpose, User
from broadsheet.core.flows import count_try, may_try, take_back_try
from broadsheet.core.keys import new_token
from broadsheet.mail.flows import forget_letters_to, queue_letter
from broadsheet.mail.wordings import LetterKind

CODE_LIFE = timedelta(minutes=15)
LINK_LIFE = timedelta(hours=24)
LETTER_GAP = timedelta(minutes=10)
LETTERS_A_DAY = 5
CODE_TRIES = 3
CODE_TRIES_A_DAY = 10
DAY = timedelta(days=1)

LETTER_OF = {
    ProofPurpose.CHANGE_OLD: LetterKind.CHANGE_OLD,
    ProofPurpose.CHANGE_NEW: LetterKind.CHANGE_NEW,
    ProofPurpose.MERGE_KEPT: LetterKind.MERGE_AGREE,
    ProofPurpose.MERGE_CLOSED: LetterKind.MERGE_AGREE,
}
# These hold a code or a link of their own, which are good for a while.
PROOF_LETTERS = frozenset((LetterKind.CONFIRM, LetterKind.SIGN_IN, *LETTER_OF.values()))


@dataclass(frozen=True, slots=True)
class Wish:
    """What a browser asks for, and what is to follow once the mailbox is proven.

    `words` fill the letter's wording (`article_line`, `newsletter_line`, …).
    """

    browser_key: str
    purpose: ProofPurpose = ProofPurpose.CONFIRM
    article_id: int | None = None
    next_path: str = ""
    newsletter: bool = False
    consent_text: str = ""
    user_id: int | None = None
    pair_key: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProvenAddress:
    """A mailbox that has just been proven, and what was asked for with it."""

    purpose: ProofPurpose
    address: Address
    browser_key: str
    user_id: int | None
    pair_key: str
    article_id: int | None
    next_path: str
    newsletter: bool
    consent_text: str


class Refusal(StrEnum):
    """Why a code or a link proves nothing."""

    NOTHING_ASKED = "nothing_asked"
    WRONG_CODE = "wrong_code"
    CODE_OVER = "code_over"
    TOO_MANY = "too_many"
    LINK_USED = "link_used"
    LINK_OVER = "link_over"


@dataclass(frozen=True, slots=True)
class Settled:
    """Whose mailbox it was: the account, made now if there was none, or freed of what came before its proof."""

    user: User
    is_new: bool


def request_proof(address: Address, wish: Wish, *, now: datetime) -> None:
    """Write to a mailbox, unless it had a letter a moment ago; what the asker sees is the same either way.

    A known address gets the letter that signs in, an unknown one the letter that confirms: the same work, and no
    answer from which the asker could tell them apart.
    """
    with transaction.atomic():
        is_known = User.objects.filter(address_key=address.key).exists()
        kind = LETTER_OF.get(wish.purpose) or (LetterKind.SIGN_IN if is_known else LetterKind.CONFIRM)
        if _may_write(address.key, now):
            _write(address, wish, kind, now)
        elif not _ask_again(address, wish, now):
            _create(address, wish, code="", token=new_token(), now=now)


def answer_code(
    browser_key: str | None, code: str, *, purpose: ProofPurpose, now: datetime, pair_key: str = ""
) -> ProvenAddress | Refusal:
    """Judge a code typed in a browser. A try is counted before it is judged, so parallel guesses gain nothing."""
    waiting = AddressProof.objects.filter(
        browser_key=browser_key or "", purpose=purpose, pair_key=pair_key, used_at__isnull=True, link_ends_at__gt=now
    ).first()
    if waiting is None:
        return Refusal.NOTHING_ASKED
    if now >= waiting.code_ends_at:
        return Refusal.CODE_OVER
    subject = store.tally_subject(waiting.address_key)
    with transaction.atomic():
        counted = AddressProof.objects.filter(pk=waiting.pk, wrong_codes__lt=CODE_TRIES).update(
            wrong_codes=models.F("wrong_codes") + 1
        )
        if not counted:
            return Refusal.CODE_OVER
        if not count_try("code", subject, limit=CODE_TRIES_A_DAY, per=DAY, now=now):
            return Refusal.TOO_MANY
        typed = store.code_hash(waiting.browser_key, waiting.address_key, "".join(code.split()))
        if not waiting.code_hash or not secrets.compare_digest(waiting.code_hash, typed):
            return Refusal.WRONG_CODE if waiting.wrong_codes + 1 < CODE_TRIES else Refusal.CODE_OVER
        take_back_try("code", subject, per=DAY, now=now)
        return _use(waiting, now) or Refusal.LINK_USED


def look_at_link(token: str, *, now: datetime) -> AddressProof | Refusal:
    """The proof behind a letter's link; changes nothing, because scanners open links."""
    proof = store.find_by_link(token, now=now)
    if proof is None:
        return Refusal.LINK_OVER
    return Refusal.LINK_USED if proof.used_at else proof


def answer_link(token: str, *, now: datetime) -> ProvenAddress | Refusal:
    """The button behind a letter's link was pressed, in whichever browser."""
    proof = look_at_link(token, now=now)
    if isinstance(proof, Refusal):
        return proof
    return _use(proof, now) or Refusal.LINK_USED


def settle_reader(proven: ProvenAddress, *, now: datetime) -> Settled:
    """The account of a proven mailbox; call it inside the transaction that answers the proof.

    An account that had never been confirmed loses every credential and session from before, because whoever made
    them had not shown that the mailbox is theirs.
    """
    user = User.objects.select_for_update().filter(address_key=proven.address.key).first()
    if user is None:
        try:
            with transaction.atomic():
                user = User.objects.create_user(proven.address.typed, confirmed_at=now, date_joined=now)
            is_new = True
        except IntegrityError:  # confirmed in two browsers at once
            user, is_new = User.objects.get(address_key=proven.address.key), False
    else:
        is_new = user.confirmed_at is None
        if is_new:
            disarm(user)
            user.confirmed_at = now
            user.save()
    keep_address_row(user)
    _end_other_proofs(proven.address.key, now)
    return Settled(user, is_new)


def start_address_change(user: User, new: Address, *, browser_key: str, now: datetime) -> None:
    """Write to both mailboxes; either may be answered first. An earlier change that is not complete is given up."""
    old = parse_address(user.email)
    if old is None:
        raise ValueError(f"user {user.pk} has no address that letters reach")
    pair_key = secrets.token_hex(16)
    with transaction.atomic():
        AddressProof.objects.filter(user=user, purpose__in=(ProofPurpose.CHANGE_OLD, ProofPurpose.CHANGE_NEW)).delete()
        for purpose, mailbox in ((ProofPurpose.CHANGE_OLD, old), (ProofPurpose.CHANGE_NEW, new)):
            words = {"old_address": old.typed, "new_address": new.typed}
            wish = Wish(browser_key=browser_key, purpose=purpose, user_id=user.pk, pair_key=pair_key, words=words)
            request_proof(mailbox, wish, now=now)


class ChangeOutcome(StrEnum):
    """What became of a change of address after one more mailbox agreed."""

    WAITING = "waiting"
    CHANGED = "changed"
    TAKEN = "taken"


def finish_address_change(proven: ProvenAddress, *, help_link: str, now: datetime) -> ChangeOutcome:
    """Change the address if both mailboxes have agreed; call it inside the transaction that answers the proof."""
    if proven.user_id is None:
        return ChangeOutcome.WAITING
    pair = {row.purpose: row for row in AddressProof.objects.filter(user_id=proven.user_id, pair_key=proven.pair_key)}
    old, new = pair.get(ProofPurpose.CHANGE_OLD), pair.get(ProofPurpose.CHANGE_NEW)
    if old is None or new is None or old.used_at is None or new.used_at is None:
        return ChangeOutcome.WAITING
    user = User.objects.select_for_update().get(pk=proven.user_id)
    if user.address_key != old.address_key:
        return ChangeOutcome.WAITING
    if User.objects.filter(address_key=new.address_key).exclude(pk=user.pk).exists():
        return ChangeOutcome.TAKEN
    user.email = new.address
    user.save()
    keep_address_row(user)
    AddressProof.objects.filter(user=user).delete()
    queue_letter(LetterKind.ADDRESS_CHANGED, old.address, {"new_address": new.address, "help_link": help_link}, now=now)
    return ChangeOutcome.CHANGED


def end_sessions(user: User) -> int:
    """Sign somebody out in every browser; returns how many sessions ended."""
    keys = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
    for key in keys:
        SessionStore().delete(key)
    UserSession.objects.filter(user=user).delete()
    if not user.has_usable_password():
        # Sessions hold a hash of the password's field: a new unusable one ends even a session that left no row.
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return len(keys)


def erase_user(user: User) -> None:
    """Delete an account and its sessions; what else is kept of it is in the register of personal tables."""
    end_sessions(user)
    user.delete()


def forget_proofs(proofs: models.QuerySet[AddressProof]) -> None:
    """Delete proofs, and every letter to the mailboxes that they were to prove."""
    for address in set(proofs.values_list("address", flat=True)):
        forget_letters_to(address)
    proofs.delete()


def forget_old_proofs(*, now: datetime) -> int:
    """Delete proofs whose links are over; returns how many."""
    deleted, _ = AddressProof.objects.filter(link_ends_at__lt=now - DAY).delete()
    return deleted


def _may_write(address_key: str, now: datetime) -> bool:
    """One letter in ten minutes, five a day. The rows make the ten minutes exact, the tallies make them safe."""
    subject = store.tally_subject(address_key)
    if AddressProof.objects.filter(address_key=address_key, created_at__gt=now - LETTER_GAP).exclude(code_hash="").exists():
        return False
    if not may_try("letter-day", subject, limit=LETTERS_A_DAY, per=DAY, now=now):
        return False
    if not count_try("letter", subject, limit=1, per=LETTER_GAP, now=now):
        return False
    return count_try("letter-day", subject, limit=LETTERS_A_DAY, per=DAY, now=now)


def _write(address: Address, wish: Wish, kind: LetterKind, now: datetime) -> None:
    code, token = f"{secrets.randbelow(10**6):06d}", new_token()
    _create(address, wish, code=code, token=token, now=now)
    values = {
        "code": code,
        "link": f"{settings.BROADSHEET.site_url}/confirm/{token}/",
        "code_minutes": str(int(CODE_LIFE.total_seconds()) // 60),
        "link_hours": str(int(LINK_LIFE.total_seconds()) // 3600),
        **wish.words,
    }
    queue_letter(kind, address.typed, values, now=now)


def _create(address: Address, wish: Wish, *, code: str, token: str, now: datetime) -> None:
    AddressProof.objects.create(
        purpose=wish.purpose,
        address=address.typed,
        address_key=address.key,
        user_id=wish.user_id,
        browser_key=wish.browser_key,
        code_hash=store.code_hash(wish.browser_key, address.key, code) if code else "",
        link_hash=store.link_hash(token),
        article_id=wish.article_id,
        next_path=wish.next_path,
        newsletter=wish.newsletter,
        consent_text=wish.consent_text,
        pair_key=wish.pair_key,
        created_at=now,
        asked_at=now,
        code_ends_at=now + CODE_LIFE,
        link_ends_at=now + LINK_LIFE,
    )


def _ask_again(address: Address, wish: Wish, now: datetime) -> bool:
    """The same browser asks again before another letter may go out: the one it has leads to where it is now."""
    earlier = AddressProof.objects.filter(
        browser_key=wish.browser_key,
        address_key=address.key,
        purpose=wish.purpose,
        pair_key=wish.pair_key,
        used_at__isnull=True,
        code_ends_at__gt=now,
    ).first()
    if earlier is None:
        return False
    earlier.asked_at = now
    earlier.article_id, earlier.next_path = wish.article_id, wish.next_path
    earlier.newsletter, earlier.consent_text = wish.newsletter, wish.consent_text
    earlier.save()
    return True


def _use(proof: AddressProof, now: datetime) -> ProvenAddress | None:
    """Use a proof up; None if somebody else was faster."""
    if not AddressProof.objects.filter(pk=proof.pk, used_at__isnull=True).update(used_at=now):
        return None
    return ProvenAddress(
        purpose=ProofPurpose(proof.purpose),
        address=Address(proof.address, proof.address_key),
        browser_key=proof.browser_key,
        user_id=proof.user_id,
        pair_key=proof.pair_key,
        article_id=proof.article_id,
        next_path=proof.next_path,
        newsletter=proof.newsletter,
        consent_text=proof.consent_text,
    )


def _end_other_proofs(address_key: str, now: datetime) -> None:
    AddressProof.objects.filter(address_key=address_key, purpose=ProofPurpose.CONFIRM, used_at__isnull=True).update(used_at=now)


def disarm(user: User) -> None:
    """Take away every way to sign in as somebody, and end their sessions."""
    user.set_unusable_password()
    Authenticator.objects.filter(user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    end_sessions(user)


def keep_address_row(user: User) -> None:
    """allauth sends its notices ("a passkey was added") to the address it keeps itself."""
    EmailAddress.objects.filter(models.Q(user=user) | models.Q(email__iexact=user.email)).delete()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
