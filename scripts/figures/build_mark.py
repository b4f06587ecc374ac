"""Draw the mark of the house, a front page in five strokes, as SVG, favicon and touch icon.

The shapes sit on a grid of sixteen, so that they stay sharp in the smallest favicon. Needs Pillow.
"""

from pathlib import Path

from PIL import Image, ImageDraw

IMG = Path(__file__).parents[2] / "src/broadsheet/static/img"
GROUND, SHEET = "#0d5c63", "#fbfaf6"
GRID = 16
# left, top, width, height in grid units: the masthead, the picture, three lines of text
STROKES = [(3, 3, 10, 2), (3, 7, 4, 6), (8, 7, 5, 1), (8, 9, 5, 1), (8, 11, 5, 1)]


def draw_svg() -> str:
    scale = 4
    rects = "".join(f'<rect x="{x * scale}" y="{y * scale}" width="{w * scale}" height="{h * scale}"/>' for x, y, w, h in STROKES)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img" aria-labelledby="t"><title id="t">A front page</title>'
        f'<rect width="64" height="64" rx="7" fill="{GROUND}"/><g fill="{SHEET}">{rects}</g></svg>\n'
    )


def draw_bitmap(size: int, *, rounded: bool) -> Image.Image:
    scale = 16 * size // GRID  # drawn sixteen times too big, then reduced, so that edges are smooth
    big = Image.new("RGBA", (scale * GRID, scale * GRID), (0, 0, 0, 0))
    pen = ImageDraw.Draw(big)
    pen.rounded_rectangle((0, 0, *big.size), radius=scale * GRID * 7 // 64 if rounded else 0, fill=GROUND)
    for x, y, width, height in STROKES:
        pen.rectangle((x * scale, y * scale, (x + width) * scale - 1, (y + height) * scale - 1), fill=SHEET)
    return big.resize((size, size), Image.Resampling.LANCZOS)


def main() -> None:
    IMG.mkdir(parents=True, exist_ok=True)
    (IMG / "mark.svg").write_text(draw_svg(), "utf-8")
    icons = [draw_bitmap(size, rounded=True) for size in (48, 32, 16)]
    icons[0].save(IMG / "favicon.ico", sizes=[icon.size for icon in icons], append_images=icons[1:])
    draw_bitmap(180, rounded=False).save(IMG / "apple-touch-icon.png", optimize=True)


if __name__ == "__main__":
    main()
