"""Everything one process holds for its readers, and how each line of the change log alters it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

from broadsheet.core import clock
from broadsheet.core.months import month_end, month_key
from broadsheet.edge.changes import ChangeLine
from broadsheet.edge.database import Database
from broadsheet.edge.held import Headers, HeldArticle, HeldPage, Shelf, hold_page
from broadsheet.edge.networks import NetworkTable
from broadsheet.paywall.passes import EXPIRES_AFTER, Pass, SigningKey

CURRENT_FOR_S = 2.0  # a process that has not looked at the change log for longer asks Django instead
REMEMBERED_S = EXPIRES_AFTER.total_seconds() + 3600


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

    def __init__(self) -> None:
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

    def covers(self, shown: Pass) -> bool:
        """Whether a pass was made before a change that ended it."""
        if shown.holder in self._sessions:
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
        self.is_away = False
        self.looked_at = float("-inf")  # time.monotonic() of the last good look at the change log
        self._month = ("", 0.0)

    def load(self) -> None:
        """Read what is held whole: networks, keys, allowance, revocations.

        Raises:
            DatabaseAway: it does not answer.
        """
        self.networks = NetworkTable(self.database.load_ranges())
        self.keys = {key.key_id: key for key in self.database.load_keys()}
        self.allowance = self.database.load_allowance(self.terms.default_allowance)
        for line in self.database.load_revocations():
            self._revoke(line)
        if self.terms.has_movable_clock and not isinstance(clock.current(), clock.StoppedClock):
            clock.use(clock.SystemClock(timedelta(seconds=self.database.load_clock_offset())))

    def find_article(self, article_id: int) -> HeldArticle | None:
        """What one published article allows; read from the database if it is not held, and if there is one.

        Raises:
            DatabaseAway: it does not answer.
        """
        held = self.articles.get(article_id)
        if held is None and not self.is_away:
            turn = self.articles.turn
            found = self.database.find_article(article_id)
            if found is not None:
                held = HeldArticle(*found)
                self.articles.put(article_id, held, turn=turn)
        return held

    def find_page(self, path: str, kind: str, encoding: str, now: datetime) -> HeldPage | None:
        """One finished page that is valid now; read from the database if it is not held, and if there is one.

        Raises:
            DatabaseAway: it does not answer.
        """
        key = (path, kind, encoding)
        page = self.pages.get(key)
        if page is None and not self.is_away:
            turn = self.pages.turn
            found = self.database.find_page(path, kind, self.terms.recipe, encoding)
            if found is not None:
                page = hold_page(found, kind, encoding, self.terms.security_headers)
                self.pages.put(key, page, turn=turn)
        if page is not None and page.valid_until is not None and now >= page.valid_until:
            return None
        return page

    def is_current(self) -> bool:
        """Whether the change log has been looked at just now."""
        return time.monotonic() - self.looked_at < CURRENT_FOR_S

    def month(self, now: datetime) -> str:
        """The meter's month, computed once a month."""
        name, ends = self._month
        if now.timestamp() >= ends or not name:
            name = month_key(now, self.terms.zone)
            self._month = (name, month_end(name, self.terms.zone).timestamp())
        return name

    def forget_all(self) -> None:
        """Read anew what is held whole, then forget every page and article.

        In this order, so that a database that fails in between leaves the pages that are held.
        """
        self.load()
        self.articles.clear()
        self.pages.clear()

    def follow(self, line: ChangeLine) -> None:
        """Do what one line of the change log asks for; kinds that mean nothing here are passed over."""
        act = _ACTS.get(line.kind)
        if act is not None:
            act(self, line)

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

    def _pages_changed(self, line: ChangeLine) -> None:
        self.articles.clear()
        self.pages.clear()

    def _publication_changed(self, line: ChangeLine) -> None:
        self.forget_all()

    def _revoke(self, line: ChangeLine) -> None:
        if line.kind == "session":
            self.revocations.end_session(line.subject)
        else:
            self.revocations.raise_version(int(line.subject), line.id)


_ACTS: Mapping[str, Callable[[Holdings, ChangeLine], None]] = {
    "article": Holdings._article_changed,
    "pages": Holdings._pages_changed,
    "publication": Holdings._publication_changed,
    "institution": Holdings._publication_changed,
    "keys": Holdings._publication_changed,
    "clock": Holdings._publication_changed,
    "rights": Holdings._revoke,
    "session": Holdings._revoke,
}
