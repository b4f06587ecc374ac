"""Small groups stay hidden, and nobody can reckon them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.figures.hiding import LEAST, Hidden, Shown, hide_small

FEW, BESIDE = Hidden.FEW, Hidden.BESIDE


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ([], []),
        ([0, 0], [0, 0]),
        ([4], [4]),  # alone, it is the total
        ([10, 400], [10, 400]),
        ([9, 400, 30], [FEW, 400, BESIDE]),  # alone it would be the total less the others
        ([9, 9, 400], [FEW, FEW, 400]),
        ([2, 3, 400, 30], [FEW, FEW, 400, BESIDE]),  # two of five people together are still few
        ([9, 400, 0], [FEW, BESIDE, 0]),
        ([5, 0, 0], [FEW, BESIDE, BESIDE]),  # nothing but the total can be said
    ],
)
def test_what_is_shown(numbers: list[int], shown: list[Shown]) -> None:
    assert list(hide_small(dict(enumerate(numbers))).values()) == shown


@given(st.lists(st.integers(0, 30), min_size=2, max_size=8))
def test_total_less_what_is_shown_tells_of_no_small_group(numbers: list[int]) -> None:
    shown = hide_small(dict(enumerate(numbers)))
    hidden = [numbers[key] for key, figure in shown.items() if isinstance(figure, Hidden)]
    assert all(figure == 0 or figure >= LEAST for figure in shown.values() if isinstance(figure, int))
    if hidden:
        assert len(hidden) > 1
        assert sum(hidden) >= LEAST or len(hidden) == len(numbers)
