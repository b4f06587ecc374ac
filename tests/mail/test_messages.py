"""The message on the wire: headers, parts, addresses of every kind, the same bytes at each attempt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from broadsheet.mail.messages import Attachment, Content, Sender, build_envelope

SENDER = Sender("The Review of Straits", "letters@review.example", "help@review.example")
CONTENT = Content(
    recipient="ann@example.net",
    reply_to="",
    subject="048213 is your code for The Review",
    text="Grüße.\n\n.dot at the start\n" + "x" * 300 + "\n",
    html="<p>Grüße</p>",
    message_id="<20260217093000.abc@review.example>",
    written_at=datetime(2026, 2, 17, 9, 30, tzinfo=UTC),
)
WITH_PDF = replace(CONTENT, attachment=Attachment("2026-17.pdf", bytes(range(256)) * 20))


def test_headers_name_sender_time_and_kind() -> None:
    message = message_from_bytes(build_envelope(CONTENT, SENDER).message, policy=policy.default)
    assert str(message["From"]) == "The Review of Straits <letters@review.example>"
    assert str(message["To"]) == "ann@example.net"
    assert str(message["Reply-To"]) == "help@review.example"
    assert str(message["Date"]) == "Tue, 17 Feb 2026 09:30:00 +0000"
    assert str(message["Message-ID"]) == CONTENT.message_id
    assert str(message["Auto-Submitted"]) == "auto-generated"


def test_text_comes_first_and_html_as_its_alternative() -> None:
    message = message_from_bytes(build_envelope(CONTENT, SENDER).message, policy=policy.default)
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == CONTENT.text  # type: ignore[union-attr]


def test_same_letter_gives_the_same_bytes() -> None:
    assert build_envelope(CONTENT, SENDER).message == build_envelope(CONTENT, SENDER).message


@pytest.mark.parametrize("content", [CONTENT, WITH_PDF])
def test_lines_fit_smtp(content: Content) -> None:
    lines = build_envelope(content, SENDER).message.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert all(b"\n" not in line for line in lines)


def test_pdf_goes_with_the_letter_and_changes_nothing_of_it() -> None:
    envelope = build_envelope(WITH_PDF, SENDER)
    assert envelope.message == build_envelope(WITH_PDF, SENDER).message
    message = message_from_bytes(envelope.message, policy=policy.default)
    kinds = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf"]
    assert [part.get_content_type() for part in message.walk()] == kinds
    attached = next(message.iter_attachments())
    assert (attached.get_filename(), attached.get_content()) == ("2026-17.pdf", WITH_PDF.attachment.pdf)  # type: ignore[union-attr]
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == CONTENT.text  # type: ignore[union-attr]


def test_letter_can_have_its_own_reply_address() -> None:
    message = message_from_bytes(
        build_envelope(replace(CONTENT, reply_to="bob@example.net"), SENDER).message, policy=policy.default
    )
    assert str(message["Reply-To"]) == "bob@example.net"


@pytest.mark.parametrize(
    ("recipient", "on_the_wire", "needs_utf8"),
    [
        ("ann@example.net", "ann@example.net", False),
        ("ann+news@example.net", "ann+news@example.net", False),
        ("ann@bücher.example", "ann@xn--bcher-kva.example", False),
        ("jürgen@example.net", "jürgen@example.net", True),
        ("用户@例子.example", "用户@xn--fsqu00a.example", True),
    ],
)
def test_addresses_beyond_ascii(recipient: str, on_the_wire: str, needs_utf8: bool) -> None:
    envelope = build_envelope(replace(CONTENT, recipient=recipient), SENDER)
    assert (envelope.recipient, envelope.needs_utf8) == (on_the_wire, needs_utf8)
    assert envelope.message.isascii() is not needs_utf8
    assert str(message_from_bytes(envelope.message, policy=policy.default)["To"]) == on_the_wire


@pytest.mark.parametrize("name", ['Straits, Oil & "Peace"', "Zürcher Übersicht", "The Review <evil@example.net>"])
def test_name_of_the_publication_is_quoted(name: str) -> None:
    message = message_from_bytes(build_envelope(CONTENT, replace(SENDER, name=name)).message, policy=policy.default)
    assert [(one.display_name, one.addr_spec) for one in message["From"].addresses] == [(name, "letters@review.example")]


def test_recipient_cannot_add_a_header() -> None:
    with pytest.raises(ValueError, match=r"."):
        build_envelope(replace(CONTENT, recipient="ann@example.net\r\nBcc: bob@example.net"), SENDER)
