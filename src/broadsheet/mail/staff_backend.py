"""Django's mail backend for letters that Wagtail and allauth write to staff: queued in the outbox like all others."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import make_msgid
from html import escape

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from broadsheet.core import clock
from broadsheet.mail.models import OutboxLetter

KIND = "staff-notice"


class OutboxBackend(BaseEmailBackend):
    """Turns each message into one outbox row per recipient; the worker sends them."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue the messages; returns how many. Attachments are not carried: nothing here sends any."""
        at = clock.now()
        letters = [
            OutboxLetter(
                kind=KIND,
                to_address=address,
                subject=" ".join(str(message.subject).split())[:250],
                text=str(message.body),
                html=_html_of(message),
                message_id=make_msgid(domain=settings.BROADSHEET.host),
                created_at=at,
                due_at=at,
            )
            for message in email_messages
            for address in message.recipients()
        ]
        OutboxLetter.objects.bulk_create(letters)
        return len(email_messages)


def _html_of(message: EmailMessage) -> str:
    for alternative in getattr(message, "alternatives", ()):
        content, kind = alternative[0], alternative[1]
        if kind == "text/html":
            return str(content)
    paragraphs = [p for p in str(message.body).split("\n\n") if p.strip()]
    return "".join(f"<p>{escape(p).replace(chr(10), '<br>')}</p>" for p in paragraphs)
