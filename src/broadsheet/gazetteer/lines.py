"""Lines and rings in a drawing: cut at its frame, written as SVG paths. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

Point = tuple[float, float]
Bounds = tuple[float, float, float, float]  # left, top, right, bottom


def clip_ring(ring: Sequence[Point], bounds: Bounds) -> list[Point]:
    """Cut a ring at the bounds (Sutherland and Hodgman, 1974)."""
    left, top, right, bottom = bounds
    found = list(ring)
    for axis, limit, sign in ((0, left, 1), (0, right, -1), (1, top, 1), (1, bottom, -1)):
        if not found:
            return []
        cut: list[Point] = []
        last = found[-1]
        for point in found:
            inside, was_inside = sign * (point[axis] - limit) >= 0, sign * (last[axis] - limit) >= 0
            if inside != was_inside:
                cut.append(cross(last, point, axis, limit))
            if inside:
                cut.append(point)
            last = point
        found = cut
    return found


def clip_line(line: Sequence[Point], bounds: Bounds) -> list[list[Point]]:
    """Cut a line at the bounds into the pieces inside."""
    pieces = [list(line)]
    left, top, right, bottom = bounds
    for axis, limit, sign in ((0, left, 1), (0, right, -1), (1, top, 1), (1, bottom, -1)):
        cut: list[list[Point]] = []
        for piece in pieces:
            run: list[Point] = []
            for i, point in enumerate(piece):
                inside = sign * (point[axis] - limit) >= 0
                if i and inside != (sign * (piece[i - 1][axis] - limit) >= 0):
                    run.append(cross(piece[i - 1], point, axis, limit))
                    if not inside:
                        cut.append(run)
                        run = []
                if inside:
                    run.append(point)
            cut.append(run)
        pieces = [run for run in cut if len(run) > 1]
    return pieces


def cross(a: Point, b: Point, axis: int, limit: float) -> Point:
    """Where the line from a to b meets the limit."""
    share = (limit - a[axis]) / (b[axis] - a[axis])
    other = a[1 - axis] + share * (b[1 - axis] - a[1 - axis])
    return (limit, other) if axis == 0 else (other, limit)


def ring_area(ring: Sequence[Point]) -> float:
    """The area inside a ring, in the drawing's units."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], *ring[:1]], strict=True))) / 2


def write_path(lines: Iterable[Sequence[Point]], *, closed: bool) -> str:
    """Whole-number relative path data, the shortest form that a browser reads."""
    parts = []
    for line in lines:
        points = [(round(x), round(y)) for x, y in line]
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
        steps = [step for step in steps if step != (0, 0)]
        if steps:
            numbers = "".join(f"{dx:d}" if i and dx < 0 else f" {dx:d}" for i, dx in enumerate(n for step in steps for n in step))
            parts.append(f"M{points[0][0]} {points[0][1]}l{numbers.strip()}{'z' if closed else ''}")
    return "".join(parts)
