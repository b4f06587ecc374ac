"""Whether a colour can be read on the page. Pure.

Source: WCAG 2.2, definitions of relative luminance and contrast ratio, success criterion 1.4.3 (4.5:1 for text).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LEAST_CONTRAST = 4.5
# The page's own colours, as in the style sheet: (light, dark).
PAPER = ("#fbfaf6", "#14161a")
WASH = ("#f1eee5", "#1c1f24")
# What stands on a button filled with the accent.
ACCENT_INK = ("#ffffff", "#0e1214")
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class WeakPair:
    """Two colours that stand on each other and cannot be told apart well enough."""

    surface: str
    ratio: float


def is_colour(text: str) -> bool:
    """Whether `text` is a colour as settings keep it: `#` and six hex digits."""
    return bool(_HEX.fullmatch(text))


def contrast_ratio(one: str, other: str) -> float:
    """The contrast of two colours, from 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def find_weak_pairs(accent: str, *, dark: bool) -> tuple[WeakPair, ...]:
    """Where `accent` fails 4.5:1 in one theme: as text on paper and on wash, and under the words of a button."""
    theme = int(dark)
    surfaces = (("paper", PAPER[theme]), ("the offer's ground", WASH[theme]), ("the words on a button", ACCENT_INK[theme]))
    ratios = ((name, contrast_ratio(accent, colour)) for name, colour in surfaces)
    return tuple(WeakPair(name, ratio) for name, ratio in ratios if ratio < LEAST_CONTRAST)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
