"""How a wording and its values become a letter's parts, and the text part. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from broadsheet.mail.exceptions import UnknownWording
from broadsheet.mail.wordings import PLACEHOLDERS, LetterKind, Wording

MAX_SUBJECT = 200
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_BUTTON = re.compile(r"(?P<label>[^{}\n]{1,80}): \{(?P<link>(?:[a-z]+_)?link)\}")


class PartKind(StrEnum):
    """How a paragraph of a letter is set."""

    TEXT = "text"
    BUTTON = "button"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Part:
    """One paragraph: its lines, and for a button the address it leads to."""

    kind: PartKind
    lines: tuple[str, ...]
    link: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter, written: a subject of one line, and the paragraphs that both its HTML and its text part show."""

    kind: LetterKind
    subject: str
    parts: tuple[Part, ...]
    footer: str


def write_letter(kind: LetterKind, wording: Wording, values: Mapping[str, str], *, footer: str = "") -> Letter:
    """Fill a wording with values.

    Raises:
        UnknownWording: the wording asks for something that this kind of letter does not know.
    """
    unknown = find_unknown_placeholders(kind, wording)
    if unknown:
        raise UnknownWording(f"The letter {kind!s} does not know {', '.join(unknown)}; correct its wording in the desk.")
    subject = " ".join(_fill(wording.subject, values).split())[:MAX_SUBJECT]
    paragraphs = re.split(r"\n[ \t]*\n", wording.body.replace("\r\n", "\n"))
    parts = (_part(paragraph.strip(), values) for paragraph in paragraphs)
    return Letter(kind, subject, tuple(part for part in parts if any(part.lines)), footer.strip())


def find_unknown_placeholders(kind: LetterKind, wording: Wording) -> tuple[str, ...]:
    """Placeholders in a wording that this kind of letter cannot fill, as written."""
    used = _PLACEHOLDER.findall(f"{wording.subject}\n{wording.body}")
    return tuple(f"{{{name}}}" for name in dict.fromkeys(used) if name not in PLACEHOLDERS[kind])


def text_of(letter: Letter) -> str:
    """The letter's text part: what its HTML says, complete in itself."""
    blocks = [_text_block(part) for part in letter.parts]
    if letter.footer:
        blocks.append(f"-- \n{letter.footer}")
    return "\n\n".join(blocks) + "\n"


def _text_block(part: Part) -> str:
    if part.kind is PartKind.BUTTON:
        return f"{part.lines[0]}:\n{part.link}"
    return f"    {part.lines[0]}" if part.kind is PartKind.CODE else "\n".join(part.lines)


def _part(paragraph: str, values: Mapping[str, str]) -> Part:
    """One paragraph of a wording. What it is follows from the wording, never from a value that a stranger typed."""
    button = _BUTTON.fullmatch(paragraph)
    if button:
        return Part(PartKind.BUTTON, (button["label"],), values.get(button["link"], ""))
    if paragraph == "{code}":
        return Part(PartKind.CODE, (values.get("code", ""),))
    return Part(PartKind.TEXT, tuple(_fill_lines(paragraph, values).split("\n")))


def _fill_lines(paragraph: str, values: Mapping[str, str]) -> str:
    """A paragraph filled in; a line that consists of placeholders which turn out empty falls away."""
    kept = []
    for line in paragraph.strip().split("\n"):
        filled = _fill(line, values).strip()
        if filled:
            kept.append(filled)
    return "\n".join(kept)


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], ""), text)
