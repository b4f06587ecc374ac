"""Changes of a reader's rights, by hand or by rule; agreeing to the newsletter and taking it back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Greatest

from broadsheet.accounts.flows import end_sessions
from broadsheet.accounts.models import User
from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.membership.consent import NEWSLETTER
from broadsheet.membership.models import Grant, NewsletterConsent


def change_rights(reader_id: int, *, now: datetime) -> None:
    """Say that what a reader may read has changed; call it inside the transaction that changes it.

    The line's number is the new version of the reader's rights: passes made before count no more. The reader's row is
    locked before the line gets its number, so that of two changes at once the one with the higher number commits last:
    whoever reads a version sees everything that came before it.
    """
    with transaction.atomic():
        # Without the key: rows that point at the reader, inserted by two transactions at once, would be in each other's way.
        list(User.objects.select_for_update(no_key=True).filter(pk=reader_id).values_list("pk"))
        line = record_change(ChangeKind.RIGHTS, str(reader_id), now=now)
        User.objects.filter(pk=reader_id).update(rights_version=Greatest("rights_version", line.pk))


def give_consent(reader_id: int, *, text: str, network_key: str, source: str, now: datetime) -> bool:
    """Record that a reader asked for the newsletter; False if they had already."""
    _, is_new = NewsletterConsent.objects.get_or_create(
        reader_id=reader_id,
        newsletter=NEWSLETTER,
        ended_at=None,
        defaults={"text": text, "given_at": now, "network_key": network_key, "source": source},
    )
    return is_new


def end_consent(reader_id: int, *, now: datetime) -> bool:
    """Record that a reader wants the newsletter no more; False if they had none."""
    live = NewsletterConsent.objects.filter(reader_id=reader_id, newsletter=NEWSLETTER, ended_at__isnull=True)
    return bool(live.update(ended_at=now))


def forget_consents(reader_id: int) -> None:
    """Delete every consent of an account, live or ended: none may be older than the proof of its mailbox."""
    NewsletterConsent.objects.filter(reader_id=reader_id).delete()


def has_consent(reader_id: int) -> bool:
    """Whether the reader gets the newsletter."""
    return NewsletterConsent.objects.filter(reader_id=reader_id, newsletter=NEWSLETTER, ended_at__isnull=True).exists()


def give_grant(reader_id: int, source: Grant.Source, *, reason: str, ends_at: datetime | None, now: datetime) -> Grant:
    """Let a reader read everything from now until `ends_at`; None is for ever."""
    with transaction.atomic():  # the receiver of Grant's signals changes the reader's rights in it
        return Grant.objects.create(
            reader_id=reader_id, source=source, starts_at=now, ends_at=ends_at, reason=reason, created_at=now
        )


def end_grant(grant_id: int, *, now: datetime) -> bool:
    """End one live grant now; False if it was over already. The reader's other grants stay."""
    with transaction.atomic():
        grant = Grant.objects.select_for_update().filter(pk=grant_id).first()
        if grant is None or (grant.ends_at is not None and grant.ends_at <= now):
            return False
        # A grant that begins and ends in the same moment would hold nothing; the table refuses it.
        grant.ends_at = max(now, grant.starts_at + timedelta(microseconds=1))
        grant.save(update_fields=["ends_at"])
    return True


def sign_out_everywhere(user: User, *, now: datetime) -> None:
    """End every session of one reader, and every pass that was made in one."""
    with transaction.atomic():
        end_sessions(user)
        change_rights(user.pk, now=now)
