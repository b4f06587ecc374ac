"""Email addresses: what counts as one, when two are the same, and what a typing slip may have meant."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import idna

MAX_LENGTH = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets
_LOCAL = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}")
_LABEL = re.compile(r"[^\s.@_/\\]{1,63}")


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox: `typed` is what letters are sent to, `key` is what two spellings of it share."""

    typed: str
    key: str


def parse_address(text: str) -> Address | None:
    """Read one address as a person types it; None if it cannot be one.

    Plus signs, dots and letters beyond ASCII are kept: only case and the domain's spelling (IDNA) are
    evened out, because everything else may be another person's mailbox.
    """
    typed = unicodedata.normalize("NFC", text.strip().strip("<>").removeprefix("mailto:"))
    local, at, domain = typed.rpartition("@")
    domain = domain.rstrip(".")
    if not at or len(typed) > MAX_LENGTH or not _LOCAL.fullmatch(local) or ".." in local or local[0] == "." or local[-1] == ".":
        return None
    labels = domain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        return None
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return None
    return Address(typed=f"{local}@{domain}", key=f"{local.casefold()}@{ascii_domain.casefold()}")
