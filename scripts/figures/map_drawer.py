"""Draw one map from its description: ground, water, borders, what the article is about, and labels for two sizes."""

import gzip
from dataclasses import dataclass, field
from html import escape
from math import atan2, cos, degrees, hypot, radians, sin

import geography
from geography import Box, Line, Position
from lettering import STYLES, wrap, write_text
from outline import Bounds, clip_line, clip_ring, ring_area, simplify, smooth, write_path
from palette import MAP_NARROW, MAP_RULES, write_style
from placement import Placed, Room, Spot, about, around, place_label, size_of
from projection import Frame, Point

WIDTH = 1600
BUDGET, PACKED_BUDGET = 45_000, 15_000

# Borders that states dispute, by the two names of the data file, and the box inside which the dispute lies.
DISPUTED: list[tuple[frozenset[str], Box | None]] = [
    (frozenset({"India", "Pakistan"}), (72.5, 32.3, 78.0, 37.2)),
    (frozenset({"China", "India"}), (77.0, 32.0, 80.6, 36.9)),
    (frozenset({"China", "Pakistan"}), (75.7, 35.4, 77.9, 37.0)),
    (frozenset({"China", "Siachen Glacier"}), None),
    (frozenset({"India", "Siachen Glacier"}), None),
    (frozenset({"Pakistan", "Siachen Glacier"}), None),
    (frozenset({"Israel", "Palestine"}), None),
    (frozenset({"Jordan", "Palestine"}), None),
    (frozenset({"Israel", "Syria"}), None),
    (frozenset({"Kosovo", "Serbia"}), None),
    (frozenset({"Somalia", "Somaliland"}), None),
    (frozenset({"Egypt", "Sudan"}), (33.0, 21.0, 38.0, 24.0)),
    (frozenset({"Sudan", "S. Sudan"}), (27.5, 9.2, 29.6, 10.8)),
    (frozenset({"Russia", "Ukraine"}), (32.0, 44.0, 37.0, 46.4)),
    (frozenset({"Morocco", "W. Sahara"}), None),
]


@dataclass(frozen=True)
class Place:
    """A place with a mark and a name; without text only the mark is drawn."""

    lon: float
    lat: float
    text: str = ""
    kind: str = "town"
    mark: str = "dot"  # dot, key, square, ring, number, none
    side: str | None = None
    minor: bool = False  # left out on narrow screens
    short: str | None = None  # a shorter text for narrow screens
    number: str = ""


@dataclass(frozen=True)
class Stroke:
    """A line of the article's own: places along it, its look, and the words that run beside it."""

    places: tuple[Position, ...]
    look: str
    text: str = ""
    kind: str = "water"
    curved: bool = True
    at: float = 0.5
    minor: bool = True


@dataclass(frozen=True)
class Area:
    """A patch: a disputed area by its name in the data, or places around it."""

    look: str
    name: str = ""
    places: tuple[Position, ...] = ()
    on: str = ""  # "water" lies under the land, "focus" is cut to the shaded countries


@dataclass(frozen=True)
class Label:
    """Free text about a place; wide says how far a line of it may run on wide screens."""

    text: str
    lon: float
    lat: float
    kind: str = "sea"
    width: float = 420
    narrow: str | None = None  # text for narrow screens; "" leaves it out, None keeps it
    angle: float = 0.0
    reach: tuple[int, int] = (160, 112)
    ground: str | None = None  # "" keeps it on water


@dataclass(frozen=True)
class Map:
    """All that one map shows."""

    slug: str
    title: str
    desc: str
    box: Box
    height: int = 900
    scale: str = "10m"
    names: dict[str, str] = field(default_factory=dict)  # data file's name -> label
    minor_names: frozenset[str] = frozenset()
    focus: frozenset[str] = frozenset()
    deep: frozenset[str] = frozenset()
    rivers: dict[str, str] = field(default_factory=dict)  # data file's name -> look
    lakes: bool = True
    areas: tuple[Area, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    points: tuple[Place, ...] = ()
    labels: tuple[Label, ...] = ()
    inset: "Inset | None" = None
    smallest: float = 2.2  # square units of detail dropped
    bright: frozenset[str] = frozenset()  # countries filled with the accent
    picked: tuple[Position, ...] = ()  # islands, by a position on each, filled with the accent
    reach: Box | None = None  # where named rivers keep their look; elsewhere they are quiet
    borders: tuple[tuple[frozenset[str], Box | None, str], ...] = ()  # borders the article is about, and their look


@dataclass(frozen=True)
class Inset:
    """A second map in a corner of the first."""

    map: Map
    left: float
    top: float
    width: float
    height: float


@dataclass
class Sheet:
    """One drawing under way."""

    room: Room
    ground: list[str] = field(default_factory=list)
    wide: list[str] = field(default_factory=list)
    narrow: list[str] = field(default_factory=list)
    letters: dict[str, set[str]] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)


def draw_map(spec: Map) -> tuple[str, list[str]]:
    """Draw, with coarser detail until the file is within its budget; the second value lists labels without room."""
    smallest = spec.smallest
    while True:
        text, missing = draw_once(spec, smallest)
        raw = len(text.encode())
        if (raw <= BUDGET and len(gzip.compress(text.encode(), 9)) <= PACKED_BUDGET) or smallest > 40:
            return text, missing
        smallest *= 1.6


def draw_once(spec: Map, smallest: float) -> tuple[str, list[str]]:
    frame = Frame(spec.box, WIDTH, spec.height)
    sheet = Sheet(Room(WIDTH, spec.height))
    draw_region(sheet, spec, frame, smallest)
    regions = [(spec, frame)]
    if spec.inset:
        inset = spec.inset
        within = Frame(inset.map.box, inset.width, inset.height, inset.left, inset.top)
        corner = (inset.left, inset.top, inset.left + inset.width, inset.top + inset.height)
        clear_room(sheet.room, corner)
        sheet.ground.append(
            f'<rect x="{inset.left:g}" y="{inset.top:g}" width="{inset.width:g}" height="{inset.height:g}" class="water"/>'
        )
        draw_region(sheet, inset.map, within, smallest)
        sheet.ground.append(
            f'<rect x="{inset.left:g}" y="{inset.top:g}" width="{inset.width:g}" height="{inset.height:g}" class="frame"/>'
        )
        regions.append((inset.map, within))
    sheet.room.seal()
    for narrow in (False, True):
        sheet.room.taken = []
        for part, window in reversed(regions):
            letter(sheet, part, window, narrow=narrow)
            if part is not spec:
                sheet.room.take(bounds_of(window, pad=6))
    return assemble(spec, sheet), sheet.missing


def clear_room(room: Room, corner: Bounds) -> None:
    left, top, right, bottom = corner
    room.fill([(left, top), (right, top), (right, bottom), (left, bottom)], "")


def bounds_of(frame: Frame, pad: float = 0.0) -> Bounds:
    return (frame.left - pad, frame.top - pad, frame.left + frame.width + pad, frame.top + frame.height + pad)


def draw_region(sheet: Sheet, spec: Map, frame: Frame, smallest: float) -> None:
    """Draw the ground of one window: land by tone, lakes, rivers, borders, the article's areas and lines."""
    inside = frame.left > 0 or frame.top > 0 or frame.width < WIDTH
    bounds = bounds_of(frame, pad=0 if inside else 3)
    arcs, countries = geography.load_atlas(spec.scale)
    seen = frame.seen
    drawn: dict[int, list[Point]] = {}

    def arc(number: int) -> list[Point]:
        key = number if number >= 0 else ~number
        if key not in drawn:
            drawn[key] = simplify([frame.place(place) for place in arcs[key]], smallest)
        return drawn[key] if number >= 0 else drawn[key][::-1]

    draw_areas(sheet, spec, frame, bounds, smallest, "water")
    tones: dict[str, list[list[Point]]] = {"land": [], "coast": [], "deep": [], "lit": []}
    users: dict[int, list[str]] = {}
    for country in countries:
        tone = "deep" if country.name in spec.deep else "coast" if country.name in spec.focus else "land"
        tone = "lit" if country.name in spec.bright else tone
        for polygon in country.polygons:
            if not geography.touches([place for number in polygon[0] for place in arcs[max(number, ~number)]], seen):
                continue
            picked = any(
                geography.holds([place for number in polygon[0] for place in order(arcs, number)], place) for place in spec.picked
            )
            for ring in polygon:
                for number in ring:
                    users.setdefault(max(number, ~number), []).append(country.name)
                points = clip_ring([point for number in ring for point in arc(number)[:-1]], bounds)
                if len(points) > 2 and ring_area(points) > 7:
                    tones["lit" if picked else tone].append(points)
                    sheet.room.fill(points, country.name)
    for tone, rings in tones.items():
        if rings:
            mark = ' id="focus"' if tone == "coast" and any(area.on == "focus" for area in spec.areas) else ""
            sheet.ground.append(f'<path{mark} class="{tone}" d="{write_path(rings, closed=True)}"/>')
    draw_rivers(sheet, spec, frame, bounds, smallest)
    draw_lakes(sheet, spec, frame, bounds, smallest)
    draw_areas(sheet, spec, frame, bounds, smallest, "focus", "")
    looks: dict[str, list[list[Point]]] = {"border": [], "dashed": []}
    rules = [*spec.borders, *((pair, box, "dashed") for pair, box in DISPUTED)]
    for number, names in users.items():
        if len(names) == 2 and names[0] != names[1]:
            for run, look in split_border(arcs[number], frozenset(names), rules):
                line = arc(number) if len(run) == len(arcs[number]) else simplify([frame.place(place) for place in run], smallest)
                looks.setdefault(look, []).extend(clip_line(line, bounds))
    for look, lines in looks.items():
        for line in lines:
            sheet.room.stroke(line, 60 if look == "border" else 120)
        if path := write_path(lines, closed=False):
            sheet.ground.append(f'<path class="{look}" d="{path}"/>')
    for stroke in spec.strokes:
        line = trace(stroke, frame)
        pieces = clip_line(line, bounds)
        for piece in pieces:
            sheet.room.stroke(piece, 160)
        if stroke.look == "unseen":
            continue
        arrow = ' marker-end="url(#a)"' if stroke.look == "route" else ""
        sheet.ground.append(f'<path class="{"strong" if arrow else stroke.look}" d="{write_path(pieces, closed=False)}"{arrow}/>')


def order(arcs: list[Line], number: int) -> Line:
    return arcs[number] if number >= 0 else arcs[~number][::-1]


def split_border(line: Line, names: frozenset[str], rules: list[tuple[frozenset[str], Box | None, str]]) -> list[tuple[Line, str]]:
    """Split a border into stretches, each with its look; the first rule that fits decides."""
    fitting = [(box, look) for pair, box, look in rules if pair == names]
    runs: list[tuple[Line, str]] = []
    for a, b in zip(line, line[1:], strict=False):
        middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
        look = next((look for box, look in fitting if box is None or within(middle, box)), "border")
        if runs and runs[-1][1] == look:
            runs[-1][0].append(b)
        else:
            runs.append(([a, b], look))
    return runs


def within(place: Position, box: Box) -> bool:
    return box[0] <= place[0] <= box[2] and box[1] <= place[1] <= box[3]


def draw_lakes(sheet: Sheet, spec: Map, frame: Frame, bounds: Bounds, smallest: float) -> None:
    rings = []
    for lake in geography.find_lakes(frame.seen) if spec.lakes else []:
        for ring in lake:
            points = clip_ring(simplify([frame.place(place) for place in ring], smallest), bounds)
            if len(points) > 2 and ring_area(points) > 90:
                rings.append(points)
                sheet.room.fill(points, "")
    if rings:
        sheet.ground.append(f'<path class="water" d="{write_path(rings, closed=True)}"/>')


def draw_rivers(sheet: Sheet, spec: Map, frame: Frame, bounds: Bounds, smallest: float) -> None:
    looks: dict[str, list[list[Point]]] = {}
    for name, line in geography.find_rivers(set(spec.rivers), frame.seen) if spec.rivers else []:
        for run, look in split_reach(line, spec.reach, spec.rivers[name]):
            pieces = clip_line(simplify([frame.place(place) for place in run], smallest), bounds)
            looks.setdefault(look, []).extend(pieces)
            for piece in pieces:
                sheet.room.stroke(piece, 90)
    for look, pieces in looks.items():
        sheet.ground.append(f'<path class="{look}" d="{write_path(pieces, closed=False)}"/>')


def split_reach(line: Line, reach: Box | None, look: str) -> list[tuple[Line, str]]:
    """Split a river where it leaves the reach the article is about."""
    if reach is None:
        return [(line, look)]
    rule = (frozenset[str](), reach, look)
    return [(run, "river" if kind == "border" else kind) for run, kind in split_border(line, frozenset(), [rule])]


def draw_areas(sheet: Sheet, spec: Map, frame: Frame, bounds: Bounds, smallest: float, *grounds: str) -> None:
    for area in spec.areas:
        if area.on not in grounds:
            continue
        rings = geography.find_area(area.name) if area.name else [list(area.places)]
        cut = [clip_ring(simplify([frame.place(place) for place in ring], smallest), bounds) for ring in rings]
        cut = [ring for ring in cut if len(ring) > 2 and ring_area(ring) > 4]
        if area.look in ("zone", "open", "hatched"):
            for ring in cut:
                sheet.room.stroke([*ring, ring[0]], 90)
        held = ' clip-path="url(#k)"' if area.on == "focus" else ""
        sheet.ground.append(f'<path class="{area.look}"{held} d="{write_path(cut, closed=True)}"/>')


def trace(stroke: Stroke, frame: Frame) -> list[Point]:
    points = [frame.place(place) for place in stroke.places]
    return smooth(points) if stroke.curved and len(points) > 2 else points


def letter(sheet: Sheet, spec: Map, frame: Frame, *, narrow: bool) -> None:
    """Place the marks and labels of one window for one size: what cannot move first, then the rest by rank."""
    bounds = bounds_of(frame)
    out = sheet.narrow if narrow else sheet.wide
    radius = {"dot": (5.5, 10), "key": (10, 17), "square": (6, 11), "ring": (20, 34), "number": (17, 30), "none": (0, 0)}
    shown = [point for point in spec.points if not (narrow and point.minor)]
    texts: list[str] = []
    for point in shown:
        x, y = frame.place((point.lon, point.lat))
        r = radius[point.mark][narrow]
        if r:
            sheet.room.take((x - r, y - r, x + r, y + r), point)
            out.append(draw_mark(point, x, y, r))
            if point.mark == "number":
                sheet.letters.setdefault("b", set()).update(point.number)
    rank = {"key": 0, "number": 1, "square": 2, "ring": 2, "none": 1, "dot": 3}
    for point in sorted(shown, key=lambda point: rank[point.mark]):
        text = point.short if narrow and point.short is not None else point.text
        if not text:
            continue
        x, y = frame.place((point.lon, point.lat))
        lines = tuple(text.split("\n"))
        width, height, _ = size_of(lines, point.kind, narrow=narrow)
        spots = around(x, y, radius[point.mark][narrow], width, height, point.side)
        add_label(sheet, texts, lines, point.kind, spots, narrow=narrow, bounds=bounds, owner=point)
    free = [label for label in spec.labels if not (narrow and label.narrow == "")]
    for label in sorted(free, key=lambda label: label.kind not in ("mark", "alert", "second")):
        text = label.narrow if narrow and label.narrow else label.text
        x, y = frame.place((label.lon, label.lat))
        style = STYLES[label.kind]
        size = style.narrow if narrow else style.wide
        lines = tuple(wrap(text, style.face, size, label.width * (1.7 if narrow else 1)))
        spots = about(x, y, *(reach * (2 if narrow else 1) for reach in label.reach), angle=label.angle)
        ground = "" if label.kind in ("sea",) and label.ground is None else label.ground
        add_label(sheet, texts, lines, label.kind, spots, narrow=narrow, bounds=bounds, ground=ground)
    for name, text in spec.names.items():
        if narrow and name in spec.minor_names:
            continue
        found = sheet.room.list_ground(name, bounds)
        if found is None:
            sheet.missing.append(f"{text} (not in the frame)")
            continue
        cells, middle = found
        spots = [Spot(x, y, "middle", ((x - middle[0]) ** 2 + (y - middle[1]) ** 2) ** 0.5 / 30) for x, y in cells]
        spots.sort(key=lambda spot: spot.cost)
        lines = tuple(text.split("\n"))
        add_label(sheet, texts, lines, "country", spots, narrow=narrow, bounds=bounds, ground=name)
    for stroke in spec.strokes:
        if stroke.text and not (narrow and stroke.minor):
            spots = along(trace(stroke, frame), stroke.at, STYLES[stroke.kind].narrow if narrow else STYLES[stroke.kind].wide)
            add_label(sheet, texts, (stroke.text,), stroke.kind, spots, narrow=narrow, bounds=bounds)
    out.extend(texts)


def along(line: list[Point], at: float, size: float) -> list[Spot]:
    """List slanted places beside a line, near the wished share of its length first."""
    lengths = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in zip(line, line[1:], strict=False)]
    total = sum(lengths) or 1
    spots, gone = [], 0.0
    for (a, b), length in zip(zip(line, line[1:], strict=False), lengths, strict=True):
        share = (gone + length / 2) / total
        gone += length
        reach = [c for c in line if hypot(c[0] - a[0], c[1] - a[1]) < 90]
        start, end = (reach[0], reach[-1]) if len(reach) > 1 else (a, b)
        angle = degrees(atan2(end[1] - start[1], end[0] - start[0]))
        angle = angle - 180 if angle > 90 else angle + 180 if angle < -90 else angle
        x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
        for side in (-1, 1):
            off = size * 0.95 * side
            spots.append(
                Spot(
                    x - sin(radians(angle)) * off,
                    y + cos(radians(angle)) * off,
                    "middle",
                    abs(share - at) * 20 + (0.5 if side > 0 else 0),
                    angle,
                )
            )
    return sorted(spots, key=lambda spot: spot.cost)


def add_label(
    sheet: Sheet,
    texts: list[str],
    lines: tuple[str, ...],
    kind: str,
    spots: list[Spot],
    *,
    narrow: bool,
    bounds: Bounds,
    owner: object = None,
    ground: str | None = None,
) -> None:
    placed = place_label(sheet.room, lines, kind, spots, narrow=narrow, bounds=bounds, owner=owner, ground=ground)
    if placed is None:
        sheet.missing.append(f"{' '.join(lines)} ({'narrow' if narrow else 'wide'})")
        return
    sheet.kinds.add(kind)
    sheet.letters.setdefault(STYLES[kind].face, set()).update("".join(lines))
    texts.append(draw_label(placed))


def draw_label(placed: Placed) -> str:
    halo = "hw" if placed.on_water else "hl"
    anchor = {"middle": "m ", "end": "e "}.get(placed.spot.anchor, "") + halo
    turn = (
        f' transform="rotate({placed.spot.angle:.0f} {placed.spot.x:.0f} {placed.spot.y:.0f})"'
        if abs(placed.spot.angle) >= 1
        else ""
    )
    baseline = placed.baseline
    return "".join(
        write_text(placed.x, baseline + placed.leading * i, line, placed.kind, anchor, turn) for i, line in enumerate(placed.lines)
    )


def draw_mark(point: Place, x: float, y: float, r: float) -> str:
    if point.mark == "square":
        return f'<rect class="dot" x="{x - r:.0f}" y="{y - r:.0f}" width="{2 * r:g}" height="{2 * r:g}"/>'
    look = {"dot": "dot", "key": "key", "ring": "ring", "number": "key"}[point.mark]
    mark = f'<circle class="{look}" cx="{x:.0f}" cy="{y:.0f}" r="{r:g}"/>'
    if point.mark == "number":
        mark += f'<text class="num" x="{x:.0f}" y="{y + r * 0.5:.0f}">{point.number}</text>'
    return mark


def assemble(spec: Map, sheet: Sheet) -> str:
    body = "".join(sheet.ground)
    defs = ""
    if 'class="hatched"' in body or 'class="lines"' in body:
        defs += '<pattern id="h" width="11" height="11" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0v11" style="stroke:var(--quiet)" stroke-width="2" stroke-opacity=".55"/></pattern>'
    if "url(#a)" in body:
        defs += '<marker id="a" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="4.5" markerHeight="4.5" orient="auto"><path d="M0 0l10 5-10 5z" class="bright"/></marker>'
    if "url(#k)" in body:
        defs += '<clipPath id="k"><use href="#focus"/></clipPath>'
    style = write_style(
        sheet.letters,
        sheet.kinds,
        MAP_RULES,
        MAP_NARROW,
        body + defs + "".join(sheet.wide + sheet.narrow) + '<rect class="water"/>',
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {spec.height}" role="img" aria-labelledby="t d">'
        f'<title id="t">{escape(spec.title, quote=False)}</title><desc id="d">{escape(spec.desc, quote=False)}</desc>{style}'
        + (f"<defs>{defs}</defs>" if defs else "")
        + f'<rect class="water" width="{WIDTH}" height="{spec.height}"/>{body}<g class="w">{"".join(sheet.wide)}</g><g class="n">{"".join(sheet.narrow)}</g></svg>\n'
    )
