"""Work on lines in the drawing: fewer points, cut at the frame, written as SVG paths."""

from heapq import heapify, heappop, heappush

from projection import Point

Bounds = tuple[float, float, float, float]  # left, top, right, bottom


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


def clip_ring(ring: list[Point], bounds: Bounds) -> list[Point]:
    """Cut a ring at the bounds (Sutherland and Hodgman, 1974)."""
    left, top, right, bottom = bounds
    for axis, limit, sign in ((0, left, 1), (0, right, -1), (1, top, 1), (1, bottom, -1)):
        if not ring:
            return []
        cut: list[Point] = []
        last = ring[-1]
        for point in ring:
            inside, was_inside = sign * (point[axis] - limit) >= 0, sign * (last[axis] - limit) >= 0
            if inside != was_inside:
                cut.append(cross(last, point, axis, limit))
            if inside:
                cut.append(point)
            last = point
        ring = cut
    return ring


def clip_line(line: list[Point], bounds: Bounds) -> list[list[Point]]:
    """Cut a line at the bounds into the pieces inside."""
    pieces = [line]
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
    """Find where the line from a to b meets the limit."""
    share = (limit - a[axis]) / (b[axis] - a[axis])
    other = a[1 - axis] + share * (b[1 - axis] - a[1 - axis])
    return (limit, other) if axis == 0 else (other, limit)


def ring_area(ring: list[Point]) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))) / 2


def write_path(lines: list[list[Point]], *, closed: bool) -> str:
    """Write whole-number relative path data, the shortest form that a browser reads."""
    parts = []
    for line in lines:
        points = [(round(x), round(y)) for x, y in line]
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(points, points[1:], strict=False)]
        steps = [step for step in steps if step != (0, 0)]
        if steps:
            numbers = "".join(f"{dx:d}" if i and dx < 0 else f" {dx:d}" for i, dx in enumerate(n for step in steps for n in step))
            parts.append(f"M{points[0][0]} {points[0][1]}l{numbers.strip()}{'z' if closed else ''}")
    return "".join(parts)


def smooth(points: list[Point], rounds: int = 2) -> list[Point]:
    """Round the corners of a hand-picked line (Chaikin, 1974); its ends stay."""
    for _ in range(rounds):
        cut = [points[0]]
        for a, b in zip(points, points[1:], strict=False):
            cut += [(0.75 * a[0] + 0.25 * b[0], 0.75 * a[1] + 0.25 * b[1]), (0.25 * a[0] + 0.75 * b[0], 0.25 * a[1] + 0.75 * b[1])]
        points = [*cut, points[-1]]
    return points
