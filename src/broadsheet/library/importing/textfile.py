"""Files as text: told from binary ones, decoded, bounded in size."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from broadsheet.library.importing.items import Refused

# One article in a file of its own is never longer; a bigger file is something else.
LARGEST_BYTES = 32 * 2**20
_MAGIC = {
    b"PK\x03\x04": "a zip file; unpack it first",
    b"\x1f\x8b": "a gzip file; unpack it first",
    b"\xfd7zXZ": "an xz file; unpack it first",
    b"%PDF": "a PDF; save it as HTML or text",
    b"\xd0\xcf\x11\xe0": "an old Office file; save it as HTML",
    b"{\\rtf": "an RTF file; save it as HTML",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"SQLite format 3": "a database",
}
_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w-]{2,40})""", re.IGNORECASE)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        Refused: it is binary, not UTF-8, or too large.
        OSError: it cannot be read.
    """
    return decode_utf8(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that may be a text.

    Raises:
        Refused: it is too large or known to be something else.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise Refused(f"the file is larger than {LARGEST_BYTES // 2**20} MB")
    if reason := find_binary_kind(content):
        raise Refused(f"it is {reason}")
    return content


def find_binary_kind(start: bytes) -> str | None:
    """What the file is, if its first bytes say that it is no text."""
    for magic, reason in _MAGIC.items():
        if start.startswith(magic):
            return reason
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    return "a binary file" if b"\0" in start[:4096] else None


def decode_utf8(content: bytes) -> str:
    """`content` as text; UTF-16 with its mark is read too.

    Raises:
        Refused: it is neither.
    """
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refused(f"it is not UTF-8 (line {line}); save it as UTF-8") from None


def decode_html(content: bytes) -> str:
    """A page as text: in the encoding that it declares, else UTF-8.

    Raises:
        Refused: neither fits.
    """
    declared = _CHARSET.search(content[:4096])
    try:
        return decode_utf8(content)
    except Refused as refused:
        if declared is None or declared.group(1).lower() in (b"utf-8", b"utf8"):
            raise refused from None
        name = declared.group(1).decode("ascii", "replace")
    try:
        return content.decode("windows-1252" if name.lower() in ("iso-8859-1", "latin1", "us-ascii") else name, "replace")
    except LookupError:
        raise Refused(f"its encoding “{name}” is not known") from None


def html_from_text(text: str) -> str:
    """Plain text as HTML: an empty line parts paragraphs, a line's end within one is kept as a space."""
    parts = (part.strip() for part in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"))
    return "".join(f"<p>{escape(part, quote=False)}</p>" for part in parts if part)
