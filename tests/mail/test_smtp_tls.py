"""Letters over TLS, by STARTTLS and from the first byte, to a real server with a certificate of our own making."""

from __future__ import annotations

import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from django.conf import settings

from broadsheet.conf.init.certificates import make_self_signed
from broadsheet.core import clock as core_clock
from broadsheet.mail.advice import advise
from broadsheet.mail.check_flows import check_mail
from broadsheet.mail.messages import Envelope
from broadsheet.mail.smtp import MailServer, Outcome, Tls, Verdict, open_transport
from tests.mail.servers import Mailbox, free_port, smtp_server
from tests.subprocesses import child_environment

LETTER = Envelope("letters@review.example", "ann@example.net", b"Subject: One\r\n\r\nend\r\n", False)


@dataclass
class Relay:
    """What a server took, and who signed in to it."""

    mailbox: Mailbox = field(default_factory=Mailbox)
    signed_in: list[tuple[bytes, bytes]] = field(default_factory=list)

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, login: LoginPassword) -> AuthResult:
        self.signed_in.append((login.login, login.password))
        return AuthResult(success=login.password == b"p@ss/word", handled=False)


@pytest.fixture
def relay() -> Relay:
    return Relay()


@pytest.fixture
def make_context(tmp_path: Path) -> Callable[..., ssl.SSLContext]:
    """A server's side of TLS, with a certificate for `host`; `certificate.pem` is what a client has to trust."""

    def make(host: str = "localhost") -> ssl.SSLContext:
        certificate, key = make_self_signed(host, now=core_clock.SystemClock().now())
        (tmp_path / "certificate.pem").write_bytes(certificate)
        (tmp_path / "key.pem").write_bytes(key)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
        return context

    return make


@pytest.fixture
def trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let this machine trust the server's certificate."""
    return lambda: monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))


def deliver(url: str, steps: list[str] | None = None) -> Verdict:
    note = steps.append if steps is not None else (lambda step: None)
    transport = open_transport(url, folder=Path("unused"), local_name="localhost", note=note)
    verdict = transport.deliver(LETTER, "<one@review.example>", lambda: None)
    transport.close()
    return verdict


STARTTLS = "smtp://ann:p%40ss%2Fword@localhost:{port}?tls=starttls"
IMPLICIT = "smtps://ann:p%40ss%2Fword@localhost:{port}"


def options(url: str, context: ssl.SSLContext, relay: Relay) -> dict[str, Any]:
    """What aiosmtpd needs for either way. It does not see that its own socket is protected, so there TLS is not asked for."""
    if url == IMPLICIT:
        return {"ssl_context": context, "auth_require_tls": False, "authenticator": relay.authenticate}
    return {"tls_context": context, "auth_required": True, "authenticator": relay.authenticate}


@pytest.mark.parametrize("url", [STARTTLS, IMPLICIT])
def test_letter_goes_over_a_checked_connection_after_signing_in(
    url: str, relay: Relay, make_context: Callable[..., ssl.SSLContext], trust: Callable[[], None]
) -> None:
    steps: list[str] = []
    with smtp_server(relay.mailbox, **options(url, make_context(), relay)) as port:
        trust()
        assert deliver(url.format(port=port), steps).outcome is Outcome.SENT
    assert [envelope.content for envelope in relay.mailbox.taken] == [LETTER.message]
    assert relay.signed_in == [(b"ann", b"p@ss/word")]
    told = "\n".join(steps)
    assert "TLSv1.3" in told and "certificate holds" in told
    assert "Signed in as ann." in told and "250 Taken" in told
    assert "p@ss" not in told


@pytest.mark.parametrize("url", [STARTTLS, IMPLICIT])
@pytest.mark.parametrize("fault", ["unknown issuer", "another host"])
def test_password_and_letter_stay_here_where_the_certificate_does_not_hold(
    url: str, fault: str, relay: Relay, make_context: Callable[..., ssl.SSLContext], trust: Callable[[], None]
) -> None:
    context = make_context("localhost" if fault == "unknown issuer" else "relay.example")
    with smtp_server(relay.mailbox, **options(url, context, relay)) as port:
        if fault == "another host":
            trust()
        verdict = deliver(url.format(port=port))
    assert (verdict.outcome, verdict.server_is_down) == (Outcome.DEFERRED, True)
    assert "CERTIFICATE_VERIFY_FAILED" in verdict.problem
    assert (relay.mailbox.taken, relay.signed_in) == ([], [])


def test_wrong_password_defers_and_says_so(
    relay: Relay, make_context: Callable[..., ssl.SSLContext], trust: Callable[[], None]
) -> None:
    with smtp_server(relay.mailbox, **options(STARTTLS, make_context(), relay)) as port:
        trust()
        verdict = deliver(f"smtp://ann:wrong@localhost:{port}")
    assert verdict.outcome is Outcome.DEFERRED
    assert verdict.problem.startswith("535 ")
    assert "wrong" not in verdict.problem


def test_relay_without_sign_in_is_used_with_tls_whatever_its_certificate(
    relay: Relay, make_context: Callable[..., ssl.SSLContext]
) -> None:
    steps: list[str] = []
    with smtp_server(relay.mailbox, tls_context=make_context("relay.example"), require_starttls=True) as port:
        assert deliver(f"smtp://localhost:{port}", steps).outcome is Outcome.SENT
        assert "the certificate was not looked at" in "\n".join(steps)
        assert deliver(f"smtp://localhost:{port}?tls=starttls").outcome is Outcome.DEFERRED
        assert deliver(f"smtp://localhost:{port}?tls=none").outcome is Outcome.REFUSED  # 530: it insists
    assert len(relay.mailbox.taken) == 1


def test_many_letters_go_over_one_protected_connection(
    relay: Relay, make_context: Callable[..., ssl.SSLContext], trust: Callable[[], None]
) -> None:
    with smtp_server(relay.mailbox, **options(IMPLICIT, make_context(), relay)) as port:
        trust()
        transport = open_transport(IMPLICIT.format(port=port), folder=Path("unused"), local_name="localhost")
        outcomes = [transport.deliver(LETTER, f"<{n}@review.example>", lambda: None).outcome for n in range(5)]
        transport.close()
    assert outcomes == [Outcome.SENT] * 5
    assert len(relay.signed_in) == 1


# -- Advice ----------------------------------------------------------------------------------------------------------

RELAY = MailServer("relay.example", 587, Tls.STARTTLS, "ann", "secret")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "relay.example leads to no address"),
        (ConnectionRefusedError(), "Nothing listens on port 587"),
        (ssl.SSLCertVerificationError(), "not good for relay.example"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "smtps:// for port 465"),
        (smtplib.SMTPNotSupportedError("STARTTLS"), "offers no STARTTLS"),
        (smtplib.SMTPAuthenticationError(535, b"no"), "write @ as %40"),
        (TimeoutError(), "close port 25"),
        (smtplib.SMTPServerDisconnected(), "close port 25"),
    ],
)
def test_each_way_to_fail_has_its_advice(error: Exception, words: str) -> None:
    assert words in advise(error, RELAY)
    assert "secret" not in advise(error, RELAY)


# -- The command -----------------------------------------------------------------------------------------------------


def run_check_mail(*arguments: str, mail_url: str) -> subprocess.CompletedProcess[str]:
    environment = {**child_environment(), "BROADSHEET_MAIL_URL": mail_url}
    command = [sys.executable, "-m", "broadsheet.conf.command", "check-mail", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.django_db(transaction=True)
def test_check_mail_tells_each_step_and_sends_the_letter(
    relay: Relay, make_context: Callable[..., ssl.SSLContext], trust: Callable[[], None]
) -> None:
    with smtp_server(relay.mailbox, **options(STARTTLS, make_context(), relay)) as port:
        trust()
        ran = run_check_mail("ann@example.net", mail_url=STARTTLS.format(port=port))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [line.partition(" ")[0] for line in ran.stdout.splitlines()] == ["Connected", "Went", "Signed", "The", "Letter"]
    assert [str(message["To"]) for message in relay.mailbox.messages] == ["ann@example.net"]
    assert settings.BROADSHEET.host in str(relay.mailbox.messages[0]["Subject"])


@pytest.mark.django_db(transaction=True)
def test_check_mail_without_address_sends_nothing(
    relay: Relay, make_context: Callable[..., ssl.SSLContext], trust: Callable[[], None]
) -> None:
    with smtp_server(relay.mailbox, **options(IMPLICIT, make_context(), relay)) as port:
        trust()
        ran = run_check_mail(mail_url=IMPLICIT.format(port=port))
    assert ran.returncode == 0
    assert relay.mailbox.taken == []


@pytest.mark.django_db(transaction=True)
def test_check_mail_that_fails_says_what_to_do_and_exits_with_1() -> None:
    ran = run_check_mail("ann@example.net", mail_url=f"smtp://ann:secret@localhost:{free_port()}")
    assert ran.returncode == 1
    assert "Failed: ConnectionRefusedError" in ran.stdout
    assert "What to do: Nothing listens on port" in ran.stdout
    assert "secret" not in ran.stdout + ran.stderr


@pytest.mark.django_db(transaction=True)
def test_check_mail_refuses_what_is_no_address() -> None:
    ran = run_check_mail("ann", mail_url="file:")
    assert ran.returncode == 1
    assert "'ann' is no email address" in ran.stderr


@pytest.mark.django_db
def test_files_instead_of_a_server_are_pointed_out(clock: core_clock.StoppedClock) -> None:
    told: list[str] = []
    assert check_mail("ann@example.net", now=clock.now(), note=told.append)
    assert "readers get none" in told[0]
    assert list((settings.BROADSHEET.data_dir / "mail").glob("*.eml"))
