"""Small groups stay hidden, and cannot be reckoned from what is shown. Pure.

A total that is shown, less all groups that are shown, leaves the sum of those that are hidden. So a group that would be
alone in hiding takes another with it, and what is hidden adds up to no less than the least group that is shown.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from enum import Enum
from typing import TypeVar

LEAST = 10  # people; a smaller group tells too much about each of them

Key = TypeVar("Key", bound=Hashable)


class Hidden(Enum):
    """Why a figure is not shown."""

    FEW = "fewer than ten"
    BESIDE = "hidden"  # so that nobody can reckon the ones that are few


Shown = int | Hidden


def hide_small(numbers: Mapping[Key, int], *, least: int = LEAST) -> dict[Key, Shown]:
    """The numbers of groups that together make a known total, those from 1 to below `least` hidden.

    One group alone is the total itself, which is no secret.
    """
    shown: dict[Key, Shown] = {
        key: Hidden.FEW if 0 < number < least and len(numbers) > 1 else number for key, number in numbers.items()
    }
    if not any(number is Hidden.FEW for number in shown.values()):
        return shown
    # The smallest first; where there is nothing else, groups of nobody too.
    for key in sorted(numbers, key=lambda key: (numbers[key] == 0, numbers[key])):
        hidden = [numbers[each] for each, number in shown.items() if isinstance(number, Hidden)]
        if len(hidden) > 1 and sum(hidden) >= least:
            break
        if not isinstance(shown[key], Hidden):
            shown[key] = Hidden.BESIDE
    return shown
