"""The map of one country: its outline among its neighbours, as paths for an SVG drawing. Pure.

Lambert's azimuthal equal-area projection, centred on the country, so that no country is cut at the edge of a world map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import asin, atan2, cos, degrees, hypot, radians, sin, sqrt

from broadsheet.gazetteer.countries import Country, load_countries
from broadsheet.gazetteer.lines import Bounds, Point, clip_line, clip_ring, ring_area, write_path
from broadsheet.gazetteer.outlines import Outlines, load_outlines

WIDTH, HEIGHT = 640, 440
EARTH_KM = 6371.0
# What a map shows at least from side to side, so that there is something around: of a country, of an island, of a tiny one.
LEAST_KM, LEAST_ISLAND_KM, LEAST_ISLET_KM = 420.0, 1500.0, 3500.0
TINY_KM2 = 1000.0
MARGIN = 0.14  # of the country's own extent, on each side
FARTHEST = radians(100)  # from the centre; what lies beyond is on the other side of the earth
SMALL_PX = 16.0  # a country that is smaller on its map gets a ring around it
STEP_PX, WIDE_STEP_PX, WIDE_KM_PER_PX = 1.4, 2.4, 6.0  # points nearer to the last one are passed by, more where much is shown
LETTER_PX, LINE_PX = 6.6, 15.0  # about as wide as a letter of a label is, and as high as a line
NEAR_KM, NEAR_RADII, LARGE = 900.0, 2.0, 0.015  # which parts of a country its map is drawn around
_BOUNDS: Bounds = (-4.0, -4.0, WIDTH + 4.0, HEIGHT + 4.0)
_GRIDS = (0.5, 1, 2, 5, 10, 20)  # degrees between the lines of the graticule
BAR_CORNER = (160, HEIGHT - 50)  # left of it and below stands the bar for the scale
_BARS_KM = (20, 50, 100, 200, 500, 1000, 2000)


@dataclass(frozen=True, slots=True)
class Label:
    """A name on the map; `x` and `y` are its middle."""

    name: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class CountryMap:
    """A drawing of 640 by 440: paths (`d` of SVG), labels, the capital, a ring around what is small, a bar for the scale."""

    land: str
    country: str
    claimed: str
    borders: str
    graticule: str
    labels: tuple[Label, ...]
    capital: Label | None
    ring: tuple[int, int] | None
    bar_px: int
    bar_km: int


Project = Callable[[Point], Point | None]


@dataclass(frozen=True, slots=True)
class _Frame:
    """From degrees to the drawing."""

    centre: Point
    project: Project
    km_per_px: float


@lru_cache(maxsize=256)
def draw_country(code: str, called: tuple[tuple[str, str], ...] = ()) -> CountryMap:
    """The map of a country. `called`: codes of other countries with the names to print in place of the gazetteer's, or none."""
    country, outlines = load_countries()[code], load_outlines()
    frame = _frame(country, outlines)
    drawn = {key: _rings(key, outlines, frame) for key in outlines.shapes}
    own = drawn.get(code, [])
    claimed = [key for key, codes in outlines.claimed.items() if code in codes and drawn.get(key)]
    size = max((max(_extent(ring)) for ring in own), default=0.0)
    capital = _capital(country, frame)
    ring = (capital.x, capital.y) if size < SMALL_PX and capital else _place(country.at, frame) if size < SMALL_PX else None
    bar_km = max((km for km in _BARS_KM if km / frame.km_per_px <= 130), default=_BARS_KM[0])
    return CountryMap(
        land=write_path(
            [ring for key, rings in drawn.items() if key != code and key not in claimed for ring in rings], closed=True
        ),
        country=write_path(own, closed=True),
        claimed=write_path([ring for key in claimed for ring in drawn[key]], closed=True),
        borders=write_path(_borders(outlines, frame), closed=False),
        graticule=write_path(_graticule(frame), closed=False),
        labels=tuple(_labels(code, drawn, capital, dict(called))),
        capital=capital,
        ring=ring,
        bar_px=round(bar_km / frame.km_per_px),
        bar_km=bar_km,
    )


def _frame(country: Country, outlines: Outlines) -> _Frame:
    is_islet = country.area_km2 < TINY_KM2 and not country.neighbours
    rings = [] if is_islet else _main_parts(country.code, outlines)
    at = country.capital_at or country.at
    points = [point for ring in rings for point in ring] or [(at[1], at[0])]
    centre = _middle(points)
    for _ in range(2):  # the middle of what is drawn, not of the points, which lie densest along fjords
        flat = [place for point in points if (place := _azimuthal(centre)(point)) is not None]
        left, right = min(x for x, _ in flat), max(x for x, _ in flat)
        top, bottom = min(y for _, y in flat), max(y for _, y in flat)
        centre = _inverse(centre, ((left + right) / 2, (top + bottom) / 2))
    flat_project = _azimuthal(centre)
    has_land = country.neighbours and country.area_km2 > TINY_KM2
    least = (LEAST_ISLET_KM if is_islet else LEAST_KM if has_land else LEAST_ISLAND_KM) / EARTH_KM
    wide, high = max((right - left) * (1 + 2 * MARGIN), least), max((bottom - top) * (1 + 2 * MARGIN), least * HEIGHT / WIDTH)
    scale = min(WIDTH / wide, HEIGHT / high)

    def project(point: Point) -> Point | None:
        place = flat_project(point)
        return None if place is None else (WIDTH / 2 + place[0] * scale, HEIGHT / 2 + place[1] * scale)

    return _Frame(centre, project, EARTH_KM / scale)


def _main_parts(code: str, outlines: Outlines) -> list[list[Point]]:
    """The outer rings around which the map is drawn: the largest, and what lies near it or is large too and not too far."""
    rings = [outlines.line(polygon[0]) for polygon in outlines.shapes.get(code, ())]
    if not rings:
        return []
    sizes = [ring_area(ring) * cos(radians(ring[0][1])) for ring in rings]
    largest = max(range(len(rings)), key=sizes.__getitem__)
    middles = [_middle(ring) for ring in rings]
    far = NEAR_RADII * max(_distance_km(middles[largest], point) for point in rings[largest])
    chosen, rest = {largest}, set(range(len(rings))) - {largest}
    while True:
        reach = {
            i for i in rest for j in chosen
            if _distance_km(middles[i], middles[j]) < (max(far, NEAR_KM) if sizes[i] > LARGE * sizes[largest] else NEAR_KM / 2)
        }  # fmt: skip
        if not reach:
            return [rings[i] for i in sorted(chosen)]
        chosen, rest = chosen | reach, rest - reach


def _middle(points: Sequence[Point]) -> Point:
    """The middle of points on a sphere."""
    x = sum(cos(radians(lat)) * cos(radians(lon)) for lon, lat in points)
    y = sum(cos(radians(lat)) * sin(radians(lon)) for lon, lat in points)
    z = sum(sin(radians(lat)) for _, lat in points)
    return degrees(atan2(y, x)), degrees(atan2(z, hypot(x, y)))


def _distance_km(a: Point, b: Point) -> float:
    lat, other = radians(a[1]), radians(b[1])
    chord = sin((other - lat) / 2) ** 2 + cos(lat) * cos(other) * sin(radians(b[0] - a[0]) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(chord)))


def _azimuthal(centre: Point) -> Project:
    """In radii of the earth, y downwards; None for the other side of it. Source: J. P. Snyder, USGS Professional Paper 1395, 24."""
    lon0, sin0, cos0 = radians(centre[0]), sin(radians(centre[1])), cos(radians(centre[1]))
    least = cos(FARTHEST)

    def project(point: Point) -> Point | None:
        lon, lat = radians(point[0]) - lon0, radians(point[1])
        across = cos(lat) * cos(lon)
        angle = sin0 * sin(lat) + cos0 * across
        if angle < least:
            return None
        k = sqrt(2 / (1 + angle))
        return k * cos(lat) * sin(lon), -k * (cos0 * sin(lat) - sin0 * across)

    return project


def _inverse(centre: Point, place: Point) -> Point:
    x, y = place[0], -place[1]
    rho = hypot(x, y)
    if rho < 1e-9:
        return centre
    c, lat0 = 2 * asin(min(1.0, rho / 2)), radians(centre[1])
    lat = asin(max(-1.0, min(1.0, cos(c) * sin(lat0) + y * sin(c) * cos(lat0) / rho)))
    lon = radians(centre[0]) + atan2(x * sin(c), rho * cos(lat0) * cos(c) - y * sin(lat0) * sin(c))
    return (degrees(lon) + 180) % 360 - 180, degrees(lat)


def _rings(key: str, outlines: Outlines, frame: _Frame) -> list[list[Point]]:
    """The rings of a shape within the drawing."""
    found = []
    for polygon in outlines.shapes[key]:
        for ring in polygon:
            line = _thin([place for point in outlines.line(ring) if (place := frame.project(point)) is not None], frame)
            cut = clip_ring(line, _BOUNDS) if len(line) > 2 else []
            if len(cut) > 2:
                found.append(cut)
    return found


def _borders(outlines: Outlines, frame: _Frame) -> Iterable[list[Point]]:
    for number in sorted(outlines.borders):
        line = _thin([place for point in outlines.arcs[number] if (place := frame.project(point)) is not None], frame)
        yield from clip_line(line, _BOUNDS) if len(line) > 1 else ()


def _thin(line: list[Point], frame: _Frame) -> list[Point]:
    """Without the points that nobody sees apart."""
    kept, step = line[:1], STEP_PX if frame.km_per_px < WIDE_KM_PER_PX else WIDE_STEP_PX
    for point in line[1:]:
        if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= step:
            kept.append(point)
    if len(kept) > 1 and kept[-1] != line[-1]:
        kept.append(line[-1])
    return kept


def _graticule(frame: _Frame) -> Iterable[list[Point]]:
    wide = degrees(WIDTH * frame.km_per_px / EARTH_KM)
    step = next((grid for grid in _GRIDS if wide / grid <= 8), _GRIDS[-1])
    lon0, lat0 = (round(value / step) * step for value in frame.centre)
    for i in range(-9, 10):
        meridian = [(lon0 + i * step, max(-90.0, min(90.0, lat0 + j * step / 2))) for j in range(-16, 17)]
        yield from _grid_line(meridian, frame)
        if abs(lat0 + i * step) < 90:
            yield from _grid_line([(lon0 + j * step / 2, lat0 + i * step) for j in range(-36, 37)], frame)


def _grid_line(line: list[Point], frame: _Frame) -> Iterable[list[Point]]:
    return clip_line([place for point in line if (place := frame.project(point)) is not None], _BOUNDS)


def _extent(ring: Sequence[Point]) -> tuple[float, float]:
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return max(xs) - min(xs), max(ys) - min(ys)


def _place(at: tuple[float, float], frame: _Frame) -> tuple[int, int] | None:
    place = frame.project((at[1], at[0]))
    return None if place is None else (round(place[0]), round(place[1]))


def _capital(country: Country, frame: _Frame) -> Label | None:
    place = _place(country.capital_at, frame) if country.capital_at else None
    is_shown = place is not None and 0 <= place[0] <= WIDTH and 0 <= place[1] <= HEIGHT
    return Label(country.capitals[0], *place) if place is not None and is_shown else None


def _labels(code: str, drawn: Mapping[str, list[list[Point]]], capital: Label | None, called: Mapping[str, str]) -> Iterable[Label]:
    """The names of other countries, where there is room for them."""
    countries = load_countries()
    for key, rings in drawn.items():
        if key == code or key not in countries or not rings:
            continue
        name = called.get(key, countries[key].name)
        spot = _roomiest(max(rings, key=ring_area), LETTER_PX * len(name) + 8) if name else None
        is_over_bar = spot is not None and spot[0] - LETTER_PX * len(name) / 2 < BAR_CORNER[0] and spot[1] > BAR_CORNER[1]
        if spot is not None and not is_over_bar and not (capital and _is_under(spot, name, capital)):
            yield Label(name, *spot)


def _roomiest(ring: Sequence[Point], width: float) -> tuple[int, int] | None:
    """The middle of the broadest line of text in a ring, or None if there is none of that width."""
    best, spot = width, None
    top, bottom = min(y for _, y in ring), max(y for _, y in ring)
    top, bottom = max(top, LINE_PX), min(bottom, HEIGHT - LINE_PX)
    for i in range(1, 12):
        y = top + (bottom - top) * i / 12
        spans = [_span(ring, level) for level in (y - LINE_PX / 2, y + LINE_PX / 2)]
        left, right = max(span[0] for span in spans), min(span[1] for span in spans)
        if right - left > best:
            best, spot = right - left, (round((left + right) / 2), round(y))
    return spot


def _span(ring: Sequence[Point], y: float) -> tuple[float, float]:
    """The longest stretch of a level inside a ring and the drawing."""
    hits = sorted(
        a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
        for a, b in zip(ring, [*ring[1:], *ring[:1]], strict=True)
        if (a[1] > y) != (b[1] > y)
    )
    pairs = [(max(left, 2.0), min(right, WIDTH - 2.0)) for left, right in zip(hits[::2], hits[1::2], strict=False)]
    return max(pairs, key=lambda pair: pair[1] - pair[0], default=(0.0, 0.0))


def _is_under(spot: tuple[int, int], name: str, capital: Label) -> bool:
    reach = LETTER_PX * (len(name) / 2 + len(capital.name)) + 12
    return abs(spot[1] - capital.y) < LINE_PX + 4 and abs(spot[0] - capital.x) < reach
