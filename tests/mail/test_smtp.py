"""Letters over a real SMTP server: taken, deferred, refused, uncertain; and into files. Both transports keep one contract."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broadsheet.mail.exceptions import BadMailUrl
from broadsheet.mail.messages import Envelope
from broadsheet.mail.smtp import FolderTransport, MailServer, Outcome, SmtpTransport, Tls, Transport, open_transport, parse_mail_url
from tests.mail.servers import Dropping, Mailbox, Refusing, Slow, free_port, smtp_server

LETTER = Envelope("letters@review.example", "ann@example.net", b"Subject: One\r\n\r\n.dot\r\n..two\r\nend\r\n", False)
UNICODE = Envelope("letters@review.example", "jürgen@example.net", "To: jürgen@example.net\r\n\r\nGrüße\r\n".encode(), True)


def transport_to(port: int, **timeouts: float) -> SmtpTransport:
    return SmtpTransport(MailServer("127.0.0.1", port), **timeouts)


@pytest.fixture
def handed_over() -> list[bool]:
    return []


def deliver(transport: Transport, envelope: Envelope = LETTER, note: Callable[[], None] = lambda: None) -> Outcome:
    return transport.deliver(envelope, "<one@review.example>", note).outcome


# -- What both transports promise ------------------------------------------------------------------------------------


@pytest.fixture(params=["smtp", "file"])
def any_transport(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Transport, Callable[[], list[bytes]]]]:
    if request.param == "file":
        yield FolderTransport(tmp_path), lambda: [path.read_bytes() for path in sorted(tmp_path.glob("*.eml"))]
        return
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        transport = transport_to(port)
        yield transport, lambda: [bytes(envelope.content or b"") for envelope in mailbox.taken]  # type: ignore[arg-type]
        transport.close()


def test_letter_arrives_byte_for_byte(any_transport: tuple[Transport, Callable[[], list[bytes]]]) -> None:
    transport, arrived = any_transport
    assert deliver(transport) is Outcome.SENT
    assert arrived() == [LETTER.message]


def test_many_letters_go_over_one_transport(any_transport: tuple[Transport, Callable[[], list[bytes]]]) -> None:
    transport, arrived = any_transport
    outcomes = [transport.deliver(LETTER, f"<{n}@review.example>", lambda: None).outcome for n in range(5)]
    assert outcomes == [Outcome.SENT] * 5
    assert len(arrived()) == 5


# -- Servers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("450 Greylisted, come again", Outcome.DEFERRED),
        ("452 Full", Outcome.DEFERRED),
        ("550 No such mailbox", Outcome.REFUSED),
        ("554 No", Outcome.REFUSED),
    ],
)
def test_refusal_is_for_now_or_for_good(stage: str, answer: str, outcome: Outcome) -> None:
    server = Refusing(stage, answer, times=1)
    with smtp_server(server) as port:
        transport = transport_to(port)
        verdict = transport.deliver(LETTER, "<one@review.example>", lambda: None)
        assert (verdict.outcome, verdict.problem, verdict.server_is_down) == (outcome, answer, False)
        assert deliver(transport) is Outcome.SENT  # the connection serves the next letter
        transport.close()
    assert len(server.taken) == 1


def test_server_that_closes_down_says_nothing_of_the_letter() -> None:
    with smtp_server(Refusing("MAIL", "421 Closing")) as port:
        transport = transport_to(port)
        verdict = transport.deliver(LETTER, "<one@review.example>", lambda: None)
        transport.close()
    assert (verdict.outcome, verdict.server_is_down) == (Outcome.DEFERRED, True)


def test_connection_that_breaks_after_the_text_is_uncertain(handed_over: list[bool]) -> None:
    with smtp_server(Dropping()) as port:
        assert deliver(transport_to(port), note=lambda: handed_over.append(True)) is Outcome.UNCERTAIN
    assert handed_over == [True]


def test_answer_that_does_not_come_is_uncertain() -> None:
    with smtp_server(Slow("DATA", 3)) as port:
        assert deliver(transport_to(port, answer_timeout_s=0.2)) is Outcome.UNCERTAIN


def test_server_that_is_slow_before_the_text_is_tried_again_later(handed_over: list[bool]) -> None:
    with smtp_server(Slow("MAIL", 3)) as port:
        assert deliver(transport_to(port, timeout_s=0.2), note=lambda: handed_over.append(True)) is Outcome.DEFERRED
    assert handed_over == []


def test_server_that_hung_up_between_two_letters_is_called_again() -> None:
    mailbox, port = Mailbox(), free_port()
    transport = transport_to(port)
    for _ in range(2):
        with smtp_server(mailbox, port=port):
            assert deliver(transport) is Outcome.SENT
    transport.close()
    assert len(mailbox.taken) == 2


def test_no_server_defers_and_says_so() -> None:
    verdict = transport_to(free_port(), timeout_s=1).deliver(LETTER, "<one@review.example>", lambda: None)
    assert (verdict.outcome, verdict.server_is_down) == (Outcome.DEFERRED, True)


def test_connection_that_breaks_within_the_text_is_safe_to_repeat() -> None:
    """Without the closing dot no server takes a letter."""
    big = Envelope(LETTER.sender, LETTER.recipient, b"x" * 998 + b"\r\n" + b"y" * 40_000_000, False)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            link, _ = listener.accept()
            with link, link.makefile("rb") as lines:
                link.sendall(b"220 here\r\n")
                for line in lines:
                    if line.upper().startswith(b"DATA"):
                        link.sendall(b"354 go on\r\n")
                        lines.read(1000)
                        return
                    link.sendall(b"250 OK\r\n")

        server = threading.Thread(target=serve)
        server.start()
        assert deliver(transport_to(listener.getsockname()[1], timeout_s=5), big) is Outcome.DEFERRED
        server.join()


def test_addresses_beyond_ascii_go_where_a_server_takes_them() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        transport = transport_to(port)
        assert deliver(transport, UNICODE) is Outcome.SENT
        assert deliver(transport) is Outcome.SENT
        transport.close()
    assert mailbox.taken[0].rcpt_tos == ["jürgen@example.net"]
    with smtp_server(Mailbox(), smtputf8=False) as port:
        transport = transport_to(port)
        assert deliver(transport, UNICODE) is Outcome.REFUSED
        assert deliver(transport) is Outcome.SENT
        transport.close()


# -- MAIL_URL --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("file:", MailServer()),
        ("smtp://relay.example", MailServer("relay.example", 25, Tls.AUTO)),
        ("smtp://relay.example:2525?tls=none", MailServer("relay.example", 2525, Tls.NONE)),
        ("smtp://ann:p%40ss%2Fword@relay.example", MailServer("relay.example", 587, Tls.AUTO, "ann", "p@ss/word")),
        ("smtp://a%40b.example:pw@relay.example?tls=starttls", MailServer("relay.example", 587, Tls.STARTTLS, "a@b.example", "pw")),
        ("smtps://ann:pw@relay.example", MailServer("relay.example", 465, Tls.IMPLICIT, "ann", "pw")),
    ],
)
def test_mail_url_is_read(url: str, server: MailServer) -> None:
    assert parse_mail_url(url) == server


@pytest.mark.parametrize(
    "url", ["", "relay.example", "http://relay.example", "smtp://", "smtp://relay:port", "smtp://relay?tls=perhaps"]
)
def test_mail_url_that_cannot_be_read_says_what_to_write(url: str) -> None:
    with pytest.raises(BadMailUrl, match="write smtp://"):
        parse_mail_url(url)


def test_password_is_printed_nowhere() -> None:
    assert "secret" not in repr(parse_mail_url("smtp://ann:secret@relay.example"))


def test_password_never_goes_over_an_open_connection() -> None:
    with smtp_server(Mailbox()) as port:  # offers no STARTTLS
        transport = open_transport(f"smtp://ann:secret@127.0.0.1:{port}", folder=Path("unused"), local_name="localhost")
        verdict = transport.deliver(LETTER, "<one@review.example>", lambda: None)
    assert verdict.outcome is Outcome.DEFERRED
    assert "STARTTLS" in verdict.problem
