"""Everything one process holds for its readers, and how each line of the change log alters it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

from broadsheet.core import clock
from broadsheet.core.change_cursor import ChangeLine
from broadsheet.core.months import month_end, month_key
from broadsheet.edge.database import Database
from broadsheet.edge.held import Headers, HeldArticle, HeldPage, Shelf, hold_page
from broadsheet.edge.networks import NetworkTable
from broadsheet.paywall.passes import EXPIRES_AFTER, Pass, SigningKey

CURRENT_FOR_S = 2.0  # a process that has not looked at the change log for longer asks Django instead
# A little sooner, or readers would be sent to wait where the change log waits: SQLite on a disk that hangs knows no time limit.
SILENT_FOR_S = CURRENT_FOR_S - 0.1
AWAY_FOR_S = EXPIRES_AFTER.total_seconds()  # without the database what is held goes on for as long as a pass
REMEMBERED_S = EXPIRES_AFTER.total_seconds() + 3600
# By how much a line may be older than the moment at which it could be read: its transaction took so long, clocks differ.
LATE_S = 300.0
_NEVER = datetime.max.replace(tzinfo=UTC)


class NotHeld(Exception):
    """The database would have to be asked, by somebody who may not wait for it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the installation and the publication decide, as the edge needs it."""

    recipe: str
    zone: ZoneInfo
    default_allowance: int
    security_headers: Headers
    has_movable_clock: bool = False  # the demo's


class Revocations:
    """Passes that count no more: of sessions that ended, and of readers whose rights have changed since."""

    def __init__(self, blind_until: float = float("-inf")) -> None:
        """No pass counts that was made by `blind_until` (seconds since 1970), because what ended it may be unknown."""
        self._blind_until = blind_until
        self._sessions: dict[str, float] = {}
        self._versions: dict[int, tuple[int, float]] = {}
        self._lock = Lock()

    def end_session(self, holder: str) -> None:
        """No pass of this session or browser counts any more."""
        with self._lock:
            self._sessions[holder] = time.monotonic()

    def raise_version(self, reader_id: int, version: int) -> None:
        """Passes of this reader count only from `version` on."""
        with self._lock:
            known = self._versions.get(reader_id, (0, 0.0))[0]
            self._versions[reader_id] = (max(known, version), time.monotonic())

    def take(self, line: ChangeLine) -> None:
        """Do what a line about a session or a reader's rights says."""
        if line.kind == "session":
            self.end_session(line.subject)
        else:
            self.raise_version(int(line.subject), line.id)

    def covers(self, shown: Pass) -> bool:
        """Whether a pass was made before a change that ended it."""
        if shown.issued_at <= self._blind_until or shown.holder in self._sessions:
            return True
        version = self._versions.get(shown.reader_id or 0)
        return version is not None and shown.version < version[0]

    def forget_old(self) -> None:
        """Drop what is older than any pass can be."""
        before = time.monotonic() - REMEMBERED_S
        with self._lock:
            self._sessions = {holder: at for holder, at in self._sessions.items() if at > before}
            self._versions = {reader: held for reader, held in self._versions.items() if held[1] > before}


class Holdings:
    """Pages, articles, networks, keys and revocations of one process."""

    def __init__(self, database: Database, terms: Terms, *, max_bytes: int) -> None:
        self.database = database
        self.terms = terms
        self.pages: Shelf[HeldPage] = Shelf(max_bytes)
        self.articles: Shelf[HeldArticle] = Shelf(max_bytes // 8)
        self.revocations = Revocations()
        self.networks = NetworkTable()
        self.keys: Mapping[str, SigningKey] = {}
        self.allowance = terms.default_allowance
        self._is_away = False
        self.looked_at = float("-inf")  # time.monotonic() of the last good look at the change log
        self.asked_at = float("inf")  # the same of a look that has no answer yet
        self._month = ("", _NEVER, _NEVER)

    @property
    def is_away(self) -> bool:
        """Whether the database was found not to answer, or has let us wait so long that it does not."""
        return self._is_away or time.monotonic() - self.asked_at > SILENT_FOR_S

    @is_away.setter
    def is_away(self, is_away: bool) -> None:
        self._is_away = is_away

    def begin(self, *, now: datetime, has_missed_lines: bool = False) -> None:
        """Hold what is true at `now` and nothing from before: when the process starts, or can't tell what it has missed.

        Raises:
            DatabaseAway: it does not answer.
        """
        if has_missed_lines:  # what is held may have ended, so it must not go on if the database fails just now
            self._forget_pages()
            self.revocations = Revocations(now.timestamp())
        trimmed_at = self.database.load_trimmed_at()
        blind_until = float("-inf") if trimmed_at is None else min(trimmed_at.timestamp() + LATE_S, now.timestamp())
        revocations = Revocations(now.timestamp() if has_missed_lines else blind_until)
        for line in self.database.load_revocations():
            revocations.take(line)
        self.revocations = revocations  # not before it is whole: readers are answered meanwhile
        self._load()
        self._forget_pages()

    def find_article(self, article_id: int, *, may_wait: bool = True) -> HeldArticle | None:
        """What one published article allows; read from the database if it is not held, and if there is one.

        Raises:
            DatabaseAway: it does not answer.
            NotHeld: it would have to be asked, but the caller may not wait.
        """
        held = self.articles.get(article_id)
        if held is None and not self.is_away:
            if not may_wait:
                raise NotHeld
            turn = self.articles.turn
            found = self.database.find_article(article_id)
            if found is not None:
                held = HeldArticle(*found)
                self.articles.put(article_id, held, turn=turn)
        return held

    def find_page(self, path: str, kind: str, encoding: str, now: datetime, *, may_wait: bool = True) -> HeldPage | None:
        """One finished page that is valid now; read from the database if it is not held, and if there is one.

        Raises:
            DatabaseAway: it does not answer.
            NotHeld: it would have to be asked, but the caller may not wait.
        """
        page = self.pages.get((path, kind, encoding))
        if page is not None and page.is_valid(now):
            return page
        if self.is_away:
            return page  # even if it has run out: yesterday's home page is better than none
        if not may_wait:
            raise NotHeld
        turn = self.pages.turn
        found = self.database.find_page(path, kind, self.terms.recipe, encoding)
        if found is None:
            return None
        page = hold_page(found, kind, encoding, self.terms.security_headers)
        self.pages.put((path, kind, encoding), page, turn=turn)
        return page if page.is_valid(now) else None

    def is_current(self) -> bool:
        """Whether the change log has been looked at just now."""
        return time.monotonic() - self.looked_at < CURRENT_FOR_S

    def may_be_shown(self) -> bool:
        """Whether what is held may answer readers: it is current, or the database has been away for less than a day."""
        return self.is_current() or (self.is_away and time.monotonic() - self.looked_at < AWAY_FOR_S)

    def month(self, now: datetime) -> str:
        """The meter's month, computed once a month."""
        name, starts, ends = self._month
        if not starts <= now < ends:
            name = month_key(now, self.terms.zone)
            # From this moment on, so that a clock that goes back is noticed too.
            self._month = (name, now, month_end(name, self.terms.zone))
        return name

    def follow(self, lines: Sequence[ChangeLine]) -> None:
        """Do what lines of the change log ask for; kinds that mean nothing here are passed over.

        What needs the database comes last and once: if it fails, the rest has been done.

        Raises:
            DatabaseAway: it does not answer.
        """
        for line in lines:
            act = _ACTS.get(line.kind)
            if act is not None:
                act(self, line)
        if any(line.kind in _LOADED_WHOLE for line in lines):
            self._load()
            self._forget_pages()

    def _load(self) -> None:
        """Read anew what is held whole: networks, keys, allowance, the demo's clock."""
        self.networks = NetworkTable(self.database.load_ranges())
        self.keys = {key.key_id: key for key in self.database.load_keys()}
        self.allowance = self.database.load_allowance(self.terms.default_allowance)
        if self.terms.has_movable_clock and not isinstance(clock.current(), clock.StoppedClock):
            clock.use(clock.SystemClock(timedelta(seconds=self.database.load_clock_offset())))

    def _forget_pages(self) -> None:
        self.articles.clear()
        self.pages.clear()

    def _article_changed(self, line: ChangeLine) -> None:
        article_id = int(line.subject)
        self.articles.discard([article_id])
        own = f"/articles/{article_id}/"
        self.pages.discard(
            [
                key
                for key, page in self.pages.items()
                if key[0] == own or article_id in page.mentions or not str(key[0]).startswith("/articles/")  # type: ignore[index]
            ]
        )

    def _arrangement_changed(self, line: ChangeLine) -> None:
        own = {f"/articles/{article_id}/" for article_id in line.subject.split(",")}
        keys = [key for key, _ in self.pages.items()]
        self.pages.discard([key for key in keys if key[0] in own or not str(key[0]).startswith("/articles/")])  # type: ignore[index]

    def _pages_changed(self, line: ChangeLine) -> None:
        self._forget_pages()

    def _revoke(self, line: ChangeLine) -> None:
        self.revocations.take(line)


_ACTS: Mapping[str, Callable[[Holdings, ChangeLine], None]] = {
    "article": Holdings._article_changed,
    "arrangement": Holdings._arrangement_changed,
    "pages": Holdings._pages_changed,
    "rights": Holdings._revoke,
    "session": Holdings._revoke,
}
# What these are about is held whole, and shows on any page.
_LOADED_WHOLE = frozenset(("publication", "institution", "keys", "clock"))
