"""What the tests of the readers share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from broadsheet.library.importing.blocks_from_html import blocks_from_html
from broadsheet.library.importing.items import Desk, Item, Reading, Refusal
from broadsheet.library.importing.sources import read_paths

DESK = Desk(datetime(2026, 2, 17, 9, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
SHARED = Path(__file__).parents[3].parent / "shared" / "data"


def read(path: Path) -> list[Reading]:
    """Everything that a path gives."""
    return list(read_paths([path], DESK))


def items_of(path: Path) -> list[Item]:
    return [one for one in read(path) if isinstance(one, Item)]


def refusals_of(path: Path) -> list[Refusal]:
    return [one for one in read(path) if isinstance(one, Refusal)]


def read_text(folder: Path, name: str, text: str | bytes) -> list[Reading]:
    """Everything that a file of this name and content gives."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


def one_item(folder: Path, name: str, text: str | bytes) -> Item:
    """The only thing that a file gives, which is an item."""
    (item,) = read_text(folder, name, text)
    assert isinstance(item, Item), str(item)
    return item


def one_refusal(folder: Path, name: str, text: str | bytes) -> str:
    """Why the only thing in a file is refused."""
    (refusal,) = read_text(folder, name, text)
    assert isinstance(refusal, Refusal), str(refusal)
    return refusal.reason


def blocks(item: Item) -> list[dict[str, Any]]:
    return blocks_from_html(item.body_html, base_url=item.base_url)


def body_text(item: Item) -> str:
    """The rich text of an item's body."""
    return "".join(block["value"] for block in blocks(item) if block["type"] == "text")
