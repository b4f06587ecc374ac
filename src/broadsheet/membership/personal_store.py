"""What this package keeps of people."""

from __future__ import annotations

from datetime import datetime

from broadsheet.core.personal import REGISTER, Person, PersonalTable, delete_rows
from broadsheet.membership.flows import change_rights
from broadsheet.membership.models import Grant, Institution, InstitutionNetwork, NewsletterConsent


def register_tables() -> None:
    """Called once, when the app is ready."""
    REGISTER.add(
        PersonalTable(
            Grant,
            fields="reader reason",
            find=lambda person: Grant.objects.filter(reader_id=person.reader_id),
            erase=delete_rows,
            name="grants",
            exported="source article_id article__headline reason starts_at ends_at",
            merge=_merge_grants,
        ),
        PersonalTable(
            NewsletterConsent,
            fields="reader network_key text",
            find=lambda person: NewsletterConsent.objects.filter(reader_id=person.reader_id),
            erase=delete_rows,
            name="newsletter_consents",
            exported="newsletter text source given_at ended_at",
            merge=_merge_consents,
        ),
    )
    REGISTER.not_personal(Institution, "Names an organisation.", "name")
    REGISTER.not_personal(InstitutionNetwork, "An organisation's network.", "network")


def _merge_grants(source: Person, target: Person, now: datetime) -> None:
    Grant.objects.filter(reader_id=source.reader_id).update(reader_id=target.reader_id)
    for reader_id in (source.reader_id, target.reader_id):
        change_rights(reader_id, now=now)


def _merge_consents(source: Person, target: Person, now: datetime) -> None:
    """Of two consents to one newsletter the target's goes on; the other stays as a record that has ended."""
    live = NewsletterConsent.objects.filter(ended_at__isnull=True)
    held = live.filter(reader_id=target.reader_id).values("newsletter")
    live.filter(reader_id=source.reader_id, newsletter__in=held).update(ended_at=now)
    NewsletterConsent.objects.filter(reader_id=source.reader_id).update(reader_id=target.reader_id)
