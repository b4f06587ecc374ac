"""The edge's own queries, in plain SQL over SQLite or PostgreSQL: a connection per thread, short timeouts, no Django.

Errors of either driver come out as one of two, so that callers know what they may do:

    DatabaseAway        nobody can write now, so what is held is as good as anything
    └── DatabaseBusy    others may be writing, so what is held may be out of date
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg

from broadsheet.ads.counting import ADD_COUNTS
from broadsheet.core.change_cursor import ChangeLine, Reading
from broadsheet.core.change_rows import read_changes, read_moment
from broadsheet.core.postgresql.connection import LimitedConnection
from broadsheet.edge.networks import InstitutionRange
from broadsheet.library.access import Access
from broadsheet.membership.entitlement import HeldGrant
from broadsheet.pages.variants import floor_of, kept_as, read_ads
from broadsheet.paywall.page_views import PageView, sum_ads, sum_events
from broadsheet.paywall.passes import SigningKey
from broadsheet.paywall.resolver import Asked

TIMEOUT_S = 0.5  # a page that waits longer is better asked of Django, or served as it is held
SILENT_FOR_S = 1.5  # a server that is only too busy says so after TIMEOUT_S; one that says nothing for so long is away
CONNECT_TIMEOUT_S = 2  # the least that PostgreSQL's library takes
# PostgreSQL's words for "not now": no connection to spare, memory or locks short, cancelled for its length (appendix A).
BUSY_STATES = ("53", "55P03", "57014")
# Its word for a statement that does not fit its tables or rights, as after a change of them: it answers, so others may write.
REFUSED_STATE = "42"
# A refused connection carries no state, only words: the server's, a database's or role's limit, a pooler's.
BUSY_WORDS = ("too many clients", "too many connections", "connection slots", "no more connections allowed")
_FIND_ARTICLE = (
    "SELECT slug, access, embargo_until, published_at FROM library_article WHERE id = ? AND live AND published_at IS NOT NULL"
)
# One statement, so that a page is never held without the articles that it names: it could not be dropped with them.
_FIND_PAGE = (
    "SELECT v.content_type, v.etag, v.{body}, v.valid_until, v.ads,"
    " (SELECT {join} FROM pages_variantmention m WHERE m.variant_id = v.id)"
    " FROM pages_variant v WHERE v.path = ? AND v.kind = ? AND v.recipe = ? AND v.epoch >= (SELECT {floor} FROM pages_epoch)"
)
_JOIN_SQLITE, _JOIN_POSTGRESQL = "GROUP_CONCAT(m.article_id)", "STRING_AGG(m.article_id::text, ',')"
_KEYS = "SELECT key_id, secret FROM core_signingkey"
_TRIMMED_AT = "SELECT MAX(last_at) FROM core_trimmedlog"
_REVOCATIONS = (
    "SELECT MAX(id), kind, subject, MAX(place) FROM core_change WHERE kind IN ('rights', 'session') GROUP BY kind, subject"
)
_ALLOWANCE = "SELECT articles_per_month FROM publication_publication ORDER BY id LIMIT 1"
_RANGES = (
    "SELECT n.network, i.id, i.name, i.starts_at, i.ends_at FROM membership_institutionnetwork n"
    " JOIN membership_institution i ON i.id = n.institution_id"
)
_ADD_EVENT = "INSERT INTO core_event (kind, at, month, article_id, reader_id, count, source) VALUES (?, ?, ?, ?, NULL, ?, ?)"


class DatabaseAway(Exception):
    """The database does not answer: stopped, locked, damaged or out of reach."""


class DatabaseBusy(DatabaseAway):
    """The database is there, but did not answer in time, has no connection to spare or refused; others may be writing to it."""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """One row of the variant table in one encoding."""

    content_type: str
    etag: str
    body: bytes
    valid_until: datetime | None
    mentions: frozenset[int]
    ads: tuple[int, ...] = ()


class Database:
    """One installation's database as the edge reads it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._is_sqlite = urlsplit(url).scheme == "sqlite"
        self._local = threading.local()

    def find_article(self, article_id: int) -> tuple[str, Asked, datetime] | None:
        """Slug, access and date of one published article."""
        rows = self._query(_FIND_ARTICLE, (article_id,))
        if not rows:
            return None
        slug, access, embargo_until, published_at = rows[0]
        moment = read_moment(published_at)
        assert moment is not None  # noqa: S101 (the query asks for it)
        return slug, Asked(article_id, Access(access), read_moment(embargo_until)), moment

    def find_page(self, path: str, kind: str, recipe: str, encoding: str) -> FoundPage | None:
        """One finished page in one encoding (`br` or `gzip`)."""
        column, join = "body_brotli" if encoding == "br" else "body_gzip", _JOIN_SQLITE if self._is_sqlite else _JOIN_POSTGRESQL
        query = _FIND_PAGE.format(body=column, join=join, floor=floor_of(path))
        rows = self._query(query, (path, kept_as(kind, recipe), recipe))
        if not rows:
            return None
        content_type, etag, body, valid_until, ads, named = rows[0]
        mentions = frozenset(map(int, named.split(","))) if named else frozenset()
        return FoundPage(content_type, etag, bytes(body), read_moment(valid_until), mentions, read_ads(ads))

    def read_changes(self, place: int | None, known_id: int = 0) -> Reading:
        """One look at the change log, as `core.change_rows.read_changes` gives it."""
        return read_changes(self._query, place, known_id, is_sqlite=self._is_sqlite)

    def load_clock_offset(self) -> int:
        """By how many seconds the demo's clock runs ahead."""
        return int(self._query("SELECT COALESCE(MAX(seconds), 0) FROM core_clockoffset")[0][0])

    def load_allowance(self, default: int) -> int:
        """How many articles a registered reader may open a month."""
        rows = self._query(_ALLOWANCE)
        return int(rows[0][0]) if rows else default

    def load_keys(self) -> list[SigningKey]:
        """The keys that passes may be signed with."""
        return [SigningKey(key_id, secret.encode()) for key_id, secret in self._query(_KEYS)]

    def load_revocations(self) -> list[ChangeLine]:
        """The last line about each reader or session whose passes have ended: the log is kept longer than a pass lives."""
        return [ChangeLine(*row) for row in self._query(_REVOCATIONS)]

    def load_trimmed_at(self) -> datetime | None:
        """When the newest line was made that has been deleted for its age."""
        return read_moment(self._query(_TRIMMED_AT)[0][0])

    def load_ranges(self) -> list[InstitutionRange]:
        """The networks of all institutions."""
        found = []
        for network, institution_id, name, starts_at, ends_at in self._query(_RANGES):
            start = read_moment(starts_at)
            if start is not None:
                grant = HeldGrant("institution", None, start, read_moment(ends_at), name, f"institution {institution_id}")
                found.append(InstitutionRange(network, grant))
        return found

    def add_views(self, views: Sequence[PageView], *, month: str, day: date, now: datetime) -> None:
        """Write views of pages to the event log and to the ads' days, all or none."""
        at = now.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds") if self._is_sqlite else now
        connection = self._connect()
        try:
            connection.execute("BEGIN IMMEDIATE" if self._is_sqlite else "BEGIN")
            for kind, article_id, reason, number in sum_events(views):
                connection.execute(self._adapt(_ADD_EVENT), (kind, at, month, article_id, number, reason))
            for ad_id, (shown, followed) in sorted(sum_ads(views).items()):
                connection.execute(self._adapt(ADD_COUNTS), (ad_id, str(day), shown, followed))
            connection.execute("COMMIT")
        except (sqlite3.Error, psycopg.Error) as error:
            self.close()
            raise _trouble(error) from error

    def close(self) -> None:
        """Close this thread's connection; its next question opens another."""
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            try:
                connection.close()
            except (sqlite3.Error, psycopg.Error):
                return

    def _query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        connection = self._connect()
        try:
            return connection.execute(self._adapt(sql), tuple(values)).fetchall()
        except (sqlite3.Error, psycopg.Error) as error:
            self.close()
            raise _trouble(error) from error

    def _adapt(self, sql: str) -> str:
        return sql if self._is_sqlite else sql.replace("?", "%s")

    def _connect(self) -> Any:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            try:
                connection = self._open()
            except (sqlite3.Error, psycopg.Error) as error:
                raise _trouble(error) from error
            self._local.connection = connection
        return connection

    def _open(self) -> Any:
        if self._is_sqlite:
            path = unquote(urlsplit(self._url).path)[1:]
            # Opened for writing, because a reader may have to recover the write-ahead log; never created.
            return sqlite3.connect(
                f"{Path(path).absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=TIMEOUT_S,
                isolation_level=None,
                check_same_thread=False,
            )
        options = f"-c statement_timeout={int(TIMEOUT_S * 1000)}"
        connection: LimitedConnection[Any] = LimitedConnection.connect(
            self._url, connect_timeout=CONNECT_TIMEOUT_S, options=options, autocommit=True
        )
        connection.answer_within_s = SILENT_FOR_S
        return connection


def _trouble(error: Exception) -> DatabaseAway:
    state = getattr(error, "sqlstate", None)
    is_busy = (state or "").startswith(BUSY_STATES) or any(words in str(error) for words in BUSY_WORDS)
    is_refused = (state or "").startswith(REFUSED_STATE) or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    return DatabaseBusy(str(error)) if is_busy or is_refused else DatabaseAway(str(error))
