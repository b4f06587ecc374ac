"""Find room for labels: none on another, none out of the frame, few across lines."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import cos, radians, sin

import numpy
from lettering import STYLES, measure
from outline import Bounds
from PIL import Image, ImageDraw
from projection import Point

CELL = 8  # drawing units to a cell of the masks
WATER = 0


@dataclass(frozen=True)
class Spot:
    """One place a label could take."""

    x: float  # centre of the text block
    y: float
    anchor: str  # start, middle or end
    cost: float
    angle: float = 0.0


@dataclass(frozen=True)
class Placed:
    """A label in its place; baseline is that of the first line."""

    lines: tuple[str, ...]
    kind: str
    spot: Spot
    x: float
    baseline: float
    leading: float
    on_water: bool


@dataclass
class Room:
    """What is where in one drawing: whose ground each cell is, which cells carry lines, which boxes are taken."""

    width: int
    height: int
    owners: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        size = (self.width // CELL + 1, self.height // CELL + 1)
        self.ground = Image.new("I", size, WATER)
        self.strokes = Image.new("L", size, 0)
        self.taken: list[tuple[Bounds, object]] = []

    def fill(self, ring: list[Point], owner: str) -> None:
        """Note a ring as the ground of an owner; "" is water."""
        number = self.owners.setdefault(owner, len(self.owners) + 1) if owner else WATER
        if len(ring) > 2:
            ImageDraw.Draw(self.ground).polygon([(x / CELL, y / CELL) for x, y in ring], fill=number)

    def stroke(self, line: list[Point], weight: int) -> None:
        """Note a line; the weight says how badly a label on it reads."""
        ImageDraw.Draw(self.strokes).line([(x / CELL, y / CELL) for x, y in line], fill=weight, width=1)

    def seal(self) -> None:
        """Turn the drawn masks into arrays, once all is drawn."""
        self._ground = numpy.array(self.ground)
        self._strokes = numpy.array(self.strokes)

    def take(self, box: Bounds, owner: object = None) -> None:
        self.taken.append((box, owner))

    def free(self) -> list[tuple[Bounds, object]]:
        return list(self.taken)

    def cells(self, box: Bounds) -> tuple[slice, slice]:
        left, top, right, bottom = (max(int(value / CELL), 0) for value in box)
        return slice(top, bottom + 1), slice(left, right + 1)

    def foreign_share(self, box: Bounds, owner: int) -> float:
        part = self._ground[self.cells(box)]
        return 1.0 - float((part == owner).mean()) if part.size else 1.0

    def stroke_cost(self, box: Bounds) -> float:
        return float(self._strokes[self.cells(box)].sum()) / 60

    def list_ground(self, owner: str, bounds: Bounds) -> tuple[list[Point], Point] | None:
        """List the cell centres of an owner's ground inside the bounds, thinned, and their middle."""
        if owner not in self.owners:
            return None
        mask = numpy.zeros_like(self._ground, dtype=bool)
        rows, columns = self.cells(bounds)
        mask[rows, columns] = self._ground[rows, columns] == self.owners[owner]
        ys, xs = numpy.nonzero(mask)
        if not len(xs):
            return None
        step = max(len(xs) // 900, 1)
        cells = [((x + 0.5) * CELL, (y + 0.5) * CELL) for x, y in zip(xs[::step], ys[::step], strict=True)]
        return cells, (float(xs.mean() + 0.5) * CELL, float(ys.mean() + 0.5) * CELL)


def size_of(lines: Iterable[str], kind: str, *, narrow: bool) -> tuple[float, float, float]:
    """Measure a block of text: width, height, leading."""
    style = STYLES[kind]
    size = style.narrow if narrow else style.wide
    lines = list(lines)
    leading = size * 1.18
    return max(measure(line, style.face, size, style.spacing) for line in lines), size * 0.78 + leading * (len(lines) - 1), leading


def boxes_of(spot: Spot, width: float, height: float) -> list[Bounds]:
    """Cover the block with upright boxes: one, or a chain along a slanted line."""
    shift = {"start": width / 2, "end": -width / 2}.get(spot.anchor, 0.0)
    x = spot.x + shift
    if abs(spot.angle) < 1:
        return [(x - width / 2, spot.y - height / 2, x + width / 2, spot.y + height / 2)]
    count = max(int(width / height), 1)
    dx, dy = cos(radians(spot.angle)), sin(radians(spot.angle))
    half = height * 0.6
    offsets = [(i + 0.5) / count * width - width / 2 for i in range(count)]
    return [(x + o * dx - half, spot.y + o * dy - half, x + o * dx + half, spot.y + o * dy + half) for o in offsets]


def collides(a: Bounds, b: Bounds, gap: float) -> bool:
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def place_label(
    room: Room, lines: tuple[str, ...], kind: str, spots: Iterable[Spot], *,
    narrow: bool, bounds: Bounds, owner: object = None, ground: str | None = None,
) -> Placed | None:  # fmt: skip
    """Take the cheapest free spot, or none; ground names whose cells the label should stay on."""
    width, height, leading = size_of(lines, kind, narrow=narrow)
    margin, gap = (22, 10) if narrow else (16, 7)
    wanted = None if ground is None else room.owners.get(ground, -1) if ground else WATER
    best: tuple[float, Spot, list[Bounds]] | None = None
    for spot in spots:
        boxes = boxes_of(spot, width, height)
        if any(
            box[0] < bounds[0] + margin or box[1] < bounds[1] + margin or box[2] > bounds[2] - margin or box[3] > bounds[3] - margin
            for box in boxes
        ):
            continue
        if best and spot.cost >= best[0]:
            continue
        if any(collides(box, other, gap) for box in boxes for other, whose in room.taken if owner is None or whose is not owner):
            continue
        cost = spot.cost + sum(room.stroke_cost(box) for box in boxes)
        if wanted is not None:
            share = sum(room.foreign_share(box, wanted) for box in boxes) / len(boxes)
            if share > 0.3 and kind == "sea":
                continue
            cost += 60 * share
        if best is None or cost < best[0]:
            best = (cost, spot, boxes)
    if best is None:
        return None
    _, spot, boxes = best
    for box in boxes:
        room.take(box, owner)
    on_water = sum(room.foreign_share(box, WATER) for box in boxes) / len(boxes) < 0.5
    size = STYLES[kind].narrow if narrow else STYLES[kind].wide
    return Placed(lines, kind, spot, spot.x, spot.y - height / 2 + size * 0.73, leading, on_water)


def around(x: float, y: float, radius: float, width: float, height: float, side: str | None) -> list[Spot]:
    """List the eight places beside a point, the best first; a wished side comes before them all."""
    near, up = radius + 9, radius + 6 + height / 2
    places = {
        "e": (x + near, y, "start"), "w": (x - near, y, "end"),
        "ne": (x + near * 0.75, y - up * 0.8, "start"), "se": (x + near * 0.75, y + up * 0.8, "start"),
        "nw": (x - near * 0.75, y - up * 0.8, "end"), "sw": (x - near * 0.75, y + up * 0.8, "end"),
        "n": (x, y - up, "middle"), "s": (x, y + up, "middle"),
    }  # fmt: skip
    costs = {"e": 0, "w": 1.5, "ne": 2, "se": 2, "nw": 3, "sw": 3, "n": 3, "s": 3}
    spots = [Spot(px, py, anchor, costs[name] - (30 if name == side else 0)) for name, (px, py, anchor) in places.items()]
    quarter = width / 4
    spots += [Spot(x + quarter, y - up, "middle", 4), Spot(x - quarter, y - up, "middle", 4.5)]
    spots += [Spot(x + quarter, y + up, "middle", 4), Spot(x - quarter, y + up, "middle", 4.5)]
    return spots


def about(x: float, y: float, reach_x: int, reach_y: int, angle: float = 0.0) -> list[Spot]:
    """List places on a grid about a point, nearer ones cheaper."""
    spots = []
    for dx in range(-reach_x, reach_x + 1, 20):
        for dy in range(-reach_y, reach_y + 1, 14):
            spots.append(Spot(x + dx, y + dy, "middle", (dx * dx + dy * dy) ** 0.5 / 22, angle))
    return sorted(spots, key=lambda spot: spot.cost)
