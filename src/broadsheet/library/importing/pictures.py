"""Finds the file of a picture that an item refers to, among the files that came with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from broadsheet.library.importing.items import Item


@dataclass(frozen=True, slots=True)
class PictureFile:
    """The bytes of a picture: in a file, or at hand."""

    name: str
    path: Path | None = None
    content: bytes = b""

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path else len(self.content)

    def read(self) -> bytes:
        return self.path.read_bytes() if self.path else self.content


SUFFIXES = frozenset({".avif", ".gif", ".jpg", ".jpeg", ".png", ".webp", ".svg"})
_SOURCES = re.compile(r"""<img\b[^>]*?\s(?:data-src|data-lazy-src|data-original|src)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
# WordPress names the sizes it makes of `a.jpg` `a-300x200.jpg`; the original is the better one.
_SIZE = re.compile(r"-\d{2,5}x\d{2,5}(?=\.\w+$)")
_UPLOADS = re.compile(r"(?:^|/)((?:wp-content/)?uploads/.+)$")


def find_picture(item: Item, source: str) -> PictureFile | None:
    """The picture that `source` names, if it came with the item; addresses of other sites are never fetched."""
    if source in item.pictures:
        return PictureFile(urlsplit(source).path.rpartition("/")[2] or source, content=item.pictures[source])
    if item.folder is None or not source or source.startswith("data:"):
        return None
    try:
        parts = urlsplit(source)
        path = unquote(parts.path).lstrip("/")
    except ValueError:
        return None
    names = [path] if parts.scheme in ("", "file") and not parts.netloc else []
    if uploads := _UPLOADS.search(path):
        names += [uploads.group(1), uploads.group(1).removeprefix("wp-content/")]
    names = [form for name in names for form in (_SIZE.sub("", name), name)]
    return next((PictureFile(found.name, found) for name in names if (found := _inside(item.folder, name))), None)


def referred_sources(item: Item) -> list[str]:
    """The pictures that an item refers to, lead photo first, each once."""
    sources = [item.lead_photo.source] if item.lead_photo else []
    if "<img" in item.body_html or "<IMG" in item.body_html:
        sources += [unescape(source) for source in _SOURCES.findall(item.body_html)]
    return list(dict.fromkeys(sources))


def _inside(folder: Path, name: str) -> Path | None:
    try:
        path = (folder / name).resolve()
        if path.suffix.lower() in SUFFIXES and path.is_relative_to(folder.resolve()) and path.is_file():
            return path
    except (OSError, ValueError, RuntimeError):
        return None
    return None
