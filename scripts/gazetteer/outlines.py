"""Simplifies Natural Earth's borders (world-atlas's TopoJSON) into the gazetteer's own file of arcs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "figures"))
from geography import decode_arc
from outline import ring_area, simplify

STEP = 0.02  # degrees; what a point is rounded to
SMALLEST = 0.004  # square degrees; a point whose triangle with its neighbours is smaller is dropped
SMALLEST_ISLAND = 0.004  # square degrees; a smaller one is kept only where the country has nothing larger
# Areas that the atlas draws by who holds them, or apart; they get shapes of their own.
APART = {"Somaliland": "x-somaliland", "N. Cyprus": "x-north-cyprus", "Siachen Glacier": "x-siachen", "Kosovo": "XK"}
CRIMEA = ((32.4, 44.3), (36.7, 46.3))
CLAIMED = {"x-crimea": ["UA", "RU"], "x-somaliland": ["SO"], "x-north-cyprus": ["CY"], "x-siachen": ["IN", "PK"], "EH": ["MA"],
           "XK": ["RS"], "PS": ["IL"], "TW": []}  # fmt: skip
LEFT_OUT = {"Antarctica"}

Ring = list[int]


def make_outlines(path: Path, codes: dict[str, str]) -> dict[str, Any]:
    """Arcs as whole numbers of `step` degrees, each after the first as a difference; shapes as polygons of rings of arcs.

    A negative number is an arc turned round, as in TopoJSON. Shapes without a page have their number as a name.
    """
    topology = json.loads(path.read_text("utf-8"))
    arcs = [list(decode_arc(arc, **topology["transform"])) for arc in topology["arcs"]]
    shapes: dict[str, list[list[Ring]]] = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        name = geometry["properties"]["name"]
        if name in LEFT_OUT or geometry["type"] is None:
            continue
        key = APART.get(name) or codes.get(geometry.get("id", ""), geometry.get("id") or name)
        polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
        for polygon in polygons:
            is_crimea = key == "RU" and all(_inside(arcs[~n if n < 0 else n], CRIMEA) for n in polygon[0])
            shapes.setdefault("x-crimea" if is_crimea else key, []).append(polygon)
    shapes = {key: _large_ones(polygons, arcs) for key, polygons in shapes.items()}
    used = sorted({~n if n < 0 else n for polygons in shapes.values() for polygon in polygons for ring in polygon for n in ring})
    place = {number: index for index, number in enumerate(used)}
    return {
        "source": {"name": "Natural Earth 1:50m, by world-atlas 2.0.2", "licence": "public domain"},
        "step": STEP,
        "claimed": CLAIMED,
        "arcs": [_written(simplify(arcs[number], SMALLEST)) for number in used],
        "shapes": {
            key: [[[~place[~n] if n < 0 else place[n] for n in ring] for ring in polygon] for polygon in polygons]
            for key, polygons in sorted(shapes.items())
        },
    }


def _large_ones(polygons: list[list[Ring]], arcs: list[Any]) -> list[list[Ring]]:
    sizes = [ring_area([point for n in polygon[0] for point in arcs[~n if n < 0 else n]]) for polygon in polygons]
    most = max(sizes)
    return [polygon for polygon, size in zip(polygons, sizes, strict=True) if size >= SMALLEST_ISLAND or size > most / 3]


def _inside(arc: list[Any], box: tuple[tuple[float, float], tuple[float, float]]) -> bool:
    (west, south), (east, north) = box
    return all(west <= x <= east and south <= y <= north for x, y in arc)


def _written(arc: list[Any]) -> list[int]:
    points = [(round(x / STEP), round(y / STEP)) for x, y in arc]
    kept = [points[0]] + [b for a, b in zip(points, points[1:], strict=False) if a != b]
    kept = kept if len(kept) > 1 else [points[0], points[-1]]
    flat = [*kept[0]]
    for a, b in zip(kept, kept[1:], strict=False):
        flat += [b[0] - a[0], b[1] - a[1]]
    return flat
