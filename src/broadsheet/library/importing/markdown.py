"""Reads Markdown with YAML front matter; `docs/import.md` has the fields.

A file without front matter is read too: its first heading is the headline, and lines such as
`**Author:** Name` or table rows with bold names above the text give date and authors.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from broadsheet.library.importing.dates import find_written_date
from broadsheet.library.importing.fields import Place, item_from_fields
from broadsheet.library.importing.items import Desk, Item, Readings, Refusal, Refused
from broadsheet.library.importing.textfile import read_text

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)(?:\r?\n)(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_HEADLINE = re.compile(r"^#\s+(.+?)\s*#*\s*$", re.MULTILINE)
# A picture's title is its caption, and its credit after a bar: `![what it shows](map.svg "Caption. | Map: Name")`.
_TITLED_IMAGE = re.compile(r'<img ([^>]*?) title="([^"]*)"[^>]*>')
_LONGEST_FRONT_MATTER = 100_000


def read_markdown(path: Path, name: str, desk: Desk) -> Readings:
    """Read one file.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        yield item_from_markdown(read_text(path), Place(name, None, path.parent), desk)
    except Refused as refused:
        yield Refusal(name, str(refused))


def item_from_markdown(text: str, place: Place, desk: Desk) -> Item:
    """The item that one document describes.

    Raises:
        Refused: it cannot be used; the message says why.
    """
    match = _FRONT_MATTER.match(text)
    if match is None:
        from_page = report_fields(text, desk)
        return item_from_fields(from_page[0], html_from_markdown(from_page[1]), place, desk)
    fields = parse_front_matter(match.group(1))
    return item_from_fields(fields, html_from_markdown(text[match.end() :]), place, desk)


def parse_front_matter(text: str) -> dict[str, Any]:
    """The fields of a document's front matter.

    Raises:
        Refused: it is not YAML, or uses what front matter has no need of (aliases).
    """
    if len(text) > _LONGEST_FRONT_MATTER:
        raise Refused("its front matter is longer than 100,000 characters")
    try:
        fields = yaml.load(text, Loader=_Loader)  # noqa: S506 # nosec B506: a SafeLoader without aliases
    except yaml.MarkedYAMLError as error:
        line = f" (line {error.problem_mark.line + 2})" if error.problem_mark else ""
        raise Refused(f"its front matter is not YAML: {error.problem}{line}") from None
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, TypeError) as error:
        raise Refused(f"its front matter is not YAML: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(fields, dict):
        raise Refused("its front matter has no fields")
    return {str(key): value for key, value in fields.items()}


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases, so that no document can grow as it is read."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)


def html_from_markdown(text: str) -> str:
    """Markdown (CommonMark, tables, footnotes, inline HTML) as HTML; what is unsafe in it goes when it becomes blocks."""
    html: str = _markdown().render(text)
    return _TITLED_IMAGE.sub(r"<figure><img \1><figcaption>\2</figcaption></figure>", html)


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(footnote_plugin)


_KEY_LINE = re.compile(r"^\|?\s*\*\*([A-Za-z][\w ./()-]{1,40}?):?\*\*:?\s*\|?\s*(.+?)\s*\|?\s*$")
_LINK = re.compile(r"!?\[[^\]]*\]\([^)\s]*(?:\([^)]*\)[^)\s]*)*\)")
_NO_TEXT = re.compile(r"^[\s|>*•·-]*$")
# What a page's own headline with its date looks like once converted ("Title of the pageUpdated April 9, 2026 (AB123)").
_DATED_TITLE = re.compile(r"^.{0,250}?(?:Updated\s+)?[A-Z][a-z]+ \d{1,2}, \d{4}\s*(?:\([A-Z0-9]+\))?$", re.DOTALL)
_GLUED = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z]+ \d)")
_AUTHORS = ("author", "authors", "author(s)", "by")
_DATES = ("publication date", "published", "date", "updated")
_SLASHED = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})$")


def report_fields(text: str, desk: Desk) -> tuple[dict[str, Any], str]:
    """Fields and body of a document without front matter.

    The first heading is the headline. Where lines with bold names stand around it, as converters of web pages write them,
    the head ends at the first line that is none of: such a line, a heading, a rule, links alone, the headline once more.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    found = _HEADLINE.search(text)
    headline = re.sub(r"[*_`]", "", found.group(1)) if found else ""
    keys: dict[str, str] = {}
    end = _end_of_head(lines, headline, keys)
    head = "\n".join(lines[:end])
    names = next((keys[name] for name in _AUTHORS if name in keys), "")
    fields: dict[str, Any] = {
        "headline": headline,
        "authors": [turn_name(part) for part in names.split(";") if part.strip()],
        "topics": [part.strip() for part in keys.get("topics", "").split(";") if part.strip()],
        "date": _report_date(keys, head, desk),
        "url": keys.get("source", keys.get("url", "")).strip("<>"),
    }
    return {name: value for name, value in fields.items() if value}, "\n".join(lines[end:])


def turn_name(name: str) -> str:
    """`Doe, Jane A.` as `Jane A. Doe`."""
    last, comma, first = name.strip().partition(",")
    return f"{first.strip()} {last.strip()}" if comma and first.strip() else name.strip()


def _end_of_head(lines: list[str], headline: str, keys: dict[str, str]) -> int:
    """How many lines belong to the head; what bold names say is put into `keys`."""
    end = 0
    for number, line in enumerate(lines, 1):
        match = _KEY_LINE.match(line)
        if match:
            keys.setdefault(match.group(1).lower(), match.group(2))
            end = number
        elif line.startswith("# ") or (keys and _is_furniture(line, headline)):
            end = number
        elif line.strip() and not line.startswith("#"):
            break
    return end


def _is_furniture(line: str, headline: str) -> bool:
    """Whether a line of the head holds nothing to read: a rule, links alone, the headline once more with its date."""
    text = _LINK.sub("", line)
    if _NO_TEXT.match(text):
        return bool(line.strip())
    if headline and _straight(headline) in _straight(text) and len(text.strip()) < len(headline) + 80:
        return True
    if text == line and not text.startswith("Updated"):
        return False
    return len(text.strip()) <= 20 or _DATED_TITLE.match(text.strip()) is not None


def _straight(text: str) -> str:
    """`text` without the differences that converters make: curly quotation marks, runs of spaces."""
    return " ".join(text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"').split()).casefold()


def _report_date(keys: dict[str, str], head: str, desk: Desk) -> str:
    """The date that the head names; one that may be read two ways is settled by a written one in the head."""
    written = next((keys[name] for name in _DATES if name in keys), "")
    match = _SLASHED.match(written.strip())
    if match is None:
        return written
    first, second, year = match.groups()
    for month, day in ((first, second), (second, first)):
        if not (int(month) <= 12 and int(day) <= 31):
            continue
        if int(first) > 12 or int(second) > 12 or first == second or _is_written(head, int(year), int(month), int(day), desk):
            return f"{year}-{int(month):02}-{int(day):02}"
    return written


def _is_written(head: str, year: int, month: int, day: int, desk: Desk) -> bool:
    for match in re.finditer(rf"[^\n]{{0,30}}\b{year}\b", _GLUED.sub(" ", head)):
        found = find_written_date(match.group(), desk)
        if found is not None and (found.year, found.month, found.day) == (year, month, day):
            return True
    return False
