"""Dates as exports, front matter and web pages write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from email.utils import parsedate_to_datetime

from broadsheet.library.importing.items import Desk, Refused

EARLIEST, LATEST = 1500, 2200
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_CLOCK = r"(?:,?\s+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2}))?"
_WRITTEN = [
    re.compile(rf"\b{_DAY}\s+{_MONTH},?\s+{_YEAR}\b{_CLOCK}", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s+{_DAY},?\s+{_YEAR}\b{_CLOCK}", re.IGNORECASE),
]
_SLASHED = re.compile(r"^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$")


def parse_moment(value: object, desk: Desk) -> datetime | None:
    """The moment that `value` names; None for an empty one. Without a zone it is the publication's, without a time midnight.

    Raises:
        Refused: it is not a date, or there is no such day.
    """
    if isinstance(value, datetime):
        return _checked(value if value.tzinfo else value.replace(tzinfo=desk.zone), value)
    if isinstance(value, date):
        return _checked(desk.midnight(value), value)
    text = str(value).strip() if value is not None else ""
    if not text or text.startswith("0000-00-00"):
        return None
    moment = _parse_iso(text, desk) or _parse_mail(text, desk) or find_written_date(text, desk) or _parse_slashed(text, desk)
    if moment is None:
        raise Refused(f"the date “{text[:60]}” is not one; write it as 2024-03-31 or 2024-03-31T06:30:00+01:00")
    return _checked(moment, text)


def find_written_date(text: str, desk: Desk) -> datetime | None:
    """The first date written out in `text` ("31 March 2024", "March 31, 2024, 06:30"); None if there is none."""
    for pattern in _WRITTEN:
        match = pattern.search(text)
        if match is None:
            continue
        month = _MONTHS.index(match["month"][:3].lower()) + 1
        at = time(int(match["hour"]) % 24, int(match["minute"]) % 60) if match["hour"] else time()
        return _day(int(match["year"]), month, int(match["day"]), desk, at=at)
    return None


def _parse_iso(text: str, desk: Desk) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=desk.zone)


def _parse_mail(text: str, desk: Desk) -> datetime | None:
    """A date as mail and RSS write it; one without a zone is the publication's."""
    if not re.match(r"^[A-Za-z]{3},\s", text):
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=desk.zone)


def _parse_slashed(text: str, desk: Desk) -> datetime | None:
    """Day/month/year or month/day/year, where the numbers leave no doubt."""
    match = _SLASHED.match(text)
    if match is None:
        return None
    first, second, year = (int(part) for part in match.groups())
    if first > 12 or first == second:
        return _day(year, second, first, desk)
    if second > 12:
        return _day(year, first, second, desk)
    raise Refused(f"the date “{text}” may be day/month or month/day; write it as {year}-{second:02}-{first:02} or the other way")


def _day(year: int, month: int, day: int, desk: Desk, *, at: time = time()) -> datetime:
    try:
        return desk.midnight(date(year, month, day), at)
    except ValueError:
        raise Refused(f"there is no day {day} of month {month} in the year {year}") from None


def _checked(moment: datetime, written: object) -> datetime:
    if not EARLIEST <= moment.year <= LATEST:
        raise Refused(f"the date “{written}” is outside {EARLIEST} to {LATEST}")
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Refused(f"the date “{written}” cannot be placed in time") from None
