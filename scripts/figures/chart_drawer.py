"""Draw one chart from its data, once for wide and once for narrow screens: direct labels, one accent, a zero line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from html import escape

from lettering import STYLES, measure, wrap, write_text
from palette import CHART_NARROW, CHART_RULES, write_style

WIDTH = 1600


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its value, what is printed at its end, and its look."""

    name: str
    value: float
    end: str
    look: str = "bar"
    indent: bool = False


@dataclass(frozen=True)
class Group:
    heading: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Bars:
    """Horizontal bars, perhaps in groups, on one scale from zero."""

    groups: tuple[Group, ...]
    top: float  # the value at the right end of the scale
    line: tuple[float, str] | None = None  # a reference value and its words


@dataclass(frozen=True)
class Columns:
    """Upright columns on an even axis; beneath each what it stands for and a small text."""

    columns: tuple[tuple[str, float, str], ...]
    end_words: str = ""
    mark: tuple[int, str] | None = None  # a thin line before this column, and its words
    narrow_small: bool = False  # whether the small text also stands on narrow screens


@dataclass(frozen=True)
class Stack:
    """Horizontal bars of several parts."""

    rows: tuple[tuple[str, str, tuple[tuple[str, float], ...]], ...]


@dataclass(frozen=True)
class Timeline:
    """Dots on a line of time; the words alternate above and below it."""

    first: int
    last: int
    events: tuple[tuple[date, str, str, bool], ...]  # day, printed date, words, whether it counts on narrow screens


@dataclass(frozen=True)
class Spans:
    """Bars from day to day on one axis; after the mark a bar is paler if the measure was suspended."""

    first: int
    last: int
    rows: tuple[tuple[str, date, date, str, tuple[date, str, bool] | None], ...]


@dataclass(frozen=True)
class Seats:
    """A column of seats for each year, filled from below."""

    seats: int
    years: tuple[tuple[str, int], ...]
    line: tuple[int, str]


@dataclass(frozen=True)
class Chart:
    slug: str
    title: str
    unit: str
    desc: str
    source: str
    plot: Bars | Columns | Stack | Timeline | Spans | Seats
    note: str = ""
    height: int = 900


@dataclass
class Pen:
    """Writes into one of the two sizes and remembers which letters it used."""

    narrow: bool
    out: list[str] = field(default_factory=list)
    letters: dict[str, set[str]] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)

    def size(self, kind: str) -> float:
        return STYLES[kind].narrow if self.narrow else STYLES[kind].wide

    def width(self, text: str, kind: str) -> float:
        return measure(text, STYLES[kind].face, self.size(kind), STYLES[kind].spacing)

    def text(self, x: float, y: float, words: str, kind: str, anchor: str = "", halo: bool = False) -> None:
        self.kinds.add(kind)
        self.letters.setdefault(STYLES[kind].face, set()).update(words)
        held = " ".join(part for part in ({"middle": "m", "end": "e"}.get(anchor, ""), "hp" if halo else "") if part)
        self.out.append(write_text(x, y, words, kind, held))

    def block(self, x: float, y: float, words: str, kind: str, width: float, anchor: str = "", halo: bool = False) -> float:
        """Write wrapped text from the first baseline down; give the baseline after the last line."""
        face, size = STYLES[kind].face, self.size(kind)
        lines = wrap(words, face, size, width)
        while kind == "title" and len(lines) > 1 and len(wrap(words, face, size, width - 20)) == len(lines):
            width -= 20
            lines = wrap(words, face, size, width)
        for line in lines:
            self.text(x, y, line, kind, anchor, halo)
            y += self.size(kind) * 1.22
        return y

    def rect(self, x: float, y: float, width: float, height: float, look: str) -> None:
        self.out.append(f'<rect class="{look}" x="{x:.0f}" y="{y:.0f}" width="{max(width, 1):.1f}" height="{height:.0f}"/>')

    def line(self, x1: float, y1: float, x2: float, y2: float, look: str) -> None:
        self.out.append(f'<path class="{look}" d="M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}"/>')

    def circle(self, x: float, y: float, r: float, look: str) -> None:
        self.out.append(f'<circle class="{look}" cx="{x:.0f}" cy="{y:.0f}" r="{r:g}"/>')


def draw_chart(chart: Chart) -> str:
    """Draw both sizes of a chart into one image."""
    pens = [Pen(narrow=False), Pen(narrow=True)]
    for pen in pens:
        draw_size(pen, chart)
    letters: dict[str, set[str]] = {}
    for pen in pens:
        for face, used in pen.letters.items():
            letters.setdefault(face, set()).update(used)
    wide, narrow = ("".join(pen.out) for pen in pens)
    body = f'<rect class="paper" width="{WIDTH}" height="{chart.height}"/><g class="w">{wide}</g><g class="n">{narrow}</g>'
    style = write_style(letters, pens[0].kinds | pens[1].kinds, CHART_RULES, CHART_NARROW, body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {chart.height}" role="img" aria-labelledby="t d">'
        f'<title id="t">{escape(chart.title, quote=False)}</title><desc id="d">{escape(chart.desc, quote=False)}</desc>{style}{body}</svg>\n'
    )


def draw_size(pen: Pen, chart: Chart) -> None:
    edge = 40 if pen.narrow else 56
    y = pen.block(edge, 84 if pen.narrow else 76, chart.title, "title", WIDTH - 2 * edge)
    y = pen.block(edge, y + 2, chart.unit, "source", WIDTH - 2 * edge)
    source = wrap(f"Source: {chart.source}", "a", pen.size("source"), WIDTH - 2 * edge)
    note = wrap(chart.note, "a", pen.size("source"), WIDTH - 2 * edge) if chart.note else []
    below = chart.height - 32 - pen.size("source") * 1.25 * (len(source) + len(note) - 1)
    for i, line in enumerate([*note, *source]):
        pen.text(edge, below + pen.size("source") * 1.25 * i, line, "source")
    plots: dict[type, Callable[..., None]] = {
        Bars: draw_bars, Columns: draw_columns, Stack: draw_stack, Timeline: draw_timeline, Spans: draw_spans, Seats: draw_seats,
    }  # fmt: skip
    plots[type(chart.plot)](
        pen, chart.plot, edge, y + (6 if pen.narrow else 22), WIDTH - edge, below - pen.size("source") - (14 if pen.narrow else 26)
    )


def draw_bars(pen: Pen, plot: Bars, left: float, top: float, right: float, bottom: float) -> None:
    bars = [bar for group in plot.groups for bar in group.bars]
    headings = [group for group in plot.groups if group.heading]
    indent = 34
    name_width = 0 if pen.narrow else max(pen.width(bar.name, "text") + indent * bar.indent for bar in bars) + 24
    grouped = bool(headings)
    zero = left + name_width
    room = right - zero - (0 if pen.narrow else max(pen.width(bar.end, "value") for bar in bars if bar.value > plot.top * 0.4) + 16)
    head = pen.size("head") * 1.7
    foot = pen.size("note") * 1.35 if plot.line else 0
    row = min((bottom - top - foot - head * len(headings)) / len(bars), 170 if pen.narrow else 130)
    y = top
    start = top
    if plot.line:
        x = zero + plot.line[0] / plot.top * room
        pen.text(min(x, right), top + pen.size("note") * 0.8, plot.line[1], "alert", "end")
        y = start = top + foot
    first_bar = y
    for group in plot.groups:
        if group.heading:
            pen.text(left, y + head * 0.66, group.heading, "head")
            y += head
        for bar in group.bars:
            length = bar.value / plot.top * room
            if pen.narrow:
                pen.text(left + indent * bar.indent, y + 46, bar.name, "text", halo=True)
                edge = zero + plot.line[0] / plot.top * room - 18 if plot.line else right
                pen.text(edge, y + 46, bar.end, "value", "end", halo=True)
                pen.rect(zero, y + 60, length, max(row - 78, 14), bar.look)
                pen.line(zero, y + 56, zero, y + 64 + max(row - 78, 14), "zero")
            else:
                thick = min(row * 0.62, 62)
                middle = y + row / 2
                pen.text(
                    left + indent * bar.indent if grouped else zero - 18, middle + 9, bar.name, "text", "" if grouped else "end"
                )
                pen.rect(zero, middle - thick / 2, length, thick, bar.look)
                pen.text(zero + length + 12, middle + 9, bar.end, "value", halo=True)
            y += row
    if not pen.narrow:
        pen.line(zero, first_bar, zero, y, "zero")
    if plot.line:
        x = zero + plot.line[0] / plot.top * room
        pen.out.insert(0, f'<path class="ref" d="M{x:.0f} {start:.0f}V{y:.0f}"/>')


def draw_columns(pen: Pen, plot: Columns, left: float, top: float, right: float, bottom: float) -> None:
    step = (right - left) / len(plot.columns)
    show_small = not pen.narrow or plot.narrow_small
    small_width = step - 14
    lines = [wrap(small, "a", pen.size("quiet"), small_width) for _, _, small in plot.columns] if show_small else []
    small_height = max((len(one) for one in lines), default=0) * pen.size("quiet") * 1.16
    base = bottom - small_height - pen.size("head") * 1.5
    high = max(value for _, value, _ in plot.columns)
    height = base - top - pen.size("value") * 1.5
    for i, (name, value, _) in enumerate(plot.columns):
        middle = left + step * (i + 0.5)
        tall = value / high * height
        pen.rect(middle - step * 0.34, base - tall, step * 0.68, tall, "bar")
        pen.text(middle, base - tall - 12, f"{value:g}", "value", "middle", halo=True)
        pen.text(middle, base + pen.size("head") * 1.15, name, "head", "middle")
        for j, line in enumerate(lines[i] if lines else []):
            pen.text(middle, base + pen.size("head") * 1.2 + pen.size("quiet") * 1.16 * (j + 1), line, "quiet", "middle")
    pen.line(left, base, right, base, "zero")
    if plot.mark:
        x = left + step * plot.mark[0]
        pen.line(x, top + 10, x, base, "ref")
        pen.block(x - 14, top + pen.size("alert"), plot.mark[1], "alert", 620 if pen.narrow else 420, "end")


def draw_stack(pen: Pen, plot: Stack, left: float, top: float, right: float, bottom: float) -> None:
    high = max(sum(value for _, value in parts) for _, _, parts in plot.rows)
    total_width = max(pen.width(total, "value") for _, total, _ in plot.rows) + 20
    room = right - left - (0 if pen.narrow else total_width)
    row = (bottom - top) / len(plot.rows)
    size = pen.size("quiet")
    for i, (name, total, parts) in enumerate(plot.rows):
        y = top + row * i
        small = [value for _, value in parts if value < high * 0.05]
        if pen.narrow and len(small) > 1:
            parts = (*(part for part in parts if part[1] >= high * 0.05), ("others", sum(small)))
        bar_top, thick = y + pen.size("head") * 1.6, row * (0.24 if pen.narrow else 0.34)
        pen.text(left, y + pen.size("head"), name, "head")
        x, taken = left, [-1.0] * 4
        marks = len(pen.out)
        for j, (part, value) in enumerate(parts):
            length = value / high * room
            pen.rect(x, bar_top, length - 2, thick, f"s{min(j, 5)}")
            words = f"{part} {value:g}"
            wide = pen.width(words, "quiet")
            start = min(x, right - wide)
            level = next(n for n, end in enumerate(taken) if end < start or n == len(taken) - 1)
            baseline = bar_top + thick + size * 1.25 * (level + 1)
            if level:
                pen.out.insert(marks, f'<path class="grid" d="M{x + 1:.0f} {bar_top + thick:.0f}V{baseline - size * 0.8:.0f}"/>')
            pen.text(start + (6 if level and start == x else 0), baseline, words, "quiet", halo=True)
            taken[level] = start + wide + 16
            x += length
        if pen.narrow:
            pen.text(right, y + pen.size("head"), total, "value", "end")
        else:
            pen.text(x + 14, bar_top + thick / 2 + 9, total, "value")
        pen.line(left, bar_top - 8, left, bar_top + thick + 8, "zero")


def share_of(day: date, first: int, last: int) -> float:
    start, end = date(first, 1, 1), date(last, 12, 31)
    return (day - start).days / (end - start).days


def draw_years(pen: Pen, first: int, last: int, every: int, left: float, right: float, top: float, base: float) -> None:
    for year in range(first, last + 1):
        x = left + (right - left) * share_of(date(year, 1, 1), first, last)
        if (year - first) % every == 0:
            pen.line(x, top, x, base + 12, "grid")
            pen.text(x, base + 12 + pen.size("source"), str(year), "source", "middle" if year > first else "")


def draw_timeline(pen: Pen, plot: Timeline, left: float, top: float, right: float, bottom: float) -> None:
    shown = [event for event in plot.events if event[3] or not pen.narrow]
    room = right - left
    width = 420 if pen.narrow else 270
    blocks = []
    for i, (day, printed, words, _) in enumerate(shown):
        x = left + room * share_of(day, plot.first, plot.last)
        lines = wrap(words, "a", pen.size("quiet"), width)
        wide = max(pen.width(printed, "head"), *(pen.width(line, "quiet") for line in lines)) + 12
        blocks.append((x, -1 if i % 2 == 0 else 1, x + wide > right, wide, printed, lines))
    # From the right leftwards, each above those it would cross, so that no stem runs through words.
    taken: dict[int, list[tuple[int, float, float]]] = {-1: [], 1: []}
    levels = []
    ordered = sorted(blocks, key=lambda block: (block[2], -block[0]))
    for x, side, backwards, wide, _, _ in ordered:
        begin, stop = (x - wide, x) if backwards else (x, x + wide)
        levels.append(max((other + 1 for other, start, end in taken[side] if begin < end + 20 and start - 20 < stop), default=0))
        taken[side].append((levels[-1], begin, stop))
    storey = pen.size("head") * 1.15 + pen.size("quiet") * 1.2 * 2 + 16
    above, under = (storey * (max(level for level, _, _ in taken[side]) + 1) for side in (-1, 1))
    middle = top + above + 30 + max(bottom - top - above - under - 30 - pen.size("source") - 36, 0) / 2
    draw_years(pen, plot.first, plot.last, 4 if pen.narrow else 2, left, right, middle, middle)
    pen.line(left, middle, right, middle, "zero")
    for (x, side, backwards, _, printed, lines), level in zip(ordered, levels, strict=True):
        foot = 30 if side < 0 else pen.size("source") + 36
        upper = middle - foot - storey * (level + 1) + 16 if side < 0 else middle + foot + storey * level
        if side < 0:
            upper += pen.size("quiet") * 1.2 * (2 - len(lines))
        baseline = upper + pen.size("head") * 0.8
        last = baseline + pen.size("quiet") * 1.2 * len(lines)
        pen.line(x, middle, x, upper if side < 0 else last, "tick")
        pen.circle(x, middle, 15 if pen.narrow else 9, "seat")
        anchor, shift = ("end", -12) if backwards else ("", 12)
        pen.text(x + shift, baseline, printed, "head", anchor, halo=True)
        for j, line in enumerate(lines):
            pen.text(x + shift, baseline + pen.size("quiet") * 1.2 * (j + 1), line, "quiet", anchor, halo=True)


def draw_spans(pen: Pen, plot: Spans, left: float, top: float, right: float, bottom: float) -> None:
    base = bottom - pen.size("source") * 1.5
    row = (base - top) / len(plot.rows)
    room = right - left
    draw_years(pen, plot.first, plot.last, 10 if pen.narrow else 5, left, right, top, base)
    pen.line(left, base, right, base, "zero")
    for i, (name, start, end, printed, mark) in enumerate(plot.rows):
        y = top + row * i
        x1, x2 = (left + room * share_of(day, plot.first, plot.last) for day in (start, end))
        bar_top, thick = y + row * 0.44, row * (0.3 if pen.narrow else 0.22)
        years = f"{(end - start).days / 365.25:.1f} years"
        name = f"{name}: {years}" if pen.narrow else name
        length = pen.width(name, "head")
        begin = min(x1, right - max(length, 0 if pen.narrow else pen.width(printed, "quiet")))
        pen.text(begin, y + row * (0.34 if pen.narrow else 0.19), name, "head", halo=True)
        if not pen.narrow:
            pen.text(begin, y + row * 0.38, printed, "quiet", halo=True)
        split = left + room * share_of(mark[0], plot.first, plot.last) if mark else x2
        pen.rect(x1, bar_top, (split if mark and mark[2] else x2) - x1, thick, "bar")
        if mark and mark[2]:
            pen.rect(split, bar_top, x2 - split, thick, "palebar")
        if pen.narrow:
            continue
        if x2 + 12 + pen.width(years, "value") < right:
            pen.text(x2 + 12, bar_top + thick * 0.5 + pen.size("value") * 0.33, years, "value", halo=True)
        else:
            pen.text(x1 - 12, bar_top + thick * 0.5 + pen.size("value") * 0.33, years, "value", "end", halo=True)
        if mark:
            pen.line(split, bar_top - 4, split, bar_top + thick + 12, "zero")
            far = split + pen.width(mark[1], "quiet") > right
            pen.text(
                split + (-8 if far else 8),
                bar_top + thick + pen.size("quiet") + 6,
                mark[1],
                "quiet",
                "end" if far else "",
                halo=True,
            )


def draw_seats(pen: Pen, plot: Seats, left: float, top: float, right: float, bottom: float) -> None:
    margin = 400 if pen.narrow else 250
    step = (right - margin - left) / len(plot.years)
    base = bottom - pen.size("head") * 1.6
    gap = (base - top - pen.size("value") * 1.5) / plot.seats
    r = min(gap * 0.4, step * 0.2)
    for i, (year, filled) in enumerate(plot.years):
        x = left + step * (i + 0.5)
        for seat in range(plot.seats):
            pen.circle(x, base - gap * (seat + 0.5), r, "seat" if seat < filled else "empty")
        pen.text(x, base - gap * plot.seats - 14, f"{filled}", "value", "middle")
        pen.text(x, base + pen.size("head") * 1.25, year, "head", "middle")
    y = base - gap * plot.line[0]
    pen.line(left, y, right, y, "ref")
    lines = wrap(plot.line[1], "b", pen.size("alert"), margin - 20)
    pen.block(right - margin + 20, y - 14 - pen.size("alert") * 1.22 * (len(lines) - 1), plot.line[1], "alert", margin - 20)
    pen.line(left, base, right - margin, base, "zero")
