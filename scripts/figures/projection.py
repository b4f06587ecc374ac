"""Flatten a piece of the earth onto the frame: Lambert's conformal conic, near the equator Mercator."""

from collections.abc import Callable
from dataclasses import dataclass
from math import asinh, cos, log, pi, radians, sin, tan

from geography import Box, Position

Point = tuple[float, float]  # in the units of the drawing, y downwards


def conic(box: Box) -> Callable[[Position], Point]:
    """Build the projection that distorts least over the box; y points north."""
    west, south, east, north = box
    middle, centre = (south + north) / 2, (west + east) / 2
    if abs(middle) < 9:
        return lambda place: (radians(place[0] - centre), asinh(tan(radians(min(max(place[1], -85), 85)))))
    low, high = radians(south + (north - south) / 6), radians(north - (north - south) / 6)
    cone = log(cos(low) / cos(high)) / log(tan(pi / 4 + high / 2) / tan(pi / 4 + low / 2))
    factor = cos(low) * tan(pi / 4 + low / 2) ** cone / cone

    def project(place: Position) -> Point:
        angle = cone * radians((place[0] - centre + 180) % 360 - 180)
        radius = factor / tan(pi / 4 + radians(min(max(place[1], -88), 88)) / 2) ** cone
        return radius * sin(angle), -radius * cos(angle)

    return project


@dataclass(frozen=True)
class Frame:
    """The drawing's window on the earth: the box, grown on two sides to the proportions of the frame."""

    box: Box
    width: float
    height: float
    left: float = 0.0
    top: float = 0.0

    def __post_init__(self) -> None:
        project = conic(self.box)
        west, south, east, north = self.box
        steps = [step / 20 for step in range(21)]
        edge = [project((west + (east - west) * t, lat)) for t in steps for lat in (south, north)]
        edge += [project((lon, south + (north - south) * t)) for t in steps for lon in (west, east)]
        xs, ys = [x for x, _ in edge], [y for _, y in edge]
        scale = min(self.width / (max(xs) - min(xs)), self.height / (max(ys) - min(ys)))
        object.__setattr__(self, "_project", project)
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "_middle", ((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2))

    def place(self, position: Position) -> Point:
        """Say where a position on the earth falls in the drawing."""
        x, y = self._project(position)
        return (
            self.left + self.width / 2 + (x - self._middle[0]) * self.scale,
            self.top + self.height / 2 - (y - self._middle[1]) * self.scale,
        )

    @property
    def seen(self) -> Box:
        """A box in degrees that surely holds all that the frame shows."""
        west, south, east, north = self.box
        corners = [self.place((lon, lat)) for lon in (west, east) for lat in (south, north)]
        wide = self.width / (max(x for x, _ in corners) - min(x for x, _ in corners))
        tall = self.height / (max(y for _, y in corners) - min(y for _, y in corners))
        lon, lat = (east - west) * (wide - 0.4), (north - south) * (tall - 0.4)
        return (west - lon, max(south - lat, -84), east + lon, min(north + lat, 88))
