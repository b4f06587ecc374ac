"""Draws ratios of `bench/results.json` as a bar chart: python bench/plot.py WORD docs/images/NAME.svg"""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path
from typing import Any

ROW, LEFT, WIDTH = 34, 330, 380
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}.bar{fill:#2f5d8a}.spread{stroke:#222}"
    ".limit{stroke:#b3261e;stroke-dasharray:4 3}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.bar{fill:#7fb0e0}.spread{stroke:#ddd}.limit{stroke:#ff8a80}}"
)


def draw(rows: list[dict[str, Any]]) -> str:
    """One bar a row with its interval, and a dashed line where its bar is; all on one scale from 0."""
    top = max(max(row["figure"], row["high"] or 0, row["bar"] or 0) for row in rows) * 1.1
    scale = WIDTH / top
    height = ROW * len(rows) + 20
    title = "; ".join(f"{row['name']}: {row['figure']:.2f}" for row in rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 70} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
    ]
    for number, row in enumerate(rows):
        y = 10 + ROW * number
        end = LEFT + row["figure"] * scale
        parts.append(f'<text x="{LEFT - 10}" y="{y + 17}" text-anchor="end">{escape(row["name"].partition(":")[0])}</text>')
        parts.append(f'<rect class="bar" x="{LEFT}" y="{y + 3}" width="{end - LEFT:.1f}" height="20"/>')
        if row["low"] is not None and row["high"] is not None:
            low, high = LEFT + row["low"] * scale, LEFT + row["high"] * scale
            parts.append(f'<path class="spread" d="M{low:.1f} {y + 13}H{high:.1f}" stroke-width="2"/>')
        if row["bar"] is not None:
            limit = LEFT + row["bar"] * scale
            parts.append(f'<path class="limit" d="M{limit:.1f} {y}v26"/>')
        parts.append(f'<text x="{max(end, LEFT + (row["high"] or 0) * scale) + 8:.1f}" y="{y + 17}">{row["figure"]:.2f}</text>')
    return "\n".join([*parts, "</svg>\n"])


def main() -> None:
    """Draw every result whose name contains the word and that has a yardstick."""
    word, path = sys.argv[1:]
    results = json.loads((Path(__file__).parent / "results.json").read_text("utf-8"))["results"]
    rows = [row for row in results if word in row["name"] and row["yardstick"] is not None]
    Path(path).write_text(draw(rows), "utf-8")


if __name__ == "__main__":
    main()
