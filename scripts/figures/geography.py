"""Read Natural Earth: TopoJSON countries from the world-atlas package, GeoJSON lakes, rivers and disputed areas."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

Position = tuple[float, float]  # longitude, latitude in degrees
Line = list[Position]
Box = tuple[float, float, float, float]  # west, south, east, north

FOLDER = Path("natural-earth")  # set by the command line


@dataclass(frozen=True)
class Country:
    """A country as its data file draws it: polygons of rings, each ring a list of arc numbers (negative: reversed)."""

    name: str
    polygons: tuple[tuple[tuple[int, ...], ...], ...]


@lru_cache
def load_atlas(scale: str) -> tuple[list[Line], list[Country]]:
    """Read the arcs and the countries of one scale, "10m" or "50m"."""
    topology = json.loads((FOLDER / f"countries-{scale}.json").read_text("utf-8"))
    arcs = [list(decode_arc(arc, **topology["transform"])) for arc in topology["arcs"]]
    countries = []
    for shape in topology["objects"]["countries"]["geometries"]:
        if shape["type"] is None:
            continue
        polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        rings = tuple(tuple(tuple(ring) for ring in polygon) for polygon in polygons)
        countries.append(Country(shape["properties"]["name"], rings))
    return arcs, countries


def decode_arc(arc: list[list[int]], scale: list[float], translate: list[float]) -> Iterator[Position]:
    """Undo TopoJSON's delta coding and quantisation."""
    x = y = 0
    for dx, dy in arc:
        x, y = x + dx, y + dy
        yield x * scale[0] + translate[0], y * scale[1] + translate[1]


@lru_cache
def load_features(file: str) -> list[dict]:
    """Read the features of one GeoJSON file."""
    return json.loads((FOLDER / file).read_text("utf-8"))["features"]


def list_lines(geometry: dict) -> list[Line]:
    """List the lines, or the rings, of one GeoJSON geometry."""
    kind, parts = geometry["type"], geometry["coordinates"]
    nested = {"LineString": [parts], "MultiLineString": parts, "Polygon": parts}
    lines = nested[kind] if kind in nested else [ring for polygon in parts for ring in polygon]
    return [[(point[0], point[1]) for point in line] for line in lines]


def find_rivers(names: set[str] | None, box: Box) -> list[tuple[str, Line]]:
    """Find the rivers of the given names, or all, that touch the box."""
    found = []
    for feature in load_features("ne_10m_rivers_lake_centerlines.json"):
        name = " ".join((feature["properties"]["name"] or "").split())
        if feature["geometry"] and (names is None or name in names):
            found += [(name, line) for line in list_lines(feature["geometry"]) if touches(line, box)]
    return found


def find_lakes(box: Box) -> list[list[Line]]:
    """Find the lakes that touch the box; each is a list of rings."""
    files = ("ne_10m_lakes.json", "ne_10m_lakes_europe.json")
    shapes = [list_lines(feature["geometry"]) for file in files for feature in load_features(file) if feature["geometry"]]
    return [rings for rings in shapes if any(touches(ring, box) for ring in rings)]


def find_area(name: str) -> list[Line]:
    """Find the rings of one disputed area by the name Natural Earth gives it."""
    features = load_features("ne_10m_admin_0_disputed_areas.json")
    return [ring for item in features if item["properties"]["BRK_NAME"] == name for ring in list_lines(item["geometry"])]


def touches(line: Line, box: Box) -> bool:
    west, south, east, north = box
    return (
        max(x for x, _ in line) >= west and min(x for x, _ in line) <= east
        and max(y for _, y in line) >= south and min(y for _, y in line) <= north
    )  # fmt: skip


def holds(ring: Line, place: Position) -> bool:
    """Say whether a place lies inside a ring (even-odd rule)."""
    x, y = place
    if not (min(p[0] for p in ring) <= x <= max(p[0] for p in ring)):
        return False
    inside = False
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside
