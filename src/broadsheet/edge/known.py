"""The passes that this process has checked already, by the Cookie header they came in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from broadsheet.edge.cookies import Cookies, read_cookies
from broadsheet.edge.holdings import Holdings
from broadsheet.paywall.passes import Pass, SigningKey, holder_name, read_pass

MAX_KNOWN_BYTES = 100_000_000  # of 100,000 readers who read within five minutes
OVERHEAD_BYTES = 700  # of a known pass beside the header it came in
LONGEST_KNOWN = 2_000  # bytes of a header that is worth keeping
FUTURE_S = 60  # how far another host's clock may be ahead

Keys = Mapping[str, SigningKey]


class Known:
    """What was checked with one set of keys: passes by header, and by their own text.

    A pass is kept once, so that whoever sends one under many headers fills no memory with it.
    """

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.by_header: dict[str, Pass] = {}
        self.by_text: dict[str, Pass] = {}
        self.bytes = 0


class KnownPasses:
    """Finds the pass in a request; a signature is checked once, everything that can change each time."""

    def __init__(self, holdings: Holdings, *, max_bytes: int = MAX_KNOWN_BYTES) -> None:
        self._holdings = holdings
        self._max_bytes = max_bytes
        self._known = Known({})

    def find(self, header: str, now: datetime) -> Pass | None:
        """The pass in a Cookie header, if it counts now and belongs to the session or browser beside it."""
        known = self._known
        if known.keys is not self._holdings.keys or known.bytes > self._max_bytes:
            # One object instead of another, so that what was checked with keys of the past never stands beside those of today.
            known = self._known = Known(self._holdings.keys)
        shown = known.by_header.get(header)
        if shown is None:
            shown = _check(header, known)
            if shown is None:
                return None
        return shown if self._counts(shown, now) else None

    def _counts(self, shown: Pass, now: datetime) -> bool:
        holdings, seconds = self._holdings, now.timestamp()
        is_of_now = seconds < shown.renew_at and shown.month == holdings.month(now)
        # Without the database nobody can give a pass for a month that has begun meanwhile; the old one's ends are its own.
        is_in_time = is_of_now or (holdings.is_away and seconds < shown.expires_at)
        return is_in_time and shown.issued_at - FUTURE_S <= seconds and not holdings.revocations.covers(shown)


def _check(header: str, known: Known) -> Pass | None:
    cookies = read_cookies(header)
    if cookies is None or not cookies.shown:
        return None
    shown = known.by_text.get(cookies.shown) or read_pass(cookies.shown, known.keys)
    if shown is None or shown.holder != holder_of(cookies):
        return None
    if len(header) <= LONGEST_KNOWN:
        known.by_header[header] = known.by_text[cookies.shown] = shown
        known.bytes += len(header) + OVERHEAD_BYTES
    return shown


def holder_of(cookies: Cookies) -> str:
    """The name by which a pass knows its session, or its browser where nobody is signed in."""
    if cookies.session:
        return holder_name("session", cookies.session)
    return holder_name("browser", cookies.browser) if cookies.browser else ""
