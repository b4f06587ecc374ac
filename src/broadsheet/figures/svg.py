"""Charts as SVG text, drawn on the server. Pure.

Colours and sizes of letters are classes of the page's own style sheet, so that a chart follows its theme. Each has a title and
a description for those who don't see it; the page puts the table with the same figures below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 720
BAR = 26
BAR_GAP = 12
LABELS = 130  # for the names at the left
ENDS = 150  # for the figures at the right
PLOT = 190
WIDE_LABELS = 270  # for headlines
LETTER = 8  # the room of one letter, on average
NARROWEST = 1.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar chart: its name, its value, and what is printed at its end."""

    name: str
    value: int
    end: str


@dataclass(frozen=True, slots=True)
class Series:
    """One row of columns with its name; the figures belong to the chart's periods in turn."""

    name: str
    values: Sequence[int]


def draw_bars(bars: Sequence[Bar], *, name: str, title: str, desc: str, labels: int = LABELS) -> str:
    """Horizontal bars on one scale from zero; `name` makes the ids of a page's charts differ, `labels` is the names' room."""
    top = max([bar.value for bar in bars], default=0) or 1
    room = WIDTH - labels - ENDS
    out = []
    for number, bar in enumerate(bars):
        y = number * (BAR + BAR_GAP)
        width = max(NARROWEST, room * bar.value / top) if bar.value else 0
        middle = y + BAR / 2 + 5
        out.append(_text(labels - 10, middle, _shorten(bar.name, labels), "chart-name", anchor="end"))
        out.append(f'<rect class="chart-bar" x="{labels}" y="{y}" width="{width:.1f}" height="{BAR}"/>')
        out.append(_text(labels + width + 8, middle, bar.end, "chart-figure"))
    height = len(bars) * (BAR + BAR_GAP) - BAR_GAP
    out.append(f'<line class="chart-zero" x1="{labels}" x2="{labels}" y1="-4" y2="{height + 4}"/>')
    return _frame(out, name, title, desc, top=-6, height=height + 12)


def draw_rows(periods: Sequence[str], rows: Sequence[Series], *, name: str, title: str, desc: str) -> str:
    """A row of small columns for each series, each on a scale of its own, with its highest and its last figure."""
    row_height, columns_height = 58, 40
    room = WIDTH - LABELS - 60
    out = []
    for number, row in enumerate(rows):
        base = number * row_height + columns_height
        top = max(row.values, default=0)
        out.append(_text(LABELS - 10, base, row.name, "chart-name", anchor="end"))
        out.extend(_columns(row.values, base, columns_height, room, top))
        out.append(f'<line class="chart-zero" x1="{LABELS}" x2="{LABELS + room}" y1="{base}" y2="{base}"/>')
        out.append(_text(LABELS + room + 8, base - columns_height + 11, f"{top:,}", "chart-small"))
    height = len(rows) * row_height
    out.extend(_ends(periods, height + 2, room))
    return _frame(out, name, title, desc, top=-4, height=height + 14)


def draw_in_out(periods: Sequence[str], came: Sequence[int], went: Sequence[int], *, name: str, title: str, desc: str) -> str:
    """Columns above the zero line for those who came, below it for those who went."""
    top, bottom = max(came, default=0), max(went, default=0)
    room, whole = WIDTH - LABELS - 60, max(1, top + bottom)
    base = PLOT * top / whole
    out = _columns(came, base, base, room, top)
    out.extend(_columns(went, base, PLOT - base, room, bottom, is_down=True))
    out.append(f'<line class="chart-zero" x1="{LABELS}" x2="{LABELS + room}" y1="{base:.1f}" y2="{base:.1f}"/>')
    out.append(_text(LABELS - 10, max(12.0, base - 6), "came", "chart-name", anchor="end"))
    out.append(_text(LABELS - 10, min(PLOT + 6.0, base + 18), "went", "chart-name", anchor="end"))
    if top:
        out.append(_text(LABELS + room + 8, 11, f"+{top:,}", "chart-small"))
    if bottom:
        out.append(_text(LABELS + room + 8, PLOT, f"−{bottom:,}", "chart-small"))
    out.extend(_ends(periods, PLOT + 24, room))
    return _frame(out, name, title, desc, top=-4, height=PLOT + 34)


def draw_line(periods: Sequence[str], values: Sequence[int], end: str, *, name: str, title: str, desc: str) -> str:
    """A line on a scale from zero, with its last figure in words."""
    room, height = WIDTH - LABELS - ENDS, 130
    top = max(values, default=0) or 1
    step = room / max(1, len(values) - 1)
    points = [(LABELS + index * step, height - height * value / top) for index, value in enumerate(values)]
    if len(points) == 1:
        points.append((LABELS + room, points[0][1]))
    x, y = points[-1]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    out = [
        f'<line class="chart-zero" x1="{LABELS}" x2="{LABELS + room}" y1="{height}" y2="{height}"/>',
        f'<polyline class="chart-line" points="{path}"/>',
        f'<circle class="chart-dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>',
        _text(x + 10, min(max(y + 5, 11.0), height - 2.0), end, "chart-figure"),
        _text(LABELS - 10, height, "0", "chart-small", anchor="end"),
        *_ends(periods, height + 20, room),
    ]
    return _frame(out, name, title, desc, top=-8, height=height + 34)


def _shorten(name: str, room: int) -> str:
    """A name that fits; the table below the chart has it whole."""
    most = room // LETTER
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def _columns(values: Sequence[int], base: float, height: float, room: float, top: int, *, is_down: bool = False) -> list[str]:
    step = room / max(1, len(values))
    width = max(NARROWEST, step - (2 if step > 6 else 0.5))
    look = "chart-bar-down" if is_down else "chart-bar"
    out = []
    for index, value in enumerate(values):
        if value > 0:
            tall = max(NARROWEST, height * value / max(1, top))
            y = base if is_down else base - tall
            out.append(
                f'<rect class="{look}" x="{LABELS + index * step:.1f}" y="{y:.1f}" width="{width:.1f}" height="{tall:.1f}"/>'
            )
    return out


def _ends(periods: Sequence[str], y: float, room: float) -> list[str]:
    if not periods:
        return []
    last = [_text(LABELS + room, y, periods[-1], "chart-small", anchor="end")] if len(periods) > 1 else []
    return [_text(LABELS, y, periods[0], "chart-small"), *last]


def _text(x: float, y: float, words: str, look: str, *, anchor: str = "") -> str:
    held = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}"{held}>{escape(words)}</text>'


def _frame(parts: Sequence[str], name: str, title: str, desc: str, *, top: float, height: float) -> str:
    return (
        f'<svg class="chart" role="img" aria-labelledby="{name}-title {name}-desc" viewBox="0 {top:g} {WIDTH} {height:g}">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(desc)}</desc>{"".join(parts)}</svg>'
    )
