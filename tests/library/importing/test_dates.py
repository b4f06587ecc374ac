"""Dates as sources write them become moments."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from broadsheet.library.importing.dates import parse_moment
from broadsheet.library.importing.items import Desk, Refused

BERLIN = Desk(datetime(2026, 2, 17, 9, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-03-31T06:30:00+00:00", datetime(2024, 3, 31, 6, 30, tzinfo=UTC)),
        ("2024-03-31T06:30:00Z", datetime(2024, 3, 31, 6, 30, tzinfo=UTC)),
        ("2024-01-31 06:30:00", datetime(2024, 1, 31, 5, 30, tzinfo=UTC)),
        ("2024-07-01", datetime(2024, 6, 30, 22, 0, tzinfo=UTC)),
        (date(2024, 7, 1), datetime(2024, 6, 30, 22, 0, tzinfo=UTC)),
        ("Tue, 05 Mar 2024 06:30:00 +0000", datetime(2024, 3, 5, 6, 30, tzinfo=UTC)),
        ("5 March 2024", datetime(2024, 3, 4, 23, 0, tzinfo=UTC)),
        ("March 5th, 2024, 06:30", datetime(2024, 3, 5, 5, 30, tzinfo=UTC)),
        ("31/12/2023", datetime(2023, 12, 30, 23, 0, tzinfo=UTC)),
        ("12/31/2023", datetime(2023, 12, 30, 23, 0, tzinfo=UTC)),
    ],
)
def test_a_date_without_zone_is_the_publications(written: object, expected: datetime) -> None:
    assert parse_moment(written, BERLIN) == expected


@pytest.mark.parametrize("empty", [None, "", "  ", "0000-00-00 00:00:00"])
def test_an_empty_date_is_none(empty: object) -> None:
    assert parse_moment(empty, BERLIN) is None


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("2023-02-30", "is not one"),
        ("30 February 2023", "no day 30"),
        ("yesterday", "is not one"),
        ("04/05/2023", "may be day/month"),
        ("0001-01-01T00:00:00+14:00", "outside"),
        ("9999-12-31T23:59:59-12:00", "outside"),
    ],
)
def test_an_impossible_or_doubtful_date_is_refused_and_not_guessed(written: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        parse_moment(written, BERLIN)
