"""Build the publication's typefaces from the unpacked npm packages of their makers.

Run once whenever a typeface or the glyph list changes, then commit what it wrote:

    npm pack source-serif@4.5.1 source-sans@3.52.0      # unpack each into a folder
    pip install fonttools brotli
    python scripts/fonts/build_fonts.py --serif source-serif --sans source-sans

Adobe's own packages are the source, because the copies made for Google Fonts, which @fontsource-variable
repackages, lack the oldstyle figures that running text is set in.

Three changes are made to every face beside subsetting. Figures: plain digits become proportional lining ones,
`tnum` asks for tabular and `onum` for proportional oldstyle ones, so one CSS keyword does what a writer means.
Axes: the optical size is pinned for text, the weight kept between 400 and 700. Names: the licence (OFL 1.1)
reserves the name Source for unmodified fonts, so the outcome is called Broadsheet Text and Broadsheet UI.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset
from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

STATIC = Path(__file__).parents[2] / "src/broadsheet/static"
VENDOR = STATIC / "vendor/fonts"
CARD_FONTS = Path(__file__).parents[2] / "src/broadsheet/pages/fonts"

TEXT_OPTICAL_SIZE = 20  # the design's own text master; reading text is 18 to 19 px
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
LIGATURES = {
    "f_f_i": "f f i",
    "f_f_l": "f f l",
    "f_f": "f f",
    "f_i": "f i",
    "fi": "f i",
    "f_l": "f l",
    "fl": "f l",
    "f_t": "f t",
    "f_j": "f j",
}
KERN_WEIGHT = 500  # one table of kerning serves every weight, measured between text and headline
BASIC = set(range(0x20, 0x7F))
SMALLEST_KERN = 8  # thousandths of an em: a sixth of a pixel in text, which nobody sees
KERN_STEP = 4  # distances are rounded to this, so that more glyphs share a class
OUTLINE_TOLERANCE = 1.0  # thousandths of an em that a point of a bolder weight may stray

# Unicode ranges as CSS writes them; the same strings end up in unicode-range.
RANGES = {
    "latin": (
        "U+20-7E, U+A0, U+A1, U+A3, U+A7, U+A9, U+AB, U+AD, U+B0, U+B1, U+B7, U+BB, U+BD, U+BF-FF, U+131, U+152-153, "
        "U+2009-200B, U+2010-2014, U+2018-201A, U+201C-201E, U+2020, U+2022, U+2026, U+202F, U+2032-2033, "
        "U+2039-203A, U+20AC, U+2190, U+2192, U+2197, U+2212"
    ),
    "ext": (
        "U+A2, U+A4-A6, U+A8, U+AA, U+AC, U+AE, U+AF, U+B2-B6, U+B8-BA, U+BC, U+BE, U+100-130, U+132-151, U+154-17F, "
        "U+18F, U+192, U+1A0-1A1, U+1AF-1B0, U+1CD-1DC, U+1E6-1E7, U+1F8-1FF, U+218-21B, U+259, U+2BB-2BF, U+2C6-2DD, "
        "U+1E00-1EFF, U+2002-2003, U+2007, U+2015, U+2021, U+2030, U+2044, U+2122, U+2191, U+2193, U+2248, U+2264-2265"
    ),
    "cyrillic": "U+400-45F, U+490-49D, U+4A0-4A3, U+4AE-4B3, U+4BA-4BB, U+4D8-4D9, U+4E8-4E9, U+20B4, U+2116",
    "greek": "U+370-3FF",
}
LETTER_SHARE = dict(
    e=12.7, t=9.1, a=8.2, o=7.5, i=7.0, n=6.7, s=6.3, h=6.1, r=6.0, d=4.3, l=4.0, c=2.8, u=2.8, m=2.4, w=2.4, f=2.2,
    g=2.0, y=2.0, p=1.9, b=1.5, v=1.0, k=0.8, j=0.15, x=0.15, q=0.1, z=0.07,
)  # fmt: skip
LETTER_SHARE[" "] = 18.0  # percent of letters, as counted in English prose


@dataclass(frozen=True)
class Fallback:
    """A face of the reader's own system that stands in until ours arrives."""

    family: str
    stands_for: str
    local_names: tuple[str, ...]
    mean_advance: float  # em, weighted by LETTER_SHARE, measured over the metric-compatible open twin


FALLBACKS = [
    Fallback("Text Fallback", "Text", ("Georgia", "Gelasio"), 0.4459),
    Fallback("Text Fallback Times", "Text", ("Times New Roman", "Liberation Serif", "Tinos"), 0.4052),
    Fallback("UI Fallback", "UI", ("Arial", "Liberation Sans", "Arimo", "Helvetica"), 0.4471),
    Fallback("UI Fallback Roboto", "UI", ("Roboto",), 0.4494),
]


@dataclass(frozen=True)
class Face:
    """One file to be built: which source, which glyphs, which weights."""

    file: str
    family: str
    style: str
    weight: int | tuple[int, int]
    glyphs: str


FACES = [
    Face("text", "Text", "normal", (400, 700), "latin"),
    Face("text-ext", "Text", "normal", (400, 700), "ext"),
    Face("text-cyrillic", "Text", "normal", (400, 700), "cyrillic"),
    Face("text-greek", "Text", "normal", (400, 700), "greek"),
    Face("text-italic", "Text", "italic", 400, "latin"),
    Face("text-italic-ext", "Text", "italic", 400, "ext"),
    Face("text-italic-cyrillic", "Text", "italic", 400, "cyrillic"),
    Face("ui", "UI", "normal", (400, 700), "latin"),
    Face("ui-ext", "UI", "normal", (400, 700), "ext"),
    Face("ui-cyrillic", "UI", "normal", (400, 700), "cyrillic"),
    Face("ui-greek", "UI", "normal", (400, 700), "greek"),
]


def parse_range(css_range: str) -> set[int]:
    """Turn a CSS unicode-range into its code points."""
    points: set[int] = set()
    for part in css_range.replace("U+", "").split(","):
        first, _, last = part.strip().partition("-")
        points.update(range(int(first, 16), int(last or first, 16) + 1))
    return points


def build_face(source: Path, family: str, unicodes: set[int], weight: int | tuple[int, int]) -> TTFont:
    """Subset, pin and simplify one face; the layout tables are written anew."""
    font = TTFont(source)
    figures = find_figures(font, family)
    kerning = read_kerning(source, unicodes, set(figures["pnum"].values()) | set(figures["onum"].values()))
    map_digits(font, figures["pnum"])
    extra = [glyph for style in figures.values() for glyph in style.values()] + [
        name for name in LIGATURES if name in font.getGlyphOrder()
    ]
    cut(font, unicodes, extra if BASIC <= unicodes else [])
    limits = {"wght": weight} | ({"opsz": TEXT_OPTICAL_SIZE} if has_axis(font, "opsz") else {})
    font = instantiateVariableFont(font, limits, optimize=False)
    loosen_outlines(font)
    write_features(font, figures, kerning)
    return font


def has_axis(font: TTFont, tag: str) -> bool:
    return "fvar" in font and any(axis.axisTag == tag for axis in font["fvar"].axes)


def find_figures(font: TTFont, family: str) -> dict[str, dict[str, str]]:
    """Name the glyphs of each figure style by digit: the text face has oldstyle ones, the one for tables tabular ones."""
    names, cmap = set(font.getGlyphOrder()), font.getBestCmap()
    plain = [cmap[0x30 + value] for value in range(10)]
    return {
        "tnum": dict(zip(DIGITS, plain, strict=True)) if family == "UI" else {},
        "pnum": {digit: next(f"{digit}{end}" for end in (".lf", ".p") if f"{digit}{end}" in names) for digit in DIGITS},
        "onum": {digit: f"{digit}.osf" for digit in DIGITS} if family == "Text" else {},
    }


def map_digits(font: TTFont, proportional: dict[str, str]) -> None:
    """Let the plain characters 0 to 9 show proportional lining figures."""
    for table in font["cmap"].tables:
        if table.isUnicode():
            for value, digit in enumerate(DIGITS):
                table.cmap[0x30 + value] = proportional[digit]


def cut(font: TTFont, unicodes: set[int], glyphs: list[str]) -> None:
    """Keep the characters and the extra glyphs; drop hints, layout and long names."""
    options = subset.Options()
    options.layout_features = []
    options.layout_closure = False
    options.hinting = False
    options.name_IDs = []
    options.drop_tables += ["MVAR", "STAT", "BASE", "DSIG", "GDEF", "GSUB", "GPOS", "prep", "fpgm", "gasp"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=unicodes, glyphs=glyphs)
    subsetter.subset(font)


def loosen_outlines(font: TTFont) -> None:
    """Store fewer deltas: a point that the outline's neighbours place nearly right is left to them."""
    if "gvar" not in font:
        return
    glyf, hmtx = font["glyf"], font["hmtx"].metrics
    for glyph, variations in font["gvar"].variations.items():
        coordinates, controls = glyf._getCoordinatesAndControls(glyph, hmtx)
        for variation in variations:
            variation.optimize(coordinates, controls.endPts, tolerance=OUTLINE_TOLERANCE, isComposite=glyf[glyph].isComposite())


def read_kerning(source: Path, unicodes: set[int], extra: set[str]) -> dict[tuple[str, str], int]:
    """Read the distance of every kept pair at KERN_WEIGHT, in font units; small ones are left out."""
    font = TTFont(source)
    options = subset.Options()
    options.layout_features = ["kern"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=unicodes, glyphs=sorted(extra) if BASIC <= unicodes else [])
    subsetter.subset(font)
    if "GPOS" not in font:
        return {}
    limits = {"wght": KERN_WEIGHT} | ({"opsz": TEXT_OPTICAL_SIZE} if has_axis(font, "opsz") else {})
    font = instantiateVariableFont(font, limits)
    subtables = [
        getattr(subtable, "ExtSubTable", subtable)
        for lookup in font["GPOS"].table.LookupList.Lookup
        for subtable in lookup.SubTable
    ]
    pairs = [subtable for subtable in subtables if type(subtable).__name__ == "PairPos"]
    names = font.getGlyphOrder()
    found = {(left, right): find_distance(pairs, left, right) for left in names for right in names}
    return {pair: round(distance / KERN_STEP) * KERN_STEP for pair, distance in found.items() if abs(distance) >= SMALLEST_KERN}


def find_distance(subtables: list, left: str, right: str) -> int:
    """Answer as a text engine does: the first subtable that covers the pair decides."""
    for subtable in subtables:
        if left not in subtable.Coverage.glyphs:
            continue
        if subtable.Format == 2:
            row = subtable.Class1Record[subtable.ClassDef1.classDefs.get(left, 0)]
            return getattr(row.Class2Record[subtable.ClassDef2.classDefs.get(right, 0)].Value1, "XAdvance", 0) or 0
        for record in subtable.PairSet[subtable.Coverage.glyphs.index(left)].PairValueRecord:
            if record.SecondGlyph == right:
                return getattr(record.Value1, "XAdvance", 0) or 0
    return 0


def write_features(font: TTFont, figures: dict[str, dict[str, str]], kerning: dict[tuple[str, str], int]) -> None:
    """Write figures, ligatures and kerning as the whole layout of the font."""
    names = set(font.getGlyphOrder())
    lines = ["languagesystem DFLT dflt;", "languagesystem latn dflt;", "languagesystem cyrl dflt;", "languagesystem grek dflt;"]
    for tag in ("onum", "tnum"):
        swaps = [(figures["pnum"][digit], other) for digit, other in figures[tag].items() if other in names]
        if swaps:
            lines.append(f"feature {tag} {{ {' '.join(f'sub {plain} by {other};' for plain, other in swaps)} }} {tag};")
    ligatures = [(parts, whole) for whole, parts in LIGATURES.items() if whole in names and set(parts.split()) <= names]
    if ligatures:
        lines.append(f"feature liga {{ {' '.join(f'sub {parts} by {whole};' for parts, whole in ligatures)} }} liga;")
    kept = {pair: distance for pair, distance in kerning.items() if names.issuperset(pair)}
    if kept:
        lines.append(f"feature kern {{ {write_kerning(kept)} }} kern;")
    addOpenTypeFeaturesFromString(font, "\n".join(lines))


def write_kerning(kerning: dict[tuple[str, str], int]) -> str:
    """Group glyphs that kern alike into classes, and write one line for each pair of classes."""
    lefts, rights = group_alike(kerning, 0), group_alike(kerning, 1)
    lines = []
    for left in lefts:
        for right in rights:
            if distance := kerning.get((left[0], right[0])):
                lines.append(f"pos [{' '.join(left)}] [{' '.join(right)}] {distance};")
    return "\n".join(lines)


def group_alike(kerning: dict[tuple[str, str], int], side: int) -> list[list[str]]:
    """Group the glyphs of one side whose distances to all of the other side are equal."""
    rows: dict[str, dict[str, int]] = {}
    for pair, distance in sorted(kerning.items()):
        rows.setdefault(pair[side], {})[pair[1 - side]] = distance
    groups: dict[tuple, list[str]] = {}
    for glyph, row in rows.items():
        groups.setdefault(tuple(row.items()), []).append(glyph)
    return list(groups.values())


def rename(font: TTFont, name: str, licence: str) -> None:
    """Give the font a name of its own, as the licence asks, and say under which terms it stands."""
    font["name"].names = []
    entries = {0: licence, 1: name, 2: "Regular", 4: name, 6: name.replace(" ", ""), 13: "SIL Open Font License 1.1"}
    for name_id, text in entries.items():
        font["name"].setName(text, name_id, 3, 1, 0x409)
    if "fvar" in font:
        font["name"].setName("Weight", 256, 3, 1, 0x409)
        font["fvar"].instances = []
        for axis in font["fvar"].axes:
            axis.axisNameID = 256


def save(font: TTFont, path: Path, *, flavor: str | None) -> None:
    font.flavor = flavor
    font["post"].formatType = 3.0
    font["head"].modified = font["head"].created  # the same input gives the same bytes
    font.recalcTimestamp = False
    path.parent.mkdir(parents=True, exist_ok=True)
    font.save(path)
    print(f"{path.name:28} {path.stat().st_size:7} bytes  {len(font.getGlyphOrder()):4} glyphs")


def measure_mean_advance(font: TTFont) -> float:
    """Mean advance of English text, in em."""
    cmap, metrics = font.getBestCmap(), font["hmtx"].metrics
    total = sum(share * metrics[cmap[ord(letter)]][0] for letter, share in LETTER_SHARE.items())
    return total / sum(LETTER_SHARE.values()) / font["head"].unitsPerEm


def write_css(measures: dict[str, tuple[float, float, float]]) -> str:
    """Write the @font-face rules: our faces, then the stand-ins scaled to take exactly the same room."""
    parts = ["/* Written by scripts/fonts/build_fonts.py; change it there. */"]
    for face in FACES:
        weight = f"{face.weight[0]} {face.weight[1]}" if isinstance(face.weight, tuple) else str(face.weight)
        parts.append(
            f'@font-face {{ font-family: "{face.family}"; src: url("../vendor/fonts/{face.file}.woff2") format("woff2"); '
            f"font-style: {face.style}; font-weight: {weight}; font-display: swap; unicode-range: {RANGES[face.glyphs]} }}"
        )
    for fallback in FALLBACKS:
        mean, ascent, descent = measures[fallback.stands_for]
        scale = mean / fallback.mean_advance
        local = ", ".join(f'local("{name}")' for name in fallback.local_names)
        parts.append(
            f'@font-face {{ font-family: "{fallback.family}"; src: {local}; size-adjust: {scale:.2%}; '
            f"ascent-override: {ascent / scale:.2%}; descent-override: {descent / scale:.2%}; line-gap-override: 0% }}"
        )
    return "\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--serif", type=Path, required=True, help="unpacked source-serif package")
    parser.add_argument("--sans", type=Path, required=True, help="unpacked source-sans package")
    packages = parser.parse_args()
    sources = {
        ("Text", "normal"): packages.serif / "VAR/SourceSerif4Variable-Roman.ttf",
        ("Text", "italic"): packages.serif / "VAR/SourceSerif4Variable-Italic.ttf",
        ("UI", "normal"): packages.sans / "VF/SourceSans3VF-Upright.ttf",
    }
    licences = {"Text": packages.serif / "LICENSE.md", "UI": packages.sans / "LICENSE.md"}
    copyrights = {family: path.read_text("utf-8").splitlines()[0] for family, path in licences.items()}
    measures = {}
    for face in FACES:
        font = build_face(sources[face.family, face.style], face.family, parse_range(RANGES[face.glyphs]), face.weight)
        rename(font, f"Broadsheet {face.family}", copyrights[face.family])
        if face.file in ("text", "ui"):
            hhea, em = font["hhea"], font["head"].unitsPerEm
            measures[face.family] = (measure_mean_advance(font), hhea.ascent / em, -hhea.descent / em)
        save(font, VENDOR / f"{face.file}.woff2", flavor="woff2")
    every = set().union(*(parse_range(css_range) for css_range in RANGES.values()))
    for family in ("Text", "UI"):
        font = build_face(sources[family, "normal"], family, every, (400, 700))
        rename(font, f"Broadsheet {family}", copyrights[family])
        save(font, CARD_FONTS / f"{family.lower()}.ttf", flavor=None)
    for family, path in licences.items():
        for folder in (VENDOR, CARD_FONTS):
            (folder / f"OFL-{family.lower()}.txt").write_text(path.read_text("utf-8").replace("\r\n", "\n"), "utf-8")
    (STATIC / "css").mkdir(parents=True, exist_ok=True)
    (STATIC / "css/fonts.css").write_text(write_css(measures), "utf-8")


if __name__ == "__main__":
    main()
