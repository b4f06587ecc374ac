"""The demo's mailbox: the letters that were sent, read back from their files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

_NAME = re.compile(r"[\w.@-]+\.eml")


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as its file holds it."""

    name: str
    to: str
    subject: str
    date: str
    text: str
    html: str


def read_letters(folder: Path, *, newest: int) -> list[Letter]:
    """The newest letters, newest first."""
    files = sorted(folder.glob("*.eml"), key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    return [_read(path) for path in files[:newest]]


def find_letter(folder: Path, name: str) -> Letter | None:
    """The letter of that file name."""
    path = folder / name
    return _read(path) if _NAME.fullmatch(name) and path.is_file() else None


def _read(path: Path) -> Letter:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    return Letter(
        name=path.name,
        to=str(message["To"]),
        subject=str(message["Subject"]),
        date=str(message["Date"]),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
