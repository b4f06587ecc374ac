"""Trying the way that letters take, step by step, on the same connection that sends them."""

from __future__ import annotations

import secrets
from contextlib import closing
from datetime import datetime

from django.conf import settings

from broadsheet.mail.advice import advise
from broadsheet.mail.flows import load_sender, open_own_transport
from broadsheet.mail.messages import Content, build_envelope
from broadsheet.mail.smtp import Note, Outcome, Transport, Verdict, parse_mail_url

TEXT = """This is a letter that tries out how {site} sends mail.

That you read it means that the way is open. If it lay among the unwanted letters, ask whoever runs the domain of
{sender} for SPF, DKIM and DMARC records.
"""


def check_mail(address: str = "", *, now: datetime, note: Note) -> bool:
    """Reach the mail server, and send a letter to `address` if there is one; whether all of it went well.

    Args:
        note: is told each step, and what to do if one fails.

    Raises:
        BadMailUrl: BROADSHEET_MAIL_URL cannot be read.
        ValueError: `address` is no email address.
    """
    if address and not all(address.partition("@")):
        raise ValueError(f"{address!r} is no email address; write it as name@host.")
    installation = settings.BROADSHEET
    server = parse_mail_url(installation.mail_url)
    if not server.host:
        note(f"No mail server is set: letters go into files in {installation.data_dir / 'mail'}, and readers get none.")
    with closing(open_own_transport(note)) as transport:
        verdict = transport.reach()
        if verdict.outcome is Outcome.SENT and address:
            verdict = _send(address, transport, now=now)
            note(f"Letter from {installation.mail_from} to {address}: {verdict.outcome}.")
    if verdict.outcome is Outcome.SENT:
        return True
    note(f"Failed: {verdict.problem}")
    advice = advise(verdict.cause, server)
    if advice:
        note(f"What to do: {advice}")
    return False


def _send(address: str, transport: Transport, *, now: datetime) -> Verdict:
    installation = settings.BROADSHEET
    content = Content(
        recipient=address,
        reply_to="",
        subject=f"Letters from {installation.host} arrive",
        text=TEXT.format(site=installation.site_url, sender=installation.mail_from),
        html="",
        message_id=f"<{now:%Y%m%d%H%M%S}.{secrets.token_hex(8)}@{installation.host}>",
        written_at=now,
    )
    return transport.deliver(build_envelope(content, load_sender()), content.message_id, lambda: None)
