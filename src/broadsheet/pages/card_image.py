"""The picture that other sites show beside a link to an article: its headline on paper, 1200 by 630 pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from broadsheet.library.models import Article
from broadsheet.publication.colours import PAPER
from broadsheet.publication.store import load_publication

WIDTH, HEIGHT = 1200, 630
MARGIN = 76
INK, QUIET = "#1a1916", "#5d5a52"
HEADLINE_SIZES = (76, 68, 60, 52, 46, 40, 34)  # pixels; the first at which the headline fits is taken
MOST_LINES = 6
COLOURS = 48  # of the palette; flat lettering on paper needs no more, and the file is a third as large
_FONTS = Path(__file__).parent / "fonts"


@dataclass(frozen=True, slots=True)
class CardWords:
    """What a card says."""

    headline: str
    label: str
    publication: str
    accent: str


def find_card_words(article_id: int) -> CardWords | None:
    """The words of one published article's card: none but those that everybody may read."""
    article = Article.objects.select_related("main_topic").filter(pk=article_id, live=True).first()
    if article is None:
        return None
    publication = load_publication()
    label = article.main_topic.name if article.main_topic else ""
    return CardWords(article.headline_social or article.headline, label, publication.name, publication.accent_light)


def draw_card(words: CardWords) -> bytes:
    """The card as PNG."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER[0])
    draw = ImageDraw.Draw(image)
    room = WIDTH - 2 * MARGIN
    draw.rectangle((0, 0, WIDTH, 12), fill=words.accent)
    top = MARGIN
    if words.label:
        draw.text((MARGIN, top), words.label.upper(), font=_font("ui", 28, 600), fill=words.accent)
        top += 58
    font, lines = _fit(words.headline, room, HEIGHT - top - 160)
    for line in lines:
        draw.text((MARGIN, top), line, font=font, fill=INK)
        top += round(font.size * 1.14)
    foot = HEIGHT - MARGIN - 34
    draw.line((MARGIN, foot - 26, WIDTH - MARGIN, foot - 26), fill=INK, width=2)
    draw.line((MARGIN, foot - 20, WIDTH - MARGIN, foot - 20), fill=INK, width=2)
    draw.text((MARGIN, foot), words.publication, font=_font("text", 40, 680), fill=INK)
    out = BytesIO()
    image.quantize(COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _fit(headline: str, width: int, height: int) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """The largest lettering in which the headline fits; the smallest is cut with an ellipsis if it must be."""
    for size in HEADLINE_SIZES:
        font = _font("text", size, 640)
        lines = _wrap(headline, font, width)
        if len(lines) <= MOST_LINES and len(lines) * size * 1.14 <= height:
            return font, lines
    most = max(1, int(height // (size * 1.14)))
    return font, [*lines[: most - 1], lines[most - 1].rstrip(" ,.;:") + "…"] if len(lines) > most else lines


def _wrap(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.extend(_break(word, font, width))
    return lines


def _break(word: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """A word in pieces that fit; almost always one."""
    pieces = [""]
    for letter in word:
        if font.getlength(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


@cache
def _font(name: str, size: int, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(_FONTS / f"{name}.ttf", size)
    font.set_variation_by_axes([weight])
    return font
