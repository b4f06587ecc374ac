"""Every figure an article names is there, stands alone, speaks to those who cannot see it, and is small."""

import gzip
import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from fontTools.ttLib import TTFont
from lxml import etree

import broadsheet

CONTENT = Path(broadsheet.__file__).parent / "demo/content"
FIGURES = CONTENT / "figures"
ARTICLES = sorted((CONTENT / "articles").glob("*.md"))
RAW_LIMIT, PACKED_LIMIT = 45_000, 15_000
SVG = "{http://www.w3.org/2000/svg}"
MATTER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
IMAGE = re.compile(r"!\[[^\]]*\]\((?P<file>[^\s)]+)")
FONT = re.compile(r"@font-face\{font-family:(\w);src:url\(data:font/woff2;base64,([^)]*)\)")
FACE = re.compile(r"\.([\w-]+)\{font:[\d.]+px (\w)")
URL = re.compile(r"url\(\s*['\"]?([^)'\"]*)")


def list_named_figures(article: Path) -> list[str]:
    """List the figure files that an article names, in its front matter and in its body."""
    matter, body = MATTER.match(article.read_text("utf-8")).groups()
    lead = (yaml.safe_load(matter).get("lead_photo") or {}).get("file")
    return ([lead] if lead else []) + [found["file"] for found in IMAGE.finditer(body)]


def parse_drawing(figure: Path) -> etree._Element:
    """Parse one drawing as strictly as a browser parses an image; a fault in the XML raises."""
    return etree.parse(figure, etree.XMLParser(resolve_entities=False, no_network=True)).getroot()


def list_references(root: etree._Element) -> list[str]:
    """List everything that a drawing points to: links, sources, and urls in styles and attributes."""
    found = []
    for element in root.iter():
        for name, value in element.attrib.items():
            if name.rpartition("}")[2] in ("href", "src"):
                found.append(value)
            found += URL.findall(value)
        found += URL.findall(element.text or "")
    return found


drawn = pytest.mark.parametrize("figure", sorted(FIGURES.glob("*.svg")), ids=lambda path: path.stem)


@pytest.mark.parametrize("article", ARTICLES, ids=lambda path: path.stem)
def test_an_article_names_only_figures_that_exist(article: Path) -> None:
    named = list_named_figures(article)
    assert named, "an article without a figure"
    assert [name for name in named if not (FIGURES / name).is_file()] == []


def test_no_figure_is_left_over() -> None:
    named = {name for article in ARTICLES for name in list_named_figures(article)}
    assert {path.name for path in FIGURES.glob("*.svg")} - named == set()


@drawn
def test_a_figure_stands_alone(figure: Path) -> None:
    root = parse_drawing(figure)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert not tags & {"script", "foreignObject", "image", "iframe", "a", "animate", "set"}
    assert [name for element in root.iter() for name in element.attrib if name.lower().startswith("on")] == []
    assert [link for link in list_references(root) if not link.startswith(("#", "data:font/woff2;base64,"))] == []
    assert "@import" not in figure.read_text("utf-8")


@drawn
def test_a_figure_says_in_words_what_it_shows(figure: Path) -> None:
    root = parse_drawing(figure)
    title, desc = (root.findtext(f"{SVG}{name}") or "" for name in ("title", "desc"))
    assert len(title) > 8
    assert len(desc) > 80
    assert root.get("role") == "img"


@drawn
def test_a_figure_fits_light_and_dark_wide_and_narrow(figure: Path) -> None:
    root = parse_drawing(figure)
    style = root.findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme:dark" in style
    assert "max-width:560px" in style
    _, _, width, height = map(float, (root.get("viewBox") or "").split())
    assert width == 1600
    assert 600 <= height <= 1400
    for name in ("w", "n"):
        group = next(group for group in root.iter(f"{SVG}g") if group.get("class") == name)
        assert list(group.iter(f"{SVG}text")), f"no words at size {name}"


@drawn
def test_a_figure_carries_every_letter_it_shows(figure: Path) -> None:
    root = parse_drawing(figure)
    style = root.findtext(f"{SVG}style") or ""
    fonts = {name: set(TTFont(BytesIO(b64decode(data))).getBestCmap()) for name, data in FONT.findall(style)}
    faces = dict(FACE.findall(style))
    for text in root.iter(f"{SVG}text"):
        kind = (text.get("class") or "").split()[0]
        missing = {letter for letter in text.text or "" if ord(letter) not in fonts[faces[kind]]}
        assert not missing, f"{text.text}: no glyph for {missing}"


@drawn
def test_a_figure_is_small(figure: Path) -> None:
    raw = figure.read_bytes()
    assert len(raw) <= RAW_LIMIT
    assert len(gzip.compress(raw, 9)) <= PACKED_LIMIT
