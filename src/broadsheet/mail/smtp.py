"""Drivers: letters over SMTP, or into files. Both answer with a Verdict and never raise for a letter's sake.

`before_data` is called when the text is about to go over the wire. From there until the server's answer nobody can
tell whether it took the letter, so a connection that breaks in between makes the outcome uncertain.
"""

from __future__ import annotations

import contextlib
import os
import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from broadsheet.mail.exceptions import BadMailUrl
from broadsheet.mail.messages import Envelope

TIMEOUT_S = 30.0
# What a relay may need to take a letter after the last line (RFC 5321, 4.5.3.2.6, allows ten minutes; relays take seconds).
ANSWER_TIMEOUT_S = 60.0
_LINE_START_DOT = re.compile(rb"(?m)^\.")


class Outcome(StrEnum):
    """What became of one attempt."""

    SENT = "sent"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one attempt, and for the log what the server said. `server_is_down`: no use in trying others now.

    `cause` is the error behind a connection that did not come about, for whoever advises on it.
    """

    outcome: Outcome
    problem: str = ""
    server_is_down: bool = False
    cause: Exception | None = field(default=None, repr=False, compare=False)


class Tls(StrEnum):
    """How the connection is protected: see docs/settings.md, MAIL_URL."""

    AUTO = "auto"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters go. Without a host they go into files."""

    host: str = ""
    port: int = 0
    tls: Tls = Tls.AUTO
    user: str = ""
    password: str = field(default="", repr=False)


Note = Callable[[str], object]


def keep_silent(step: str) -> None:
    """Nobody wants to know."""


class Transport(Protocol):
    """Anything that takes letters: an SMTP server, a folder. `reach` looks whether it would, without one."""

    def reach(self) -> Verdict: ...

    def deliver(self, envelope: Envelope, message_id: str, before_data: Callable[[], None]) -> Verdict: ...

    def close(self) -> None: ...


def parse_mail_url(url: str) -> MailServer:
    """Read `smtp://user:password@host:port?tls=…`, `smtps://…` or `file:`.

    Raises:
        BadMailUrl: it is neither.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return MailServer()
    wanted = parse_qs(parts.query).get("tls", [Tls.AUTO])[0]
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or port == -1 or wanted not in ("auto", "starttls", "none"):
        raise BadMailUrl(
            "BROADSHEET_MAIL_URL cannot be read; write smtp://user:password@host:587?tls=starttls, smtps://… or file:."
        )
    implicit = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname,
        port=port or (465 if implicit else 587 if parts.username else 25),
        tls=Tls.IMPLICIT if implicit else Tls(wanted),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def open_transport(url: str, *, folder: Path, local_name: str, note: Note = keep_silent) -> Transport:
    """The transport that BROADSHEET_MAIL_URL names; connects at the first letter.

    Args:
        folder: where `file:` puts letters.
        local_name: how we greet an SMTP server.
        note: is told each step that was taken.
    """
    server = parse_mail_url(url)
    return SmtpTransport(server, local_name=local_name, note=note) if server.host else FolderTransport(folder)


class FolderTransport:
    """One `.eml` per letter in a folder; a letter that is written again replaces itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def reach(self) -> Verdict:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return Verdict(Outcome.DEFERRED, f"{self.folder}: {error.strerror}", server_is_down=True, cause=error)
        return Verdict(Outcome.SENT)

    def deliver(self, envelope: Envelope, message_id: str, before_data: Callable[[], None]) -> Verdict:
        name = re.sub(r"[^\w.@-]", "_", message_id.strip("<>"))[:120]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            unfinished = self.folder / f"{name}.part"
            unfinished.write_bytes(envelope.message)
            os.replace(unfinished, self.folder / f"{name}.eml")
        except OSError as error:
            return Verdict(Outcome.DEFERRED, f"{self.folder}: {error.strerror}", server_is_down=True)
        return Verdict(Outcome.SENT)

    def close(self) -> None:
        """Nothing is kept open."""


class SmtpTransport:
    """One SMTP connection, kept open from letter to letter."""

    def __init__(
        self,
        server: MailServer,
        *,
        local_name: str = "localhost",
        timeout_s: float = TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        note: Note = keep_silent,
    ) -> None:
        self.server = server
        self.note = note
        self.local_name = local_name
        self.timeout_s = timeout_s
        self.answer_timeout_s = answer_timeout_s
        self._link: smtplib.SMTP | None = None

    def reach(self) -> Verdict:
        """Connect, protect the connection and sign in, as before a letter."""
        try:
            self._link = self._link or self._connect()
        except (smtplib.SMTPException, OSError) as error:
            return Verdict(Outcome.DEFERRED, _words(error), server_is_down=True, cause=error)
        return Verdict(Outcome.SENT)

    def deliver(self, envelope: Envelope, message_id: str, before_data: Callable[[], None]) -> Verdict:
        is_reused = self._link is not None
        verdict = self._attempt(envelope, before_data)
        if is_reused and verdict.server_is_down:  # it hung up between two letters, as servers do; nothing was handed over
            verdict = self._attempt(envelope, before_data)
        return verdict

    def close(self) -> None:
        if self._link is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._link.quit()
            self._drop()

    def _attempt(self, envelope: Envelope, before_data: Callable[[], None]) -> Verdict:
        try:
            link = self._link = self._link or self._connect()
            refusal = self._introduce(link, envelope)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Verdict(Outcome.DEFERRED, _words(error), server_is_down=True, cause=error)
        if refusal is not None:
            return refusal
        before_data()
        return self._hand_over(link, envelope)

    def _introduce(self, link: smtplib.SMTP, envelope: Envelope) -> Verdict | None:
        """Everything before the text: a refusal here concerns this letter only."""
        options = []
        if envelope.needs_utf8:
            if not link.has_extn("smtputf8"):
                return Verdict(Outcome.REFUSED, "The server takes no addresses beyond ASCII (SMTPUTF8).")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
            link.command_encoding = "utf-8"
        try:
            for code, answer in self._dialogue(link, envelope, options):
                if code >= 400:
                    self._reset(link)
                    return _verdict(code, answer)
        finally:
            link.command_encoding = "ascii"
        return None

    def _dialogue(self, link: smtplib.SMTP, envelope: Envelope, options: list[str]) -> list[tuple[int, bytes]]:
        answers = [link.mail(envelope.sender, options)]
        if answers[-1][0] < 400:
            answers.append(link.rcpt(envelope.recipient))
        if answers[-1][0] < 400:
            answers.append(link.docmd("DATA"))
        return answers

    def _hand_over(self, link: smtplib.SMTP, envelope: Envelope) -> Verdict:
        """The text and the server's answer to it."""
        payload = _LINE_START_DOT.sub(b"..", envelope.message)
        end = b".\r\n" if payload.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            link.send(payload)
        except (smtplib.SMTPException, OSError) as error:
            # Without the closing dot no server takes a letter (RFC 5321, 4.1.1.4), so it may safely go again.
            self._drop()
            return Verdict(Outcome.DEFERRED, _words(error))
        try:
            if link.sock is not None:
                link.sock.settimeout(self.answer_timeout_s)
            link.send(end)
            code, answer = link.getreply()
            if link.sock is not None:
                link.sock.settimeout(self.timeout_s)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Verdict(Outcome.UNCERTAIN, f"The connection broke before the server answered: {_words(error)}")
        if code >= 400:
            self._reset(link)
            return _verdict(code, answer)
        self.note(f"The server took the letter: {code} {answer.decode('utf-8', 'replace')}")
        return Verdict(Outcome.SENT)

    def _connect(self) -> smtplib.SMTP:
        server = self.server
        if server.tls is Tls.IMPLICIT:
            link: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, self.local_name, timeout=self.timeout_s, context=ssl.create_default_context()
            )
            self.note(f"Connected to {server.host}, port {server.port}, over {_tls_of(link)}; its certificate holds.")
        else:
            link = smtplib.SMTP(server.host, server.port, self.local_name, timeout=self.timeout_s)
            self.note(f"Connected to {server.host}, port {server.port}.")
        try:
            self._protect(link)
            if server.user:
                link.login(server.user, server.password)
                self.note(f"Signed in as {server.user}.")
        except BaseException:
            link.close()
            raise
        return link

    def _protect(self, link: smtplib.SMTP) -> None:
        tls = self.server.tls
        link.ehlo_or_helo_if_needed()
        if tls is Tls.STARTTLS or (tls is Tls.AUTO and self.server.user):
            # A password goes over a verified connection or not at all.
            link.starttls(context=ssl.create_default_context())
            link.ehlo()
            self.note(f"Went over to {_tls_of(link)} (STARTTLS); the server's certificate holds.")
        elif tls is Tls.AUTO and link.has_extn("starttls"):
            # Opportunistic (RFC 7435): better against listeners than nothing, and relays on the same host sign their own.
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            link.starttls(context=context)
            link.ehlo()
            self.note(f"Went over to {_tls_of(link)} (STARTTLS); the certificate was not looked at.")
        elif tls is not Tls.IMPLICIT:
            self.note("Letters go over this connection in the clear.")

    def _reset(self, link: smtplib.SMTP) -> None:
        try:
            link.rset()
        except (smtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None


def _verdict(code: int, answer: bytes) -> Verdict:
    words = f"{code} {answer.decode('utf-8', 'replace')}"
    # 421: the server is closing down, which says nothing of this letter.
    return Verdict(Outcome.REFUSED if code >= 500 else Outcome.DEFERRED, words, server_is_down=code == 421)


def _tls_of(link: smtplib.SMTP) -> str:
    """The version of TLS that a connection speaks."""
    return (link.sock.version() if isinstance(link.sock, ssl.SSLSocket) else None) or "TLS"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        return f"{error.smtp_code} {answer.decode('utf-8', 'replace') if isinstance(answer, bytes) else answer}"
    return f"{type(error).__name__}: {error}"
