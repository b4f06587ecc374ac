"""Tables in HTML as the desk's table block, and telling them from tables that only lay out a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

# A cell with more text than this is a column of a page, not a value of a table (longest cell of 51 reports: 640).
_LONGEST_CELL = 2000
_WIDEST_SPAN = 60
_LINES = frozenset({"br", "p", "div", "li"})
_SPACE = re.compile(r"\s+")
_NOTE_MARK = re.compile(r"\[\^\d+\]")


def is_layout(table: HtmlElement) -> bool:
    """Whether the table only places things on a page: one cell, nested tables, or columns of running text."""
    if table.get("role") in ("presentation", "none"):
        return True
    cells = list(table.iter("td", "th"))
    if len(cells) <= 1 or next((t for t in table.iterdescendants("table")), None) is not None:
        return True
    return any(len(cell.text_content()) > _LONGEST_CELL for cell in cells)


def table_block(table: HtmlElement) -> dict[str, Any] | None:
    """The table as a block; None when it holds no text."""
    rows = list(_rows(table))
    grid, heads = _grid(rows)
    if not any(cell for line in grid for cell in line):
        return None
    first_row = bool(heads) and (all(heads[0]) or _in_head(rows[0]))
    body = heads[1:] if first_row else heads
    first_column = bool(body) and len(heads[0]) > 1 and all(line[0] for line in body)
    choice = {(True, True): "both", (True, False): "row", (False, True): "column"}.get((first_row, first_column), "neither")
    captions = [_text(caption) for caption in table.iterchildren("caption")]
    return {
        "type": "table",
        "value": {
            "data": grid,
            "cell": [],
            "mergeCells": [],
            "first_row_is_table_header": first_row,
            "first_col_is_header": first_column,
            "table_header_choice": choice,
            "table_caption": captions[0] if captions else "",
        },
    }


def _rows(table: HtmlElement) -> Iterator[HtmlElement]:
    for row in table.iter("tr"):
        if any(True for _ in row.iterchildren("td", "th")):
            yield row


def _grid(rows: list[HtmlElement]) -> tuple[list[list[str]], list[list[bool]]]:
    """Texts and whether each is a head, as rectangles; a spanning cell has its text in its first place."""
    texts: dict[tuple[int, int], tuple[str, bool]] = {}
    for y, row in enumerate(rows):
        x = 0
        for cell in row.iterchildren("td", "th"):
            while (y, x) in texts:
                x += 1
            head = cell.tag == "th"
            for down in range(min(_span(cell, "rowspan"), len(rows) - y)):
                for right in range(_span(cell, "colspan")):
                    texts.setdefault((y + down, x + right), ("", head))
            texts[y, x] = (_text(cell), head)
    width = max((x for _, x in texts), default=-1) + 1
    empty = ("", False)
    grid = [[texts.get((y, x), empty) for x in range(width)] for y in range(len(rows))]
    grid = [line for line in grid if any(text for text, _ in line)]
    return [[text for text, _ in line] for line in grid], [[head for _, head in line] for line in grid]


def _span(cell: HtmlElement, name: str) -> int:
    value = cell.get(name) or ""
    return min(max(int(value), 1), _WIDEST_SPAN) if value.isascii() and value.isdigit() and len(value) < 5 else 1


def _in_head(row: HtmlElement) -> bool:
    parent = row.getparent()
    return parent is not None and parent.tag == "thead"


def _text(element: HtmlElement) -> str:
    """The text of a cell on one line; what stood on lines of its own is parted by a space."""
    parts: list[str] = []
    for node in element.iter():
        parts.append(" " if node.tag in _LINES else "")
        parts.append(node.text or "")
        parts.append((node.tail or "") if node is not element else "")
    return _SPACE.sub(" ", _NOTE_MARK.sub("", "".join(parts))).strip()
