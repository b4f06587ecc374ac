"""Whole weeks and months."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.figures.weeks import MAX_PERIODS, Unit, choose_span, next_start

TODAY = date(2026, 2, 17)


@pytest.mark.parametrize(
    ("first", "last", "unit", "span"),
    [
        ("", "", Unit.WEEK, ("2025-12-01", "2026-02-22")),
        ("2026-02-04", "2026-02-10", Unit.WEEK, ("2026-02-02", "2026-02-15")),
        ("2026-01-01", "", Unit.MONTH, ("2026-01-01", "2026-02-28")),
        ("2024-02-29", "2024-02-29", Unit.MONTH, ("2024-02-01", "2024-02-29")),
        ("2026-02-10", "2026-02-01", Unit.WEEK, ("2025-11-10", "2026-02-01")),  # turned round
        ("nonsense", "2099-01-01", Unit.WEEK, ("2025-12-01", "2026-02-22")),
    ],
)
def test_span_is_widened_to_whole_periods(first: str, last: str, unit: Unit, span: tuple[str, str]) -> None:
    found = choose_span(first, last, unit, today=TODAY)
    assert (found.first.isoformat(), found.last.isoformat()) == span


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.sampled_from(Unit))
def test_periods_fill_the_span_without_gap(first: date, last: date, unit: Unit) -> None:
    span = choose_span(first.isoformat(), last.isoformat(), unit, today=TODAY)
    starts = list(span.periods())
    assert 1 <= len(starts) <= MAX_PERIODS
    assert [next_start(start, unit) for start in starts] == [*starts[1:], span.last + timedelta(days=1)]
    assert all(span.start_of(start) == start for start in starts)
