"""The passes that this process has checked already, by the Cookie header they came in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from broadsheet.edge.cookies import Cookies
from broadsheet.edge.holdings import Holdings
from broadsheet.paywall.passes import Pass, SigningKey, holder_name, read_pass

MAX_KNOWN = 20_000
LONGEST_KNOWN = 2_000  # bytes of a header that is worth keeping, so that all of them stay below 40 MB
FUTURE_S = 60  # how far another host's clock may be ahead


class KnownPasses:
    """Finds the pass in a request; a signature is checked once, everything that can change each time."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self._known: dict[str, Pass] = {}
        self._keys: Mapping[str, SigningKey] = {}

    def find(self, header: str, cookies: Cookies, now: datetime) -> Pass | None:
        """The pass in a Cookie header, if it counts now and belongs to the session or browser beside it."""
        shown = self._read(header, cookies)
        return shown if shown is not None and self._counts(shown, now) else None

    def _read(self, header: str, cookies: Cookies) -> Pass | None:
        keys = self._holdings.keys
        if self._keys is not keys or len(self._known) > MAX_KNOWN:
            self._known, self._keys = {}, keys
        shown = self._known.get(header)
        if shown is None and cookies.shown:
            shown = read_pass(cookies.shown, keys)
            if shown is None or shown.holder != holder_of(cookies):
                return None
            if len(header) <= LONGEST_KNOWN:
                self._known[header] = shown
        return shown

    def _counts(self, shown: Pass, now: datetime) -> bool:
        holdings, seconds = self._holdings, now.timestamp()
        end = shown.expires_at if holdings.is_away else shown.renew_at
        is_in_time = shown.issued_at - FUTURE_S <= seconds < end and shown.month == holdings.month(now)
        return is_in_time and not holdings.revocations.covers(shown)


def holder_of(cookies: Cookies) -> str:
    """The name by which a pass knows its session, or its browser where nobody is signed in."""
    if cookies.session:
        return holder_name("session", cookies.session)
    return holder_name("browser", cookies.browser) if cookies.browser else ""
