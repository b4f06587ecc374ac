"""Writing letters into the outbox and sending them from there."""

from __future__ import annotations

import logging
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings

from broadsheet.core.counts import COUNTS
from broadsheet.mail import store
from broadsheet.mail.exceptions import UnknownWording
from broadsheet.mail.letters import Letter, text_of, write_letter
from broadsheet.mail.messages import Attachment, Sender, build_envelope
from broadsheet.mail.models import OutboxLetter
from broadsheet.mail.render import render_html
from broadsheet.mail.smtp import Note, Outcome, Transport, Verdict, keep_silent, open_transport
from broadsheet.mail.store import ClaimedLetter
from broadsheet.mail.wordings import DEFAULTS, LetterKind
from broadsheet.publication.models import Publication
from broadsheet.publication.store import load_publication

logger = logging.getLogger(__name__)

# Longer than one letter can take: six answers of at most 30 s each, and 60 s for the last.
LEASE = timedelta(minutes=10)
# One call ends after this, so that the leases of its letters, counted from its start, cannot run out.
RUN_FOR_S = 60.0
# A code is good for fifteen minutes, so the first tries follow quickly; greylisting servers let the second or third in.
BACKOFF = tuple(timedelta(seconds=s) for s in (30, 60, 120, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600))
KEEP_FOR = timedelta(days=30)
KEEP_ERASED_FOR = timedelta(days=1)


def queue_letter(
    kind: LetterKind,
    to_address: str,
    values: Mapping[str, str],
    *,
    now: datetime,
    reply_to: str = "",
    attachment: Attachment | None = None,
) -> None:
    """Write one letter and put it into the outbox; call it inside the transaction that causes it."""
    publication = load_publication()
    letter = _write(kind, {"name": publication.name, "site": settings.BROADSHEET.site_url, **values}, publication)
    OutboxLetter.objects.create(
        kind=kind,
        to_address=to_address,
        reply_to=reply_to,
        subject=letter.subject,
        text=text_of(letter),
        html=render_html(letter, publication),
        attachment=attachment.pdf if attachment else None,
        attachment_name=attachment.name if attachment else "",
        message_id=_new_message_id(now),
        created_at=now,
        due_at=now,
    )


def send_again(letter: OutboxLetter, to_address: str, *, now: datetime) -> None:
    """Put a letter into the outbox once more, word for word, under a number of its own."""
    OutboxLetter.objects.create(
        kind=letter.kind,
        to_address=to_address,
        reply_to=letter.reply_to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        attachment=letter.attachment,
        attachment_name=letter.attachment_name,
        message_id=_new_message_id(now),
        created_at=now,
        due_at=now,
    )


def send_due_letters(*, now: datetime, transport: Transport | None = None) -> Counter[Outcome]:
    """Send what is due, one letter after the other; returns how many ended in which way.

    Safe to kill at any point and to run in several workers: each letter is claimed with a lease.
    """
    store.release_expired_claims(now=now)
    tally: Counter[Outcome] = Counter()
    stop_at = time.monotonic() + RUN_FOR_S
    letter = store.claim_letter(now=now, lease=LEASE)
    if letter is None:
        return tally
    with closing(transport or open_own_transport()) as link:
        sender = load_sender()
        while letter is not None:
            verdict = _send(letter, sender, link)
            _settle(letter, verdict, now)
            tally[verdict.outcome] += 1
            COUNTS.events.count("letter", verdict.outcome)
            if verdict.server_is_down or time.monotonic() > stop_at:
                break
            letter = store.claim_letter(now=now, lease=LEASE)
    return tally


def forget_old_letters(*, now: datetime) -> int:
    """Delete letters that are done with and old; those about erased accounts sooner. Returns how many."""
    return store.delete_old_letters(sent_before=now - KEEP_FOR, erased_before=now - KEEP_ERASED_FOR)


def forget_letters_to(address: str) -> None:
    """Delete every letter to or from one mailbox: its account is being erased."""
    store.delete_letters_to(address)


def _new_message_id(now: datetime) -> str:
    return f"<{now:%Y%m%d%H%M%S}.{secrets.token_hex(8)}@{settings.BROADSHEET.host}>"


def _write(kind: LetterKind, values: Mapping[str, str], publication: Publication) -> Letter:
    footer = publication.letter_footer or f"{publication.name}, {settings.BROADSHEET.site_url}"
    try:
        return write_letter(kind, store.load_wording(kind), values, footer=footer)
    except UnknownWording as error:  # a reader's letter must not fail because of a slip in the desk
        logger.error("%s", error)
        return write_letter(kind, DEFAULTS[kind], values, footer=footer)


def _send(letter: ClaimedLetter, sender: Sender, transport: Transport) -> Verdict:
    try:
        envelope = build_envelope(letter.content, sender)
    except ValueError as error:
        return Verdict(Outcome.REFUSED, f"The address cannot be written in a header: {error}")
    return transport.deliver(envelope, letter.content.message_id, partial(store.mark_handed_over, letter))


def _settle(letter: ClaimedLetter, verdict: Verdict, now: datetime) -> None:
    state, due_at = OutboxLetter.State.SENT, now
    if verdict.outcome is Outcome.DEFERRED and letter.attempt <= len(BACKOFF):
        state, due_at = OutboxLetter.State.WAITING, now + BACKOFF[letter.attempt - 1]
    elif verdict.outcome in (Outcome.DEFERRED, Outcome.REFUSED):
        state = OutboxLetter.State.REFUSED
    elif verdict.outcome is Outcome.UNCERTAIN:
        state = OutboxLetter.State.UNCERTAIN
    if verdict.outcome is not Outcome.SENT:
        logger.warning("letter %d, attempt %d: %s", letter.letter_id, letter.attempt, verdict.outcome)
    store.settle_letter(letter, state, now=now, due_at=due_at, problem=verdict.problem)


def load_sender() -> Sender:
    """Who writes the publication's letters, and who gets the answers."""
    publication, installation = load_publication(), settings.BROADSHEET
    return Sender(publication.name, installation.mail_from, publication.help_address or installation.support_address)


def open_own_transport(note: Note = keep_silent) -> Transport:
    """The transport that this installation's letters take; `note` is told each step."""
    installation = settings.BROADSHEET
    return open_transport(installation.mail_url, folder=installation.data_dir / "mail", local_name=installation.host, note=note)
