"""Ratios of paired rounds, with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import median

RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of ratios, and the 95% interval of that median by bootstrap over rounds."""

    median: float
    low: float
    high: float


def ratio_of_rounds(above: Sequence[float], below: Sequence[float]) -> Ratio:
    """`above` by `below`, round by round: what disturbed both sides of one round falls out of it."""
    ratios = [one / other for one, other in zip(above, below, strict=True)]
    random = Random(1)
    medians = sorted(median(random.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    return Ratio(median(ratios), medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975)])
