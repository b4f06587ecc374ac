"""What each browser must be shown, by the words of the offer and of the paywall's rules, and by nothing of the program.

Sessions, browsers' own names and readers are facts of their own, so that a copied cookie is a second holder of the
same facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
A_MONTH = 3  # articles of their own choice that a registered reader may open
STAYS_OPEN = timedelta(days=30)
LETTER_LIVES = timedelta(hours=24)


def month_of(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m}"


def end_of_month(at: datetime) -> datetime:
    local = at.astimezone(ZONE).date().replace(day=1)
    following = (local + timedelta(days=32)).replace(day=1)
    return datetime.combine(following, time(), ZONE).astimezone(UTC)


@dataclass
class ArticleFacts:
    access: str
    headline: str
    is_live: bool = True
    embargo_until: datetime | None = None


@dataclass
class Opened:
    """An article that somebody opened, in a month, until a moment."""

    article: int
    month: str
    until: datetime


@dataclass
class ReaderFacts:
    grants: list[list[datetime]] = field(default_factory=list)  # from, until
    unlocks: list[Opened] = field(default_factory=list)


@dataclass
class BrowserFacts:
    """What hangs on a browser's own name: articles opened at once, and a letter that waits to be answered."""

    instants: list[Opened] = field(default_factory=list)
    letter_until: datetime | None = None


@dataclass
class Cookies:
    """What one cookie jar holds."""

    session: int | None = None
    name: int | None = None


class Model:
    """Everything that readers are shown follows from this."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.articles: dict[int, ArticleFacts] = {}
        self.readers: dict[int, ReaderFacts] = {}
        self.sessions: dict[int, int | None] = {}  # whose; None once it is over
        self.browsers: dict[int, BrowserFacts] = {}

    def reader_of(self, jar: Cookies) -> int | None:
        return None if jar.session is None else self.sessions[jar.session]

    def left(self, reader: int) -> int:
        """How many articles a reader may still open this month."""
        return max(0, A_MONTH - sum(one.month == month_of(self.now) for one in self.readers[reader].unlocks))

    def shows(self, jar: Cookies, number: int) -> str:
        """The state of an article's page for whoever holds these cookies."""
        article, reader = self.articles[number], self.reader_of(jar)
        if not article.is_live:
            return "410"
        if article.embargo_until is not None and self.now < article.embargo_until:
            return "404"
        if article.access == "free":
            return "open free"
        if reader is not None and any(start <= self.now < end for start, end in self.readers[reader].grants):
            return "open subscription"
        if article.access == "subscribers":
            return "wall subscribers" if reader is None else f"wall subscribers {self.left(reader)}"
        if self._is_open(self._instants(jar), number):
            return "open instant"
        if reader is None:
            return "wall unconfirmed" if self._has_to_confirm(jar) else "wall stranger"
        if self._is_open(self.readers[reader].unlocks, number):
            return f"open unlock {self.left(reader)}"
        return f"wall meter {self.left(reader)}" if self.left(reader) else "wall spent 0"

    def unlock(self, jar: Cookies, number: int) -> None:
        """Somebody presses "Read this article"."""
        reader = self.reader_of(jar)
        if reader is not None and self.shows(jar, number).startswith("wall meter"):
            until = max(self.now + STAYS_OPEN, end_of_month(self.now))
            self.readers[reader].unlocks.append(Opened(number, month_of(self.now), until))

    def leave_address(self, jar: Cookies, number: int) -> None:
        """Somebody leaves an address at the wall; the browser has a name by then."""
        shown = self.shows(jar, number)
        if self.reader_of(jar) is not None or shown in ("404", "410", "open free", "wall subscribers"):
            return
        assert jar.name is not None
        browser = self.browsers[jar.name]
        if shown == "wall stranger" or (shown == "wall unconfirmed" and not self._used_this_month(browser)):
            browser.instants.append(Opened(number, month_of(self.now), self.now + STAYS_OPEN))
        browser.letter_until = self.now + LETTER_LIVES

    def end_sessions(self, reader: int) -> None:
        self.sessions = {session: None if whose == reader else whose for session, whose in self.sessions.items()}

    def _instants(self, jar: Cookies) -> list[Opened]:
        return [] if jar.name is None else self.browsers[jar.name].instants

    def _is_open(self, opened: list[Opened], number: int) -> bool:
        return any(one.article == number and self.now < one.until for one in opened)

    def _used_this_month(self, browser: BrowserFacts) -> bool:
        return any(one.month == month_of(self.now) for one in browser.instants)

    def _has_to_confirm(self, jar: Cookies) -> bool:
        if jar.name is None:
            return False
        browser = self.browsers[jar.name]
        waits = browser.letter_until is not None and self.now < browser.letter_until
        return self._used_this_month(browser) or waits
