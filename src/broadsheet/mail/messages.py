"""A letter as a message: headers and two parts, the same bytes at each attempt. Pure.

Sources: RFC 5322 (headers), RFC 3834 (Auto-Submitted), RFC 6531 (addresses beyond ASCII), IDNA 2008 for domains.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import idna


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the publication's name and address, and where an answer goes."""

    name: str
    address: str
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What goes over the wire: the two addresses, the message's bytes, and whether SMTPUTF8 is needed."""

    sender: str
    recipient: str
    message: bytes
    needs_utf8: bool


@dataclass(frozen=True, slots=True)
class Attachment:
    """A PDF that goes with a letter."""

    name: str
    pdf: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """What one letter says, to whom, and under which name it is known."""

    recipient: str
    reply_to: str
    subject: str
    text: str
    html: str
    message_id: str
    written_at: datetime
    attachment: Attachment | None = None


def build_envelope(content: Content, sender: Sender) -> Envelope:
    """The message of one letter; the same letter gives the same bytes.

    Raises:
        ValueError: an address cannot be written in a header.
    """
    recipient, mail_from = wire_address(content.recipient), wire_address(sender.address)
    needs_utf8 = not (recipient.isascii() and mail_from.isascii())
    message = EmailMessage(policy=policy.SMTPUTF8 if needs_utf8 else policy.SMTP)
    message["From"] = _header_address(mail_from, sender.name)
    message["To"] = _header_address(recipient)
    reply_to = content.reply_to or sender.reply_to
    if reply_to and (needs_utf8 or wire_address(reply_to).isascii()):
        message["Reply-To"] = _header_address(wire_address(reply_to))
    message["Subject"] = " ".join(content.subject.split())
    message["Date"] = format_datetime(content.written_at.astimezone(UTC))
    message["Message-ID"] = content.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(content.text, cte="quoted-printable")
    if content.html:
        message.add_alternative(content.html, subtype="html", cte="quoted-printable")
        message.set_boundary(_boundary(content, ""))
    if content.attachment is not None:
        name = content.attachment.name
        message.add_attachment(content.attachment.pdf, maintype="application", subtype="pdf", filename=name)
        message.set_boundary(_boundary(content, ".with"))
    return Envelope(mail_from, recipient, message.as_bytes(), needs_utf8)


def _boundary(content: Content, suffix: str) -> str:
    return f"=_{content.message_id.strip('<>').partition('@')[0]}{suffix}"


def wire_address(address: str) -> str:
    """An address with its domain as the DNS spells it; the local part stays as its owner writes it."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return address


def _header_address(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(display_name=name, username=local, domain=domain)
