"""The outbox's queries: claiming a letter, and writing down what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from broadsheet.mail.messages import Attachment, Content
from broadsheet.mail.models import OutboxLetter, Sending
from broadsheet.mail.wordings import DEFAULTS, LetterKind, Wording
from broadsheet.publication.models import LetterWording

State = OutboxLetter.State


@dataclass(frozen=True, slots=True)
class ClaimedLetter:
    """One letter that this worker, and no other, may send until the lease ends."""

    letter_id: int
    attempt: int
    created_at: datetime
    content: Content


def is_mail_held() -> bool:
    """Whether letters stay in the outbox: this database was restored from a backup, or somebody told it to hold them."""
    return not Sending.objects.filter(is_allowed=True).exists()


def load_wording(kind: LetterKind) -> Wording:
    """The publication's words for one kind of letter, or those that come with Broadsheet."""
    row = LetterWording.objects.filter(kind=kind).values_list("subject", "body").first()
    return Wording(*row) if row else DEFAULTS[kind]


def claim_letter(*, now: datetime, lease: timedelta) -> ClaimedLetter | None:
    """Take the letter that has been due longest; None if there is none, or while letters are held."""
    while not is_mail_held():
        row = OutboxLetter.objects.filter(state=State.WAITING, due_at__lte=now).order_by("due_at", "id").first()
        if row is None:
            return None
        claimed = OutboxLetter.objects.filter(pk=row.pk, state=State.WAITING, attempts=row.attempts).update(
            state=State.SENDING, claimed_until=now + lease, attempts=row.attempts + 1
        )
        if claimed:
            return ClaimedLetter(row.pk, row.attempts + 1, row.created_at, _content(row))
    return None


def _content(row: OutboxLetter) -> Content:
    attachment = Attachment(row.attachment_name, bytes(row.attachment)) if row.attachment is not None else None
    return Content(row.to_address, row.reply_to, row.subject, row.text, row.html, row.message_id, row.created_at, attachment)


def mark_handed_over(letter: ClaimedLetter) -> None:
    """Write down, before the text goes over the wire, that it does."""
    OutboxLetter.objects.filter(pk=letter.letter_id, attempts=letter.attempt).update(state=State.HANDED_OVER)


def settle_letter(letter: ClaimedLetter, state: OutboxLetter.State, *, now: datetime, due_at: datetime, problem: str) -> None:
    """Write down what became of an attempt, unless the lease ran out and somebody else has the letter."""
    OutboxLetter.objects.filter(pk=letter.letter_id, attempts=letter.attempt, state__in=(State.SENDING, State.HANDED_OVER)).update(
        state=state,
        due_at=due_at,
        claimed_until=None,
        sent_at=now if state == State.SENT else None,
        problem=" ".join(problem.split())[:300],
    )


def release_expired_claims(*, now: datetime) -> int:
    """Letters of workers that died: back to the queue, or uncertain if their text was on its way. Returns how many."""
    expired = OutboxLetter.objects.filter(claimed_until__lte=now)
    uncertain = expired.filter(state=State.HANDED_OVER).update(
        state=State.UNCERTAIN, claimed_until=None, problem="The worker died before the server answered."
    )
    return uncertain + expired.filter(state=State.SENDING).update(state=State.WAITING, claimed_until=None)


def delete_old_letters(*, sent_before: datetime, erased_before: datetime) -> int:
    """Delete letters that are done with; returns how many."""
    done = (State.SENT, State.REFUSED, State.UNCERTAIN)
    deleted, _ = OutboxLetter.objects.filter(
        Q(created_at__lt=sent_before) | Q(kind=LetterKind.ERASED, created_at__lt=erased_before), state__in=done
    ).delete()
    return deleted


def delete_letters_to(address: str) -> None:
    """Forget every letter to one mailbox."""
    OutboxLetter.objects.filter(Q(to_address__iexact=address) | Q(reply_to__iexact=address)).delete()


@dataclass(frozen=True, slots=True)
class Outbox:
    """How the outbox stands: letters by state, those sent left out; since when the oldest is due; when one last went out.

    `refused_lately` counts those of the last day. `last_problem` is what the server said last, and may hold an address.
    """

    letters: Mapping[str, int]
    due_since: datetime | None
    last_sent_at: datetime | None
    refused_lately: int
    last_problem: str


def load_outbox(*, now: datetime) -> Outbox:
    """How the outbox stands now."""
    others = [state for state in State if state != State.SENT]
    unsent = OutboxLetter.objects.filter(state__in=others)
    counted = dict(unsent.order_by().values_list("state").annotate(Count("id")))
    due = OutboxLetter.objects.filter(state=State.WAITING, due_at__lte=now).order_by("due_at").values_list("due_at", flat=True)
    sent = OutboxLetter.objects.filter(state=State.SENT).order_by("-id").values_list("sent_at", flat=True)
    refused = OutboxLetter.objects.filter(state=State.REFUSED, due_at__gt=now - timedelta(days=1)).count()
    problems = unsent.exclude(problem="").order_by("-due_at").values_list("problem", flat=True)
    numbers = {str(state): counted.get(state, 0) for state in others}
    return Outbox(numbers, due.first(), sent.first(), refused, problems.first() or "")
