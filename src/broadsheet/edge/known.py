"""The passes that this process has checked already, by the Cookie header they came in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from broadsheet.edge.cookies import Cookies, read_cookies
from broadsheet.edge.holdings import Holdings
from broadsheet.paywall.passes import Pass, SigningKey, holder_name, read_pass

MAX_KNOWN = 20_000
LONGEST_KNOWN = 2_000  # bytes of a header that is worth keeping, so that all of them stay below 40 MB
FUTURE_S = 60  # how far another host's clock may be ahead

Keys = Mapping[str, SigningKey]


class KnownPasses:
    """Finds the pass in a request; a signature is checked once, everything that can change each time."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        # Passes by header, and each of them once: whoever sends one under many headers fills no memory with it. All of it in
        # one tuple, so that what was checked with keys of the past is never kept beside those of today.
        self._known: tuple[Keys, dict[str, Pass], dict[Pass, Pass]] = ({}, {}, {})

    def find(self, header: str, now: datetime) -> Pass | None:
        """The pass in a Cookie header, if it counts now and belongs to the session or browser beside it."""
        keys, known, passes = self._known
        if keys is not self._holdings.keys or len(known) > MAX_KNOWN:
            keys, known, passes = self._known = (self._holdings.keys, {}, {})
        shown = known.get(header)
        if shown is None:
            shown = _check(header, keys)
            if shown is None:
                return None
            if len(header) <= LONGEST_KNOWN:
                shown = known[header] = passes.setdefault(shown, shown)
        return shown if self._counts(shown, now) else None

    def _counts(self, shown: Pass, now: datetime) -> bool:
        holdings, seconds = self._holdings, now.timestamp()
        if not shown.issued_at - FUTURE_S <= seconds < shown.expires_at or holdings.revocations.covers(shown):
            return False
        is_of_now = seconds < shown.renew_at and shown.month == holdings.month(now)
        # Without the database nobody can give a pass for a month that has begun meanwhile; the old one's ends are its own.
        return is_of_now or holdings.is_away


def _check(header: str, keys: Keys) -> Pass | None:
    cookies = read_cookies(header)
    shown = read_pass(cookies.shown, keys) if cookies is not None and cookies.shown else None
    return shown if cookies is not None and shown is not None and shown.holder == holder_of(cookies) else None


def holder_of(cookies: Cookies) -> str:
    """The name by which a pass knows its session, or its browser where nobody is signed in."""
    if cookies.session:
        return holder_name("session", cookies.session)
    return holder_name("browser", cookies.browser) if cookies.browser else ""
