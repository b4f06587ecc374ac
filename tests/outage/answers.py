"""What a reader gets, and what the page says of itself."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

STATE = re.compile(rb'<html[^>]* data-access="(\w+)" data-reason="(\w+)"(?: data-remaining="(\d+)")?')
HEADING = re.compile(rb"<h1[^>]*>([^<]*)</h1>")
_known: dict[bytes, Facts] = {}


@dataclass(frozen=True, slots=True)
class Facts:
    """What one body says: how far the article is open, why, how many are left, and its heading."""

    access: str = ""
    reason: str = ""
    remaining: str = ""
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `seconds` from the first byte sent to the last byte received, `asked_at` by the machine's steady clock."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    asked_at: float
    seconds: float

    @property
    def text(self) -> str:
        """The body as read."""
        return self._plain.decode()

    @property
    def facts(self) -> Facts:
        """What the body says; bodies that came before are not read again."""
        found = _known.get(self.body)
        if found is None:
            if len(_known) > 5_000:
                _known.clear()
            found = _known[self.body] = _read_facts(self._plain)
        return found

    @property
    def _plain(self) -> bytes:
        return gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body


def _read_facts(body: bytes) -> Facts:
    state, heading = STATE.search(body), HEADING.search(body)
    access, reason, remaining = (found.decode() if found else "" for found in state.groups()) if state else ("", "", "")
    return Facts(access, reason, remaining, html.unescape(heading[1].decode()) if heading else "")
