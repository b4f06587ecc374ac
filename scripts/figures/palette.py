"""The colours of the house in both themes, and the rules that every figure shares."""

import re

from lettering import STYLES, embed

LIGHT = {
    "paper": "#fbfaf6", "ink": "#1a1916", "quiet": "#5d5a52", "rule": "#d9d5ca", "accent": "#0d5c63", "alert": "#9a3b1f",
    "water": "#dfe9ea", "land": "#f4f1e8", "coast": "#ebe5d3", "seaink": "#4a666e", "river": "#7da7b2", "second": "#9c5313",
    "grey": "#b9b4a6", "pale": "#d9d5ca", "deep": "#e2dac2",
}  # fmt: skip
DARK = {
    "paper": "#14161a", "ink": "#e9e6df", "quiet": "#a9a59b", "rule": "#33363c", "accent": "#67c3c0", "alert": "#f0a37f",
    "water": "#1d2a30", "land": "#25282d", "coast": "#30343a", "seaink": "#8fb2bc", "river": "#4f8090", "second": "#e39a58",
    "grey": "#6b6d70", "pale": "#3d4046", "deep": "#3a3f45",
}  # fmt: skip

MAP_RULES = (
    ".water{fill:var(--water)}.land{fill:var(--land)}.coast{fill:var(--coast)}.deep{fill:var(--deep)}.shore{fill:none;stroke:var(--river);stroke-width:1.1;stroke-opacity:.75}"
    ".tint{fill:var(--accent);fill-opacity:.2}.zone{fill:var(--accent);fill-opacity:.09;stroke:var(--accent);stroke-width:2.5;stroke-dasharray:10 7}"
    ".band{fill:var(--accent);fill-opacity:.16}.bright{fill:var(--accent)}.lit{fill:var(--accent);fill-opacity:.62}.hatched{fill:url(#h);stroke:var(--quiet);stroke-width:1.8;stroke-dasharray:7 5}"
    ".open{fill:none;stroke:var(--quiet);stroke-width:2;stroke-dasharray:7 5}.lines{fill:url(#h)}"
    "path,polyline{stroke-linejoin:round;stroke-linecap:round}"
    ".border{fill:none;stroke:var(--quiet);stroke-opacity:.5;stroke-width:1.5}.dashed{fill:none;stroke:var(--quiet);stroke-width:2;stroke-dasharray:7 6}"
    ".river{fill:none;stroke:var(--river);stroke-width:2}.stream-quiet{fill:none;stroke:var(--river);stroke-width:4}.stream{fill:none;stroke:var(--accent);stroke-width:5}.second-line{fill:none;stroke:var(--second);stroke-width:5}"
    ".strong{fill:none;stroke:var(--accent);stroke-width:5.5}.fine{fill:none;stroke:var(--accent);stroke-width:2.6}"
    ".broken{fill:none;stroke:var(--accent);stroke-width:3.2;stroke-dasharray:12 9}.dotted{fill:none;stroke:var(--accent);stroke-width:4.5;stroke-dasharray:0 10}"
    ".alert-line{fill:none;stroke:var(--alert);stroke-width:4.5;stroke-dasharray:14 9}.alert-dots{fill:none;stroke:var(--alert);stroke-width:4.5;stroke-dasharray:0 10}"
    ".dot{fill:var(--ink);stroke:var(--paper);stroke-width:1.5}.key{fill:var(--accent);stroke:var(--paper);stroke-width:3}.ring{fill:none;stroke:var(--alert);stroke-width:3;stroke-dasharray:6 5}"
    ".frame{fill:none;stroke:var(--quiet);stroke-width:1.5}.box{fill:none;stroke:var(--quiet);stroke-width:1.5}.back{fill:var(--paper);fill-opacity:.86}"
    ".num{font:24px b;fill:var(--paper);text-anchor:middle}"
)
MAP_NARROW = (
    ".shore{stroke-width:2}.stream-quiet{stroke-width:8}.border{stroke-width:3}.dashed,.open{stroke-width:4;stroke-dasharray:13 11}.river{stroke-width:4}.stream,.second-line,.strong{stroke-width:10}"
    ".fine{stroke-width:6}.broken,.alert-line{stroke-width:7;stroke-dasharray:22 16}.dotted,.alert-dots{stroke-width:8;stroke-dasharray:0 18}"
    ".zone{stroke-width:5;stroke-dasharray:18 13}.hatched{stroke-width:3.5;stroke-dasharray:12 9}.ring{stroke-width:6;stroke-dasharray:12 9}.num{font-size:44px}"
)
CHART_RULES = (
    ".paper{fill:var(--paper)}.bar{fill:var(--accent)}.greybar{fill:var(--grey)}.palebar{fill:var(--accent);fill-opacity:.38}.line2{fill:var(--second)}"
    ".zero{stroke:var(--ink);stroke-width:2}.grid{stroke:var(--rule);stroke-width:1.5}.ref{stroke:var(--alert);stroke-width:2.5;stroke-dasharray:8 6}"
    ".seat{fill:var(--accent)}.empty{fill:none;stroke:var(--grey);stroke-width:3}.tick{stroke:var(--quiet);stroke-width:2}"
    ".s0{fill:var(--accent)}.s1{fill:var(--accent);fill-opacity:.78}.s2{fill:var(--accent);fill-opacity:.6}.s3{fill:var(--accent);fill-opacity:.45}.s4{fill:var(--accent);fill-opacity:.32}.s5{fill:var(--accent);fill-opacity:.22}"
    ".inbar{fill:var(--paper)}"
)
CHART_NARROW = ".zero{stroke-width:4}.grid{stroke-width:3}.ref{stroke-width:5;stroke-dasharray:16 12}.tick{stroke-width:4}.empty{stroke-width:5}"


def keep_used(rules: str, body: str) -> str:
    """Leave out the rules of classes that a drawing does not use."""
    used = set(re.findall(r"[\w-]+", " ".join(re.findall(r'class="([^"]*)"', body))))
    kept = []
    for selectors, declarations in re.findall(r"([^{}]+)(\{[^{}]*\})", rules):
        wanted = [one for one in selectors.split(",") if not one.startswith(".") or one[1:] in used]
        if wanted:
            kept.append(",".join(wanted) + declarations)
    return "".join(kept)


def write_style(letters: dict[str, set[str]], kinds: set[str], rules: str, narrow_rules: str, body: str) -> str:
    """Write the style element: fonts, colours of both themes, and the rules for wide and narrow."""
    rules, narrow_rules = keep_used(rules, body), keep_used(narrow_rules, body)
    fonts = "".join(embed(face, used) for face, used in sorted(letters.items()) if used)
    fills = {STYLES[kind].fill for kind in kinds} | {"land", "water", "paper"} | set(re.findall(r"var\(--(\w+)\)", rules + body))
    light, dark = (";".join(f"--{name}:{value}" for name, value in theme.items() if name in fills) for theme in (LIGHT, DARK))
    labels = "".join(
        f".t-{kind}{{font:{style.wide:g}px {style.face},{'Georgia,serif' if style.face in 'is' else 'system-ui,sans-serif'};fill:var(--{style.fill})"
        + (f";letter-spacing:{style.spacing:g}em" if style.spacing else "") + "}"
        for kind, style in STYLES.items() if kind in kinds
    )  # fmt: skip
    bigger = "".join(f".t-{kind}{{font-size:{style.narrow:g}px}}" for kind, style in STYLES.items() if kind in kinds)
    return (
        f"<style>{fonts}svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}{rules}{labels}"
        ".m{text-anchor:middle}.e{text-anchor:end}.hl,.hw,.hp{paint-order:stroke;stroke:var(--land);stroke-width:5;stroke-linejoin:round}.hw{stroke:var(--water)}.hp{stroke:var(--paper)}"
        f".n{{display:none}}@media(max-width:560px){{.w{{display:none}}.n{{display:inline}}.hl,.hw,.hp{{stroke-width:9}}{narrow_rules}{bigger}}}</style>"
    )
