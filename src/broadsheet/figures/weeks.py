"""Ranges of whole weeks or months in the publication's days. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

WEEK = timedelta(days=7)
MAX_PERIODS = 260  # five years of weeks: more columns than anybody reads
DEFAULT_PERIODS = 12


class Unit(StrEnum):
    """By what a page counts."""

    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` to `last`, both counted, that fill whole weeks (Monday to Sunday) or months."""

    unit: Unit
    first: date
    last: date

    def start_of(self, day: date) -> date:
        """The first day of the week or month that a day is in."""
        return start_of(day, self.unit)

    def periods(self) -> Iterator[date]:
        """The first day of each week or month, in order."""
        start = self.first
        while start <= self.last:
            yield start
            start = next_start(start, self.unit)

    def name_of(self, start: date) -> str:
        """Such as `16 Feb 2026`, the Monday of a week, or `February 2026`."""
        return f"{start:%B %Y}" if self.unit is Unit.MONTH else f"{start.day} {start:%b %Y}"

    @property
    def words(self) -> str:
        """Such as `8 December 2025 to 1 March 2026`."""
        first, last = (f"{day.day} {day:%B %Y}" for day in (self.first, self.last))
        return f"{first} to {last}"


def start_of(day: date, unit: Unit) -> date:
    """The Monday, or the first of the month, on or before a day."""
    return day.replace(day=1) if unit is Unit.MONTH else day - timedelta(days=day.weekday())


def next_start(start: date, unit: Unit) -> date:
    """The first day of the next week or month."""
    return (start.replace(day=1) + timedelta(days=32)).replace(day=1) if unit is Unit.MONTH else start + WEEK


def choose_span(typed_first: str, typed_last: str, unit: Unit, *, today: date) -> Span:
    """The span that somebody typed as `2026-02-17`, widened to whole periods; what can't be read is the usual one.

    Never more than `MAX_PERIODS`, and never later than the present one, which is not over yet.
    """
    last = min(read_day(typed_last) or today, today)
    first = read_day(typed_first)
    if first is None or first > last:
        first = _back(start_of(last, unit), unit, DEFAULT_PERIODS - 1)
    first = max(start_of(first, unit), _back(start_of(last, unit), unit, MAX_PERIODS - 1))
    return Span(unit, first, next_start(start_of(last, unit), unit) - timedelta(days=1))


def read_day(text: str) -> date | None:
    """A date as a form sends it; None if it is none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _back(start: date, unit: Unit, number: int) -> date:
    if unit is Unit.WEEK:
        return start - number * WEEK
    months = start.year * 12 + start.month - 1 - number
    return date(months // 12, months % 12 + 1, 1)
