"""Real SMTP servers on this machine, well-behaved and not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """Takes every letter, and notes it."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        return "250 Taken"

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(bytes(envelope.content or b""), policy=policy.default) for envelope in self.taken]  # type: ignore[misc]


class Refusing(Mailbox):
    """Answers `answer` at one stage, as often as `times`; then takes letters."""

    def __init__(self, stage: str, answer: str, times: int = 10**6) -> None:
        super().__init__()
        self.stage, self.answer, self.times = stage, answer, times

    def _refuses(self, stage: str) -> bool:
        refuses = stage == self.stage and self.times > 0
        self.times -= refuses
        return refuses

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self._refuses("MAIL"):
            return self.answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self._refuses("RCPT"):
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return self.answer if self._refuses("DATA") else await super().handle_DATA(server, session, envelope)


class Dropping(Mailbox):
    """Takes the text of a letter and hangs up without an answer."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        assert server.transport is not None
        server.transport.abort()
        return "250 Never heard"


class Slow(Mailbox):
    """Takes its time at one stage."""

    def __init__(self, stage: str, delay_s: float) -> None:
        super().__init__()
        self.stage, self.delay_s = stage, delay_s

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self.stage == "MAIL":
            await asyncio.sleep(self.delay_s)
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        if self.stage == "DATA":
            await asyncio.sleep(self.delay_s)
        return "250 Taken"


@contextmanager
def smtp_server(handler: Any, *, smtputf8: bool = True, port: int = 0, **options: Any) -> Iterator[int]:
    """Run a server with this handler; gives its port. `options` are aiosmtpd's, such as `tls_context` for STARTTLS."""
    if not port:
        port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port, enable_SMTPUTF8=smtputf8, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
