"""The change log as either database gives it: one question for SQLite, one for PostgreSQL, and how their rows are read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from broadsheet.core.change_cursor import ChangeLine, Mark, Reading

# One statement, so that lines, horizon and ends are of one moment. Where nothing is asked for, only the ends come.
_CHANGES = (
    "SELECT c.id, c.kind, c.subject, {place}, c.at, n.id, n.at, k.at,"
    " (SELECT COALESCE(MAX(up_to), 0) FROM core_trimmedlog), {horizon} FROM (SELECT 1) one"
    " LEFT JOIN core_change n ON n.id = (SELECT MAX(id) FROM core_change)"
    " LEFT JOIN core_change k ON k.id = ? LEFT JOIN core_change c ON {place} >= ?"
)
CHANGES_SQLITE = _CHANGES.format(place="c.id", horizon="NULL")
CHANGES_POSTGRESQL = _CHANGES.format(place="c.place", horizon="pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
BEYOND = 2**62  # no place is so high

Ask = Callable[[str, tuple[int, int]], Sequence[tuple[Any, ...]]]


def read_changes(ask: Ask, place: int | None, known_id: int = 0, *, is_sqlite: bool) -> Reading:
    """One look at the change log from `place` on; None looks at its end only, with what is still unsettled there.

    `ask` runs one statement, whose values stand for its question marks; `known_id` names a line that the reader knows, to see
    whether it is still the same one.
    """
    changes = CHANGES_SQLITE if is_sqlite else CHANGES_POSTGRESQL
    if place is None:
        place = _read_rows(ask(changes, (known_id, BEYOND))).horizon
    return _read_rows(ask(changes, (known_id, place)))


def _read_rows(rows: Sequence[tuple[Any, ...]]) -> Reading:
    lines = tuple(ChangeLine(row[0], row[1], row[2], row[3], read_moment(row[4])) for row in rows if row[0] is not None)
    newest, newest_at, known_at, trimmed_to, horizon = rows[0][5:]
    if horizon is None:  # SQLite: the next line's id
        horizon = max(newest or 0, trimmed_to) + 1
    return Reading(lines, horizon, Mark(newest or 0, read_moment(newest_at)), trimmed_to, read_moment(known_at))


def read_moment(value: Any) -> datetime | None:
    """A moment as either database gives it: SQLite keeps text in UTC without a zone, which some drivers read as a date."""
    if value is None:
        return None
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
