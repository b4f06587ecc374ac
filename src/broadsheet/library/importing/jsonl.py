"""Reads JSON Lines: one article a line; `docs/import.md` has the fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from broadsheet.library.importing.fields import Place, item_from_fields
from broadsheet.library.importing.items import Desk, Item, Readings, Refusal, Refused
from broadsheet.library.importing.markdown import html_from_markdown
from broadsheet.library.importing.textfile import html_from_text

# A line longer than this is no article (the longest of 10,542 transcripts: 0.9 MB).
LONGEST_LINE_BYTES = 16 * 2**20
_BODIES = ("body_html", "body_markdown", "body_text", "body")


def read_jsonl(path: Path, name: str, desk: Desk) -> Readings:
    """Read one file; a line that cannot be used is refused and the next one read.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE_BYTES + 1):
            number += 1
            if len(line) > LONGEST_LINE_BYTES:
                _skip_line(file, line)
                yield Refusal(name, f"the line is longer than {LONGEST_LINE_BYTES // 2**20} MB", number)
            elif line.strip():
                yield _read_line(line, Place(name, number, path.parent), desk)


def _skip_line(file: BinaryIO, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(LONGEST_LINE_BYTES)


def _read_line(line: bytes, place: Place, desk: Desk) -> Item | Refusal:
    try:
        fields = _parse(line)
        return item_from_fields(fields, _body(fields), place, desk)
    except Refused as refused:
        return Refusal(place.source, str(refused), place.line)


def _parse(line: bytes) -> Mapping[str, Any]:
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Refused(f"it is not UTF-8 (byte {error.start + 1} of the line)") from None
    except RecursionError:
        raise Refused("its JSON is nested too deeply") from None
    except ValueError as error:
        raise Refused(f"it is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise Refused("it is JSON, but not an object with fields")
    return fields


def _body(fields: Mapping[str, Any]) -> str:
    given = [name for name in _BODIES if fields.get(name)]
    if len(given) > 1:
        raise Refused(f"it has more than one body: {', '.join(given)}")
    if not given:
        return ""
    body = fields[given[0]]
    if not isinstance(body, str):
        raise Refused(f"the field “{given[0]}” should be a text")
    if given[0] == "body_markdown":
        return html_from_markdown(body)
    return html_from_text(body) if given[0] == "body_text" else body
