"""Changes of a reader's rights; agreeing to the newsletter and taking it back."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from broadsheet.accounts.models import User
from broadsheet.core.flows import ChangeKind, record_change
from broadsheet.membership.consent import NEWSLETTER
from broadsheet.membership.models import NewsletterConsent

LAST_VERSION = 2**31 - 1


def change_rights(reader_id: int, *, now: datetime) -> None:
    """Say that what a reader may read has changed; call it inside the transaction that changes it."""
    User.objects.filter(pk=reader_id).update(rights_version=F("rights_version") + 1)
    version = User.objects.filter(pk=reader_id).values_list("rights_version", flat=True).first()
    record_change(ChangeKind.RIGHTS, f"{reader_id}:{version if version is not None else LAST_VERSION}", now=now)


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
