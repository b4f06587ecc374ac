"""Agreeing to the newsletter and taking it back."""

from __future__ import annotations

from datetime import datetime

from broadsheet.membership.consent import NEWSLETTER
from broadsheet.membership.models import NewsletterConsent


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
