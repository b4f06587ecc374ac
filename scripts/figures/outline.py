"""Work on lines in the drawing: fewer points, cut at the frame, written as SVG paths."""

from heapq import heapify, heappop, heappush

from projection import Point

from broadsheet.gazetteer.lines import Bounds, clip_line, clip_ring, cross, ring_area, write_path

__all__ = ["Bounds", "clip_line", "clip_ring", "cross", "ring_area", "simplify", "smooth", "triangle", "write_path"]


def simplify(line: list[Point], smallest: float) -> list[Point]:
    """Drop the points whose triangle with their neighbours is smaller than an area (Visvalingam and Whyatt, 1993)."""
    count = len(line)
    if count < 4 or smallest <= 0:
        return line
    before, after, alive = list(range(-1, count - 1)), list(range(1, count + 1)), [True] * count
    areas = [float("inf")] + [triangle(line[i - 1], line[i], line[i + 1]) for i in range(1, count - 1)] + [float("inf")]
    queue = [(areas[i], i) for i in range(1, count - 1)]
    heapify(queue)
    kept = count
    while queue and kept > (4 if line[0] == line[-1] else 2):
        area, i = heappop(queue)
        if not alive[i] or area != areas[i]:
            continue
        if area >= smallest:
            break
        alive[i] = False
        kept -= 1
        left, right = before[i], after[i]
        after[left], before[right] = right, left
        for j in (left, right):
            if 0 < j < count - 1:
                areas[j] = max(area, triangle(line[before[j]], line[j], line[after[j]]))
                heappush(queue, (areas[j], j))
    return [point for point, stays in zip(line, alive, strict=True) if stays]


def triangle(a: Point, b: Point, c: Point) -> float:
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2


def smooth(points: list[Point], rounds: int = 2) -> list[Point]:
    """Round the corners of a hand-picked line (Chaikin, 1974); its ends stay."""
    for _ in range(rounds):
        cut = [points[0]]
        for a, b in zip(points, points[1:], strict=False):
            cut += [(0.75 * a[0] + 0.25 * b[0], 0.75 * a[1] + 0.25 * b[1]), (0.25 * a[0] + 0.75 * b[0], 0.25 * a[1] + 0.75 * b[1])]
        points = [*cut, points[-1]]
    return points
