"""Measure and embed letters: each figure carries its own small fonts, because an image may load nothing else."""

import base64
import io
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

PACKAGE = Path(__file__).parents[2] / "src/broadsheet"
# Face: font file, weight, what CSS falls back to.
FACES = {
    "a": (PACKAGE / "pages/fonts/ui.ttf", 450, "system-ui,sans-serif"),
    "b": (PACKAGE / "pages/fonts/ui.ttf", 650, "system-ui,sans-serif"),
    "s": (PACKAGE / "pages/fonts/text.ttf", 620, "Georgia,serif"),
    "i": (PACKAGE / "static/vendor/fonts/text-italic.woff2", None, "Georgia,serif"),
}


@lru_cache
def load_face(face: str) -> bytes:
    path, weight, _ = FACES[face]
    font = TTFont(path, recalcTimestamp=False)
    if weight:
        font = instantiateVariableFont(font, {"wght": weight})
    font.flavor = None
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


@lru_cache
def read_advances(face: str) -> dict[int, float]:
    """Read the width of every character, in em."""
    font = TTFont(io.BytesIO(load_face(face)), recalcTimestamp=False)
    em, metrics = font["head"].unitsPerEm, font["hmtx"].metrics
    return {code: metrics[glyph][0] / em for code, glyph in font.getBestCmap().items()}


def measure(text: str, face: str, size: float, spacing: float = 0.0) -> float:
    """Measure a line of text; spacing is in em."""
    advances = read_advances(face)
    return sum(advances.get(ord(letter), 0.55) + spacing for letter in text) * size - spacing * size


def wrap(text: str, face: str, size: float, width: float) -> list[str]:
    """Break a text into lines that fit; an explicit line break stays."""
    lines: list[str] = []
    for part in text.split("\n"):
        line = ""
        for word in part.split():
            if line and measure(f"{line} {word}", face, size) > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        lines.append(line)
    return lines


def embed(face: str, letters: set[str]) -> str:
    """Write the @font-face rule with only the letters used."""
    font = TTFont(io.BytesIO(load_face(face)), recalcTimestamp=False)
    options = subset.Options()
    options.layout_features = ["kern"]
    options.hinting = False
    options.name_IDs = [13]
    options.drop_tables += ["GDEF", "STAT", "GSUB"]
    options.notdef_outline = False
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes={ord(letter) for letter in letters})
    subsetter.subset(font)
    font["post"].formatType = 3.0
    font.recalcTimestamp = False
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    data = base64.b64encode(out.getvalue()).decode("ascii")
    return f'@font-face{{font-family:{face};src:url(data:font/woff2;base64,{data})format("woff2")}}'


@dataclass(frozen=True)
class Style:
    """How one kind of label is set: face, size on wide and on narrow screens in drawing units, spacing in em."""

    face: str
    wide: float
    narrow: float
    spacing: float = 0.0
    fill: str = "ink"


STYLES = {
    "country": Style("a", 25, 50, 0.05, "quiet"),
    "area": Style("a", 21, 44, 0.02, "quiet"),
    "sea": Style("i", 31, 56, 0.12, "seaink"),
    "water": Style("i", 24, 48, 0.04, "seaink"),
    "town": Style("a", 23, 48),
    "mark": Style("b", 26, 52, 0.0, "accent"),
    "alert": Style("b", 23, 48, 0.0, "alert"),
    "second": Style("b", 24, 48, 0.0, "second"),
    "note": Style("a", 21, 46, 0.0, "ink"),
    "quiet": Style("a", 21, 46, 0.0, "quiet"),
    "title": Style("s", 42, 60),
    "value": Style("b", 26, 50),
    "text": Style("a", 26, 48),
    "head": Style("b", 24, 48, 0.0, "ink"),
    "source": Style("a", 20, 41, 0.0, "quiet"),
}


def write_text(x: float, y: float, text: str, kind: str, anchor: str = "", extra: str = "") -> str:
    """Write one text element; x and y are the baseline point."""
    hold = f' class="t-{kind} {anchor}"' if anchor else f' class="t-{kind}"'
    return f'<text{hold} x="{round(x)}" y="{round(y)}"{extra}>{escape(text, quote=False)}</text>'
