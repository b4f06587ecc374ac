"""Borders and coasts as Natural Earth draws them, simplified, from `outlines.json`. Pure; the file is read once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, chain
from pathlib import Path

from broadsheet.gazetteer.lines import Point

_FILE = Path(__file__).with_name("outlines.json")
Ring = tuple[int, ...]  # numbers of arcs; a negative one is turned round, -1 standing for arc 0
_SEAM = 179.9  # degrees east or west, beyond which a line is where the data are cut and no border


@dataclass(frozen=True, slots=True)
class Outlines:
    """Arcs of (longitude, latitude) in degrees; shapes as polygons of rings, the outer one first, by code or another name.

    `claimed`: shapes that others claim than who holds them, with the countries that do. `borders` are the arcs between two shapes.
    """

    arcs: tuple[tuple[Point, ...], ...]
    shapes: Mapping[str, tuple[tuple[Ring, ...], ...]]
    claimed: Mapping[str, tuple[str, ...]]
    borders: frozenset[int]

    def line(self, ring: Ring) -> list[Point]:
        """The points of a ring."""
        return list(chain.from_iterable(self.arcs[n] if n >= 0 else self.arcs[~n][::-1] for n in ring))


@cache
def load_outlines() -> Outlines:
    """All outlines."""
    whole = json.loads(_FILE.read_text("utf-8"))
    arcs = tuple(_decode(flat, whole["step"]) for flat in whole["arcs"])
    shapes = {key: tuple(tuple(tuple(ring) for ring in polygon) for polygon in rows) for key, rows in whole["shapes"].items()}
    uses = Counter(n if n >= 0 else ~n for rows in shapes.values() for polygon in rows for ring in polygon for n in ring)
    borders = frozenset(n for n, count in uses.items() if count > 1 and not all(abs(x) > _SEAM for x, _ in arcs[n]))
    return Outlines(arcs, shapes, {key: tuple(codes) for key, codes in whole["claimed"].items()}, borders)


def _decode(flat: list[int], step: float) -> tuple[Point, ...]:
    return tuple((x * step, y * step) for x, y in zip(accumulate(flat[::2]), accumulate(flat[1::2]), strict=True))
